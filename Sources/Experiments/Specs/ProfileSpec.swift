import JSON

/// How large an experiment is. Runs of different profiles never share an id. `profiles/<name>.yaml`.
public struct ProfileSpec: Equatable, Sendable {
  public let name: String
  /// Whether the numbers may be read beside the paper's in absolute value.
  public let comparableWithPaper: Bool
  /// At most this many of a table's seeds are run, the first ones.
  public let maximumSeeds: Int
  public let execution: ExecutionSpec
  /// How backbones are trained before any run of a table; nil: they start as their recipes say.
  public let pretraining: PretrainingSpec?
  /// The weights that backbones start from where neither table nor user says otherwise, `{backbone}` standing
  /// for the backbone's name; nil: none.
  public let backboneWeights: BackboneWeights?
  /// By data set name.
  public let datasets: [String: ProfileDataset]
  /// For data sets without an entry of their own; nil: there must be one.
  public let defaultDataset: ProfileDataset?

  init(_ reader: StrictReader, name: String) throws {
    self.name = try reader.name(
      or: name,
      keys: [
        "comparable_with_paper", "maximum_seeds", "execution", "pretraining", RecipeSpec.weightsKey,
        "datasets",
      ])
    comparableWithPaper = try reader.required("comparable_with_paper").bool()
    maximumSeeds = try reader.required("maximum_seeds").int(1...100)
    execution = try ExecutionSpec(try reader.required("execution"))
    let pretraining = try reader.optional("pretraining").map { try PretrainingSpec($0) }
    self.pretraining = pretraining
    backboneWeights = try reader.optional(RecipeSpec.weightsKey).map { weights in
      if pretraining != nil {
        throw weights.inconsistent("a profile has pretraining or \(RecipeSpec.weightsKey), not both")
      }
      return try BackboneWeights(weights)
    }
    let entries = try reader.required("datasets")
    datasets = Dictionary(
      uniqueKeysWithValues: try entries.keys().filter { $0 != DatasetSpec.reservedName }.map { key in
        (key, try ProfileDataset(try entries.required(key), profile: name))
      })
    defaultDataset = try entries.optional(DatasetSpec.reservedName).map { entry in
      let values = try ProfileDataset(entry, profile: name)
      if values.embedded != nil {
        throw try entry.required("embedded").inconsistent(
          "must be null: embedded data is drawn for a named data set")
      }
      return values
    }
  }

  /// What says of a recipe that backbones start from the profile's weights.
  var weightOverrides: [Override] {
    guard let path = backboneWeights?.path else { return [] }
    return [
      Override(
        key: "recipe.\(RecipeSpec.weightsKey)", value: .scalar(text: path, quoted: true),
        source: "profiles/\(name).yaml")
    ]
  }

  /// The values for a data set: its own, else the profile's `default`; nil where there is neither.
  public func dataset(_ name: String) -> ProfileDataset? { datasets[name] ?? defaultDataset }
}

/// What a run needs to know and what does not change its numbers beyond the last bits: kept out of the run
/// id, and in the run's record.
public struct ExecutionSpec: Equatable, Sendable {
  /// Iterations between two checkpoints.
  public let checkpointEvery: Int
  /// nil: as many as the machine has. Another number of threads may change the last bits of a convolution.
  public let threads: Int?
  /// Whether blocks of a backbone are computed again on the way back instead of kept: less memory, more time, the same bits.
  public let recomputesActivations: Bool

  init(_ reader: StrictReader) throws {
    try reader.allowOnly(["checkpoint_every", "threads", "recompute_activations"])
    recomputesActivations = try reader.optional("recompute_activations")?.bool() ?? false
    checkpointEvery = try reader.required("checkpoint_every").int(1...1_000_000)
    threads = try reader.nullable("threads")?.int(1...1024)
  }
}

/// A profile's values for one data set.
public struct ProfileDataset: Equatable, Sendable {
  public let scale: ScaleSpec
  /// Recipe values that this profile changes, such as a learning rate for short runs.
  public let recipeOverrides: [Override]
  /// nil: this profile has no embedded data and needs real folders.
  public let embedded: EmbeddedDataSpec?
  /// Validation samples of each fold, where a data set has folds and this profile less data; nil: the data set's.
  public let foldSize: Int?
  /// Iterations of runs that others need, by role, where they differ: in few iterations a large teacher gets no lead
  /// over its students.
  public let inputIterations: [String: Int]
  /// Iterations of networks by the family of their backbone, where they differ, the same for every loss, label and
  /// method: in few iterations families do not come equally far.
  public let familyIterations: [ModelSpec.Backbone.Family: Int]

  /// - Parameters:
  ///   - role: what the run is for the run that needs it, such as `teacher`; nil for a table's own. A role's iterations
  ///     stand above a family's.
  ///   - backbone: of the run's network.
  func scale(for role: String?, _ backbone: ModelSpec.Backbone) -> ScaleSpec {
    (role.flatMap { inputIterations[$0] } ?? familyIterations[backbone.family]).map(scale.with) ?? scale
  }

  init(_ reader: StrictReader, profile: String) throws {
    try reader.allowOnly(
      ScaleSpec.keys + ["recipe", "embedded", "fold_size", "input_iterations", "family_iterations"])
    inputIterations =
      try reader.optional("input_iterations").map { roles in
        Dictionary(
          uniqueKeysWithValues: try roles.keys().map { ($0, try ScaleSpec.iterations(roles.required($0))) })
      } ?? [:]
    familyIterations =
      try reader.optional("family_iterations").map { families in
        try families.allowOnly(ModelSpec.Backbone.Family.allCases.map(\.rawValue))
        return Dictionary(
          uniqueKeysWithValues: try ModelSpec.Backbone.Family.allCases.compactMap { family in
            try families.optional(family.rawValue).map { (family, try ScaleSpec.iterations($0)) }
          })
      } ?? [:]
    foldSize = try reader.optional("fold_size")?.int(1...1_000_000)
    scale = try ScaleSpec(reader, profile: profile)
    recipeOverrides =
      try reader.optional("recipe").map { try ProfileDataset.overrides($0, RecipeSpec.overridableKeys, "") }
      ?? []
    embedded = try reader.nullable("embedded").map { try EmbeddedDataSpec($0) }
  }

  /// Part of a recipe as a mapping, nested as overrides' keys are.
  /// - Parameters:
  ///   - known: dotted keys of recipes.
  ///   - prefix: of the mapping, with a dot at its end.
  private static func overrides(
    _ reader: StrictReader, _ known: [String], _ prefix: String
  ) throws -> [Override] {
    let parts = known.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count).prefix { $0 != "." } }
    var allowed: [String] = []
    for part in parts.map(String.init) where !allowed.contains(part) { allowed.append(part) }
    try reader.allowOnly(allowed)
    return try reader.keys().flatMap { key in
      let (value, path) = (try reader.required(key), prefix + key)
      guard !known.contains(path) else {
        return [Override(key: "recipe.\(path)", value: value.node, source: reader.file)]
      }
      return try overrides(value, known, path + ".")
    }
  }
}

/// The scale of one run, in pixels, images and iterations.
public struct ScaleSpec: Equatable, Sendable {
  public let profile: String
  public let cropHeight: Int
  public let cropWidth: Int
  public let batch: Int
  public private(set) var iterations: Int
  /// Images and labels are first resized to this short side; nil: stored size.
  public let workingShortSide: Int?
  /// Evaluate on the first images of the validation list only; nil: all.
  public let maximumValidationImages: Int?
  /// Iterations between two evaluations while training, besides the one at the end; nil: only that one.
  public private(set) var evaluateEvery: Int?

  static let keys = [
    "crop_height", "crop_width", "batch", "iterations", "working_short_side", "maximum_validation_images",
    "evaluate_every",
  ]

  /// - Parameter profile: nil when `reader` is a stored run, which has the profile's name under `name`.
  init(_ reader: StrictReader, profile: String?) throws {
    if let profile {
      self.profile = profile
    } else {
      self.profile = try reader.name(or: nil, keys: ScaleSpec.keys)
    }
    cropHeight = try reader.required("crop_height").int(16...8192)
    cropWidth = try reader.required("crop_width").int(16...8192)
    // Batch norm over a 1x1 map needs two images to have a variance.
    batch = try reader.required("batch").int(2...1024)
    iterations = try ScaleSpec.iterations(reader.required("iterations"))
    workingShortSide = try reader.nullable("working_short_side")?.int(16...8192)
    maximumValidationImages = try reader.nullable("maximum_validation_images")?.int(1...1_000_000)
    evaluateEvery = try reader.nullable("evaluate_every").map(ScaleSpec.iterations)
  }

  static func iterations(_ reader: StrictReader) throws -> Int { try reader.int(1...10_000_000) }

  /// Of a run whose network does not change while it is trained.
  var evaluatedOnce: ScaleSpec {
    var scale = self
    scale.evaluateEvery = nil
    return scale
  }

  func with(iterations: Int) -> ScaleSpec {
    var scale = self
    scale.iterations = iterations
    return scale
  }

  var json: JSONValue {
    .object([
      "name": .string(profile), "crop_height": .int(cropHeight), "crop_width": .int(cropWidth),
      "batch": .int(batch),
      "iterations": .int(iterations), "working_short_side": workingShortSide.map { .int($0) } ?? .null,
      "maximum_validation_images": maximumValidationImages.map { .int($0) } ?? .null,
      "evaluate_every": evaluateEvery.map { .int($0) } ?? .null,
    ])
  }
}

/// How much data the embedded generator makes. The content it makes is named by the data fingerprint.
public struct EmbeddedDataSpec: Equatable, Sendable {
  public let trainImages: Int
  public let validationImages: Int
  /// Pixels.
  public let height: Int
  /// Pixels.
  public let width: Int
  public let seed: Int

  init(_ reader: StrictReader) throws {
    try reader.allowOnly(["train_images", "validation_images", "height", "width", "seed"])
    trainImages = try reader.required("train_images").int(1...100_000)
    validationImages = try reader.required("validation_images").int(1...100_000)
    height = try reader.required("height").int(32...4096)
    width = try reader.required("width").int(32...4096)
    seed = try reader.required("seed").int(0...Int(Int32.max))
  }
}
