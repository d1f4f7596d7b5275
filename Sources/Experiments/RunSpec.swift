import JSON
import Schemas

/// One training run, fully resolved: everything that affects its numbers and nothing else.
///
/// Its id is the SHA-256 of its canonical JSON. Not part of it, and kept in the run's record instead: the
/// number of threads and the interval of checkpoints (`ExecutionSpec`), where the data lies, titles and notes
/// of tables.
public struct RunSpec: Equatable, Sendable {
  public let data: RunData
  public let model: ModelSpec
  public let loss: LossSpec
  public let label: LabelSpec
  /// nil: nothing is distilled.
  public let distillation: DistillationSpec?
  /// nil: every training image is labelled.
  public let semiSupervised: SemiSupervisedSpec?
  /// Which training images are; given if and only if `semiSupervised` is.
  public let labelled: LabelledSpec?
  /// nil: a network is trained. Otherwise the run is a first stage on its teacher, whose architecture `model` is.
  public let firstStage: FirstStageSpec?
  /// Finished runs that this one needs.
  public let inputs: RunInputs
  public private(set) var recipe: RecipeSpec
  public let scale: ScaleSpec
  public let seed: Int
  /// Cross-validation fold, for data sets without a fixed split.
  public let fold: Int?
  /// Version of the engine's arithmetic that the run belongs to.
  public private(set) var numerics: Int

  /// Raised with every change of the engine that changes the bits of a training run, so that results of two
  /// versions never meet in one cell. 5: random scaling samples the source at 1 / factor with the factor as it was
  /// drawn, and rounds halves of a scaled size to even; before, at source / rounded size.
  public static let currentNumerics = 5

  /// The version of a recipe's arithmetic. Products in bfloat16 have changes of their own, which concern no run in float32.
  /// 6: strided convolutions, dense layers on tokens, projections of patches and SegFormer's fusion round their operands too.
  /// 7: so does Winograd.
  public static func currentNumerics(_ precision: RecipeSpec.Precision) -> Int {
    switch precision {
    case .float32: currentNumerics
    case .bfloat16: 7
    }
  }

  /// After a change of the recipe.
  mutating func useCurrentNumerics() { numerics = RunSpec.currentNumerics(recipe.precision) }

  /// Whether a stored spec has the numerics of this program; nil where it says none.
  public static func hasCurrentNumerics(_ spec: JSONValue) -> Bool? {
    guard let numerics = spec["numerics"]?.double else { return nil }
    var precision = RecipeSpec.Precision.float32
    if case .string(let name)? = spec["recipe"]?[RecipeSpec.precisionKey] {
      precision = RecipeSpec.Precision(rawValue: name) ?? precision
    }
    return numerics == Double(currentNumerics(precision))
  }

  init(
    data: RunData, model: ModelSpec, loss: LossSpec, label: LabelSpec, distillation: DistillationSpec?,
    semiSupervised: (method: SemiSupervisedSpec, labelled: LabelledSpec)?, firstStage: FirstStageSpec?,
    inputs: RunInputs, recipe: RecipeSpec, scale: ScaleSpec, seed: Int, fold: Int?
  ) {
    self.data = data
    self.model = model
    self.loss = loss
    self.label = label
    self.distillation = distillation
    self.semiSupervised = semiSupervised?.method
    labelled = semiSupervised?.labelled
    self.firstStage = firstStage
    self.inputs = inputs
    self.recipe = recipe
    self.scale = scale
    self.seed = seed
    self.fold = fold
    numerics = RunSpec.currentNumerics(recipe.precision)
  }

  /// Reads a spec back, with the same checks as the experiment files.
  /// - Parameters:
  ///   - json: `canonicalJSON`, in any layout.
  ///   - source: the name used in errors, such as the record's file.
  ///   - methods: that the program knows, to check their keys; nil for a spec that was checked before.
  /// - Throws: `RegistryError`.
  public init(json: String, source: String, methods: MethodCatalogue? = nil) throws {
    try self.init(StrictReader(try ConfigNode(yaml: json, file: source), file: source), methods: methods)
  }

  init(_ reader: StrictReader, methods: MethodCatalogue? = nil) throws {
    try reader.allowOnly([
      "data", "model", "loss", "label", "distillation", "semi_supervised", "first_stage", "inputs", "recipe",
      "profile", "seed", "fold", "numerics",
    ])
    data = try RunData(try reader.required("data"))
    model = try ModelSpec(try reader.required("model"), name: nil)
    loss = try LossSpec(try reader.required("loss"))
    label = try LabelSpec(try reader.required("label"), name: nil)
    distillation = try reader.nullable("distillation").map {
      try DistillationSpec($0, name: nil, schemas: methods?.distillation)
    }
    let semi = try reader.nullable("semi_supervised")
    semiSupervised = try semi.map {
      try SemiSupervisedSpec($0, name: nil, schemas: methods?.semiSupervised)
    }
    labelled = try semi.map { try LabelledSpec(try $0.required(SemiSupervisedSpec.labelledKey), name: nil) }
    firstStage = try reader.optional("first_stage").map {
      try FirstStageSpec($0, name: nil, schemas: methods?.firstStages)
    }
    inputs = try RunInputs(try reader.required("inputs"))
    recipe = try RecipeSpec(try reader.required("recipe"), name: nil)
    scale = try ScaleSpec(try reader.required("profile"), profile: nil)
    seed = try reader.required("seed").int(0...Int(Int32.max))
    fold = try reader.nullable("fold")?.int(0...99)
    numerics = try reader.required("numerics").int(1...1_000_000)
    try RunSpec.check(fold, of: data, reader)
    if case .unet = model.decoder, scale.cropHeight % 32 != 0 || scale.cropWidth % 32 != 0 {
      throw try reader.required("profile").inconsistent(
        "a crop of \(scale.cropHeight) x \(scale.cropWidth), and \(model.name) needs multiples of 32")
    }
    if distillation != nil, semiSupervised != nil {
      throw try reader.required("semi_supervised").inconsistent(
        "the run distils as well; a run has one kind of step")
    }
    if firstStage != nil, distillation != nil || semiSupervised != nil {
      throw try reader.required("first_stage").inconsistent(
        "the run trains a network as well; a run has one kind of step")
    }
    if let term = distillation?.terms.first(where: { $0.kind == "jaccard" }), loss.jaccard == nil {
      throw try reader.required("distillation").inconsistent(
        "distils a Jaccard term (weight \(term.weight)), and loss '\(loss.name)' has none")
    }
    if model.auxiliaryChannels == nil, loss.auxiliaryWeight != 0 {
      throw try reader.required("loss").inconsistent(
        "auxiliary_weight is \(loss.auxiliaryWeight), and model '\(model.name)' has no auxiliary head")
    }
    if let kind = semiSupervised?.kind, model.auxiliaryChannels != nil,
      methods?.semiSupervised.first(where: { $0.kind == kind })?.trainsAuxiliaryHead == false
    {
      throw try reader.required("semi_supervised").inconsistent(
        "method '\(kind)' trains no auxiliary head, and model '\(model.name)' has one")
    }
    if let methods {
      for role in roles(methods) where inputs[role] == nil {
        throw try reader.required("inputs").inconsistent(
          "no run of role '\(role)', which the run's method needs")
      }
    }
    if let factors = loss.jaccard?.classFactors, factors.count != data.classes {
      throw try reader.required("loss").inconsistent(
        "class_factors has \(factors.count) numbers, and '\(data.name)' \(data.classes) classes")
    }
    if loss.lovasz != nil, label.kind != .hard {
      throw try reader.required("loss").inconsistent(
        "Lovasz-Softmax needs hard labels, and label '\(label.name)' is smoothed")
    }
  }

  /// The same run with the hash of the file that its backbone starts from, which only planning reads.
  ///
  /// - Throws: `RegistryError.unreadable`.
  func resolvingWeights() throws -> RunSpec {
    var spec = self
    spec.recipe = try recipe.resolved(for: model.backbone)
    return spec
  }

  /// A fold goes with a data set that has folds, and only with one.
  private static func check(_ fold: Int?, of data: RunData, _ reader: StrictReader) throws {
    switch (fold, data.content.folds) {
    case (nil, nil): break
    case (nil, let folds?):
      throw try reader.required("fold").inconsistent(
        "data set '\(data.name)' has \(folds.count) folds; a table names them with folds: [0, ...]")
    case (.some, nil):
      throw try reader.required("fold").inconsistent(
        "data set '\(data.name)' has no folds (split of kind folds)")
    case (let fold?, let folds?):
      if fold >= folds.count {
        throw try reader.required("fold").outOfRange(
          "an integer, 0...\(folds.count - 1), folds of '\(data.name)'")
      }
    }
  }

  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "data": data.json, "model": model.json, "loss": loss.json, "label": label.json,
      "distillation": distillation?.json ?? .null,
      "semi_supervised": semiSupervisedJSON, "inputs": inputs.json, "recipe": recipe.json,
      "profile": scale.json,
      "seed": .int(seed),
      "fold": fold.map { .int($0) } ?? .null, "numerics": .int(numerics),
    ]
    // Runs without one keep the ids that they had before there were first stages.
    if let firstStage { members["first_stage"] = firstStage.json }
    return .object(members)
  }

  private var semiSupervisedJSON: JSONValue {
    guard let semiSupervised, let labelled else { return .null }
    return semiSupervised.json(labelled: labelled)
  }

  /// `json` with every key that an override may set, also those that are left out of the id when they have no value.
  var overridableJSON: JSONValue {
    guard case .object(var members) = json, case .object(var recipe) = members["recipe"] else { return json }
    if recipe[RecipeSpec.weightsKey] == nil { recipe[RecipeSpec.weightsKey] = .null }
    recipe[RecipeSpec.precisionKey] = .string(self.recipe.precision.rawValue)
    members["recipe"] = .object(recipe)
    return .object(members)
  }

  /// Roles of the finished runs that the run needs, in the order of its parts.
  public func roles(_ methods: MethodCatalogue) -> [String] {
    let distilled = distillation?.roles(methods.distillation) ?? []
    let semi = methods.semiSupervised.first { $0.kind == semiSupervised?.kind }?.roles ?? []
    let first = methods.firstStages.first { $0.kind == firstStage?.kind }?.roles ?? []
    return distilled + (semi + first).filter { !distilled.contains($0) }
      + (model.weights == .pretrained && firstStage == nil ? ["backbone"] : [])
  }

  /// RFC 8785: sorted keys, no white space, one number format.
  public var canonicalJSON: String { json.canonical }

  public var id: RunID { RunID(slug: slug, canonicalJSON: canonicalJSON) }

  /// How the run is trained, in words of the registry: `ce`, `ce_jml-boundary_smoothing`, `ce_jml-jml_kd`.
  public var method: String {
    var parts = [loss.name]
    switch label.kind {
    case .hard: break
    case .boundarySmoothing: parts.append(label.name)
    }
    if let distillation { parts.append(distillation.name) }
    if let semiSupervised { parts.append(semiSupervised.name) }
    if let firstStage { parts.append(firstStage.name) }
    return parts.joined(separator: "-")
  }

  private var slug: String {
    "\(data.name)-\(model.name)-\(method)-s\(seed)" + (fold.map { "-f\($0)" } ?? "")
  }

  /// The dotted keys that an override may name in this run, sorted.
  public var overridableKeys: [String] {
    guard case .object(let members) = overridableJSON else { return [] }
    return ["model", "loss", "label", "distillation", "semi_supervised", "first_stage", "recipe", "profile"]
      .flatMap { RunSpec.leaves(members[$0] ?? .null, path: $0) }.sorted()
  }

  /// A name is a label, a kind decides which keys exist, a run is an input: none can be set by itself.
  private static func leaves(_ value: JSONValue, path: String) -> [String] {
    // A file is one value, though its hash is stored beside its path.
    if path == "recipe.\(RecipeSpec.weightsKey)" { return [path] }
    switch value {
    case .object(let members):
      return members.keys.sorted().filter { !["name", "kind"].contains($0) }
        .flatMap { key in leaves(members[key] ?? .null, path: "\(path).\(key)") }
    case .array(let items):
      guard let addresses = ListAddress.all(items.map(label)) else { return [path] }
      return zip(items, addresses).flatMap { leaves($0, path: "\(path).\($1)") }
    case .null, .bool, .int, .number, .string: return path.contains(".") ? [path] : []
    }
  }

  private static func label(_ element: JSONValue) -> String? {
    guard case .object(let members) = element else { return nil }
    for key in ListAddress.labelKeys {
      if case .string(let text) = members[key] { return text }
    }
    return nil
  }
}
