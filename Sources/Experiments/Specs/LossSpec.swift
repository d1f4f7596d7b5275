import JSON

/// The classes over which a Jaccard term averages (paper Fig. 6), chosen per batch on the kept pixels.
public enum ActiveClassRule: String, CaseIterable, Sendable {
  /// Every class of the data set.
  case all
  /// Classes that are the label's largest somewhere.
  case present
  /// Classes whose predicted probability exceeds the threshold somewhere.
  case prob
  /// Classes whose label value exceeds the threshold somewhere.
  case label
  /// Classes whose label value plus predicted probability exceeds the threshold somewhere.
  case both
}

/// The training loss of one run, paper eqs. (10)-(13), with the auxiliary head that only the authors' code
/// has:
///
///     L = lambda_CE * (main * CE_main + auxiliary * CE_auxiliary) + lambda_JML * JML_main
///
/// At most one of `jaccard` and `lovasz` is there.
public struct LossSpec: Equatable, Sendable {
  public let name: String
  /// lambda_CE
  public let crossEntropyWeight: Double
  /// Weight of the main head's cross entropy; the Jaccard term does not get it.
  public let mainWeight: Double
  public let auxiliaryWeight: Double
  /// nil: no term of this family.
  public let jaccard: JaccardSpec?
  public let lovasz: LovaszSpec?

  fileprivate enum Kind: String, CaseIterable {
    case crossEntropy = "cross_entropy"
    case crossEntropyAndJaccard = "cross_entropy_and_jaccard"
    case crossEntropyAndLovasz = "cross_entropy_and_lovasz"
  }

  private var kind: Kind {
    if jaccard != nil { return .crossEntropyAndJaccard }
    return lovasz == nil ? .crossEntropy : .crossEntropyAndLovasz
  }

  fileprivate static let commonKeys = ["kind", "cross_entropy_weight", "main_weight", "auxiliary_weight"]
  fileprivate static let jaccardKeys = [
    "jaccard_weight", "smooth", "alpha", "beta", "dataset_weight", "image_weight", "class_weight",
    "active_classes",
    "threshold", "form", "log", "gamma", "class_factors",
  ]
  fileprivate static let lovaszKeys = ["lovasz_weight", "active_classes", "threshold"]

  /// - Parameter activeClasses: reads the `active_classes` key.
  fileprivate init(
    _ reader: StrictReader, name: String?, activeClasses: (StrictReader) throws -> ActiveClassRule
  ) throws {
    let kind = try reader.required("kind").choice(Kind.self)
    let more: [String] =
      switch kind {
      case .crossEntropy: []
      case .crossEntropyAndJaccard: LossSpec.jaccardKeys
      case .crossEntropyAndLovasz: LossSpec.lovaszKeys
      }
    self.name = try reader.name(or: name, keys: LossSpec.commonKeys + more)
    crossEntropyWeight = try reader.required("cross_entropy_weight").number(.closed(0, 100))
    mainWeight = try reader.required("main_weight").number(.closed(0, 100))
    auxiliaryWeight = try reader.required("auxiliary_weight").number(.closed(0, 100))
    switch kind {
    case .crossEntropy: (jaccard, lovasz) = (nil, nil)
    case .crossEntropyAndJaccard:
      (jaccard, lovasz) = (try JaccardSpec(reader, activeClasses: activeClasses), nil)
    case .crossEntropyAndLovasz: (jaccard, lovasz) = (nil, try LovaszSpec(reader))
    }
  }

  /// From a stored run, where `active_classes` is one word.
  init(_ reader: StrictReader) throws {
    try self.init(reader, name: nil) { try $0.choice(ActiveClassRule.self) }
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(name), "cross_entropy_weight": .number(crossEntropyWeight),
      "main_weight": .number(mainWeight),
      "auxiliary_weight": .number(auxiliaryWeight),
      "kind": .string(kind.rawValue),
    ]
    if let jaccard { members.merge(jaccard.members) { $1 } }
    if let lovasz { members.merge(lovasz.members) { $1 } }
    return .object(members)
  }
}

/// How overlap and excess of prediction and label are measured: the rows of Table 10.
public enum JaccardForm: String, CaseIterable, Sendable {
  /// Eq. (7).
  case jml1
  /// Eq. (8).
  case jml2
  /// The soft Jaccard loss with the L1 norm.
  case sjlL1 = "sjl_l1"
  /// The soft Jaccard loss with the squared L2 norm.
  case sjlL2 = "sjl_l2"
}

/// A Jaccard loss, by default the metric loss JML1 of the paper's eq. (7), with the Tversky weights and the
/// three averages of its code.
public struct JaccardSpec: Equatable, Sendable {
  /// Optional in files: JML1 where it is missing.
  public let form: JaccardForm
  /// -log of the ratio in place of 1 - ratio. Optional in files: false where it is missing.
  public let isLogarithmic: Bool
  /// Exponent of each class's loss. Optional in files: 1 where it is missing.
  public let gamma: Double
  /// A factor on each class's loss, [classes]. Optional in files: nil, all 1, where it is missing.
  public let classFactors: [Double]?
  /// lambda_JML
  public let weight: Double
  /// Pixels added to numerator and denominator.
  public let smooth: Double
  /// Weight of false positives.
  public let alpha: Double
  /// Weight of false negatives.
  public let beta: Double
  /// Weight of the form with sums over the batch (mIoU^D), the only one the paper uses.
  public let datasetWeight: Double
  /// Weight of the form averaged per image first (mIoU^I).
  public let imageWeight: Double
  /// Weight of the form averaged per class over images (mIoU^C).
  public let classWeight: Double
  /// For the term against the labels; distillation names its own.
  public let activeClasses: ActiveClassRule
  /// Of the modes prob, label and both; the paper does not state it, 0.01 is the authors' code's.
  public let threshold: Double

  fileprivate init(_ reader: StrictReader, activeClasses: (StrictReader) throws -> ActiveClassRule) throws {
    form = try reader.optional("form")?.choice(JaccardForm.self) ?? .jml1
    isLogarithmic = try reader.optional("log")?.bool() ?? false
    gamma = try reader.optional("gamma")?.number(.closed(1, 10)) ?? 1
    classFactors = try reader.optional("class_factors")?.nonEmptyList { try $0.number(.closed(0, 1e6)) }
    weight = try reader.required("jaccard_weight").number(.above(0, upTo: 100))
    smooth = try reader.required("smooth").number(.closed(0, 1e6))
    alpha = try reader.required("alpha").number(.closed(0, 100))
    beta = try reader.required("beta").number(.closed(0, 100))
    datasetWeight = try reader.required("dataset_weight").number(.closed(0, 1))
    imageWeight = try reader.required("image_weight").number(.closed(0, 1))
    classWeight = try reader.required("class_weight").number(.closed(0, 1))
    if datasetWeight + imageWeight + classWeight <= 0 {
      throw reader.inconsistent("dataset_weight, image_weight and class_weight are all 0")
    }
    self.activeClasses = try activeClasses(try reader.required("active_classes"))
    threshold = try reader.required("threshold").number(.from(0, below: 1))
  }

  fileprivate var members: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "jaccard_weight": .number(weight), "smooth": .number(smooth), "alpha": .number(alpha),
      "beta": .number(beta),
      "dataset_weight": .number(datasetWeight), "image_weight": .number(imageWeight),
      "class_weight": .number(classWeight), "active_classes": .string(activeClasses.rawValue),
      "threshold": .number(threshold),
    ]
    // Runs from before there was a choice keep their ids.
    if form != .jml1 { members["form"] = .string(form.rawValue) }
    if isLogarithmic { members["log"] = .bool(true) }
    if gamma != 1 { members["gamma"] = .number(gamma) }
    if let classFactors { members["class_factors"] = .array(classFactors.map { .number($0) }) }
    return members
  }
}

/// The Lovász-Softmax loss (LSL in Table 10): hard labels only, sums over the batch.
public struct LovaszSpec: Equatable, Sendable {
  /// In the place of lambda_JML.
  public let weight: Double
  public let activeClasses: ActiveClassRule
  /// Of the modes prob, label and both.
  public let threshold: Double

  fileprivate init(_ reader: StrictReader) throws {
    weight = try reader.required("lovasz_weight").number(.above(0, upTo: 100))
    activeClasses = try reader.required("active_classes").choice(ActiveClassRule.self)
    threshold = try reader.required("threshold").number(.from(0, below: 1))
  }

  fileprivate var members: [String: JSONValue] {
    [
      "lovasz_weight": .number(weight), "active_classes": .string(activeClasses.rawValue),
      "threshold": .number(threshold),
    ]
  }
}

/// `losses/<name>.yaml`: one loss, with its active classes for hard and for smoothed labels. A run keeps only
/// the one it uses, so that editing the other leaves its id alone.
public struct LossDefinition: Equatable, Sendable {
  public let name: String
  public let forHardLabels: LossSpec
  public let forSmoothedLabels: LossSpec

  init(_ reader: StrictReader, name: String) throws {
    func spec(_ key: String) throws -> LossSpec {
      try LossSpec(reader, name: name) {
        try $0.allowOnly(["hard", "smoothed"])
        return try $0.required(key).choice(ActiveClassRule.self)
      }
    }
    self.name = name
    forHardLabels = try spec("hard")
    forSmoothedLabels = try spec("smoothed")
  }

  public func spec(for label: LabelSpec) -> LossSpec {
    switch label.kind {
    case .hard: return forHardLabels
    case .boundarySmoothing: return forSmoothedLabels
    }
  }
}
