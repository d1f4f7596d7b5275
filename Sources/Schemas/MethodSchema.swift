/// What an experiment file may say of a method: declared beside the method's code, checked where files are read. So
/// the engine never sees a file, and a new method needs no change where files are read.
public struct MethodSchema: Sendable, Equatable {
  /// The word after `kind:`.
  public let kind: String
  /// In the order of messages and documentation.
  public let parameters: [ParameterSchema]
  /// Finished runs that the method needs, by role, for instance `teacher`.
  public let roles: [String]
  /// Networks that the method evaluates besides the run's own, by their names in results.
  public let networks: [String]
  /// Of a semi-supervised method: whether it sees unlabelled images.
  public let hasUnlabelled: Bool
  /// Of a semi-supervised method: whether an auxiliary head would learn.
  public let trainsAuxiliaryHead: Bool

  public init(
    kind: String, parameters: [ParameterSchema], roles: [String] = [], networks: [String] = [],
    hasUnlabelled: Bool = true, trainsAuxiliaryHead: Bool = true
  ) {
    self.kind = kind
    self.parameters = parameters
    self.roles = roles
    self.networks = networks
    self.hasUnlabelled = hasUnlabelled
    self.trainsAuxiliaryHead = trainsAuxiliaryHead
  }
}

/// One key of a method. There are no defaults: what a paper varies stands in the file.
public struct ParameterSchema: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case number(NumberRange)
    case integer(ClosedRange<Int>)
    /// One of some words.
    case choice([String])
    /// A list of some of these words, at least one, each once.
    case choices([String])
    case flag
  }

  public let name: String
  public let kind: Kind

  public init(_ name: String, _ kind: Kind) {
    self.name = name
    self.kind = kind
  }
}

/// The methods that a program knows, by family.
public struct MethodCatalogue: Sendable {
  /// Terms of a distillation loss.
  public let distillation: [MethodSchema]
  /// Semi-supervised training steps.
  public let semiSupervised: [MethodSchema]
  /// What runs learn from a teacher before students do.
  public let firstStages: [MethodSchema]

  public init(
    distillation: [MethodSchema], semiSupervised: [MethodSchema], firstStages: [MethodSchema] = []
  ) {
    self.distillation = distillation
    self.semiSupervised = semiSupervised
    self.firstStages = firstStages
  }
}
