/// Part of a run's description. A table's defaults, a row and a column each give a part; together they name a
/// run. Row and column may not both give the same key; both go before the defaults.
public struct CellSpec: Equatable, Sendable {
  public internal(set) var dataset: String?
  public internal(set) var model: String?
  public internal(set) var loss: String?
  public internal(set) var label: String?
  public internal(set) var distillation: String?
  public internal(set) var recipe: String?
  public internal(set) var semiSupervised: String?
  /// Which images keep their labels: given if and only if `semiSupervised` is.
  public internal(set) var labelled: String?
  /// Of an input alone: a table shows no first stages.
  var firstStage: String?
  /// What these runs are for others, such as `teacher`, where the table shows the very runs that others need.
  public internal(set) var role: String?
  /// By role. A run takes those that its method needs.
  public internal(set) var inputs: [String: InputSpec]
  public internal(set) var metric: Metric?
  /// The moment of training that the metric is of; nil: `Point.last`.
  public internal(set) var point: Point?
  /// The network of the run's method that the metric is of; nil: the run's own.
  public internal(set) var network: String?
  public internal(set) var seeds: [Int]?
  public internal(set) var folds: [Int]?
  public internal(set) var set: [Override]

  /// A moment of training at which the model was evaluated.
  public enum Point: String, CaseIterable, Sendable {
    /// After the last iteration.
    case last
    /// Where the evaluation of the network during training was best.
    case best
  }

  /// One evaluation of a run: when, and of which of its networks.
  public struct Evaluation: Hashable, Sendable {
    public let point: Point
    /// nil: the run's own.
    public let network: String?

    public init(_ point: Point, network: String? = nil) {
      self.point = point
      self.network = network
    }

    public static let last = Evaluation(.last)
    public static let best = Evaluation(.best)

    /// Its name in results: `best`, of another network `best_student`.
    public var name: String { network.map { "\(point.rawValue)_\($0)" } ?? point.rawValue }
  }

  /// Which evaluation of a run the metric is of.
  public var evaluation: Evaluation { Evaluation(point ?? .last, network: network) }

  static let keys = [
    "dataset", "model", "loss", "label", "distillation", "semi_supervised", "labelled", "recipe", "role",
    "inputs", "metric", "point", "network", "seeds", "folds", "set",
  ]

  /// Nothing is given.
  init() {
    inputs = [:]
    set = []
  }

  /// Reads the keys of `CellSpec.keys`; the caller rejects others.
  init(_ reader: StrictReader) throws {
    dataset = try reader.optional("dataset")?.name()
    model = try reader.optional("model")?.name()
    loss = try reader.optional("loss")?.name()
    label = try reader.optional("label")?.name()
    distillation = try reader.optional("distillation")?.name()
    recipe = try reader.optional("recipe")?.name()
    semiSupervised = try reader.optional("semi_supervised")?.name()
    labelled = try reader.optional("labelled")?.name()
    role = try reader.optional("role")?.name()
    inputs = try reader.optional("inputs").map { try InputSpec.byRole($0) } ?? [:]
    metric = try reader.optional("metric")?.metric()
    point = try reader.optional("point")?.choice(Point.self)
    network = try reader.optional("network")?.name()
    seeds = try reader.optional("seeds").map { try CellSpec.distinct($0, 0...Int(Int32.max)) }
    folds = try reader.optional("folds").map { try CellSpec.distinct($0, 0...99) }
    set = try reader.optional("set").map { try CellSpec.overrides($0) } ?? []
  }

  static func overrides(_ reader: StrictReader) throws -> [Override] {
    try reader.keys().map { Override(key: $0, value: try reader.required($0).node, source: reader.file) }
  }

  static func distinct(_ reader: StrictReader, _ range: ClosedRange<Int>) throws -> [Int] {
    let values = try reader.nonEmptyList { try $0.int(range) }
    if Set(values).count != values.count { throw reader.inconsistent("a number stands twice") }
    return values
  }

  /// The keys, other than `set`, that are given here.
  var givenKeys: [String] {
    let given: [(String, Bool)] = [
      ("dataset", dataset != nil), ("model", model != nil), ("loss", loss != nil), ("label", label != nil),
      ("distillation", distillation != nil), ("recipe", recipe != nil),
      ("semi_supervised", semiSupervised != nil), ("labelled", labelled != nil), ("role", role != nil),
      ("metric", metric != nil), ("point", point != nil), ("network", network != nil),
      ("seeds", seeds != nil), ("folds", folds != nil),
    ]
    return given.filter(\.1).map(\.0) + inputs.keys.sorted().map { "inputs.\($0)" }
  }

  /// This part, with what it leaves open taken from `other`. `other`'s overrides come first.
  func completed(by other: CellSpec) -> CellSpec {
    var result = self
    result.dataset = dataset ?? other.dataset
    result.model = model ?? other.model
    result.loss = loss ?? other.loss
    result.label = label ?? other.label
    result.distillation = distillation ?? other.distillation
    result.recipe = recipe ?? other.recipe
    result.semiSupervised = semiSupervised ?? other.semiSupervised
    result.labelled = labelled ?? other.labelled
    result.role = role ?? other.role
    result.inputs = inputs.merging(other.inputs) { mine, _ in mine }
    result.metric = metric ?? other.metric
    result.point = point ?? other.point
    result.network = network ?? other.network
    result.seeds = seeds ?? other.seeds
    result.folds = folds ?? other.folds
    result.set = other.set + set
    return result
  }
}

/// A run that another one needs: same profile; what is left open is the other run's. Its own method is what stands
/// here, so that a teacher of a distilled student is not distilled unless it says so.
public struct InputSpec: Equatable, Sendable {
  /// nil: the run's.
  public let dataset: String?
  /// nil: the run's.
  public let model: String?
  public let loss: String
  public let label: String
  public let distillation: String?
  public let semiSupervised: String?
  public let labelled: String?
  public let firstStage: String?
  /// nil: the run's.
  public let recipe: String?
  public let seed: Int
  /// Of the input itself, by role.
  public let inputs: [String: InputSpec]
  public let set: [Override]

  static let keys = [
    "dataset", "model", "loss", "label", "distillation", "semi_supervised", "labelled", "first_stage",
    "recipe", "seed", "inputs", "set",
  ]

  /// The input of a run that leaves open what `cell` says.
  private init(_ input: InputSpec, of cell: CellSpec) {
    dataset = input.dataset ?? cell.dataset
    model = input.model ?? cell.model
    (loss, label, distillation) = (input.loss, input.label, input.distillation)
    (semiSupervised, labelled, firstStage) = (input.semiSupervised, input.labelled, input.firstStage)
    recipe = input.recipe ?? cell.recipe
    (seed, inputs, set) = (input.seed, input.inputs, input.set)
  }

  init(_ reader: StrictReader) throws {
    try reader.allowOnly(InputSpec.keys)
    dataset = try reader.optional("dataset")?.name()
    model = try reader.optional("model")?.name()
    loss = try reader.required("loss").name()
    label = try reader.required("label").name()
    distillation = try reader.optional("distillation")?.name()
    semiSupervised = try reader.optional("semi_supervised")?.name()
    labelled = try reader.optional("labelled")?.name()
    firstStage = try reader.optional("first_stage")?.name()
    recipe = try reader.optional("recipe")?.name()
    seed = try reader.required("seed").int(0...Int(Int32.max))
    inputs = try reader.optional("inputs").map { try InputSpec.byRole($0) } ?? [:]
    set = try reader.optional("set").map { try CellSpec.overrides($0) } ?? []
  }

  static func byRole(_ reader: StrictReader) throws -> [String: InputSpec] {
    Dictionary(
      uniqueKeysWithValues: try reader.keys().map { role in
        guard !role.isEmpty, role.utf8.allSatisfy(RunID.isNameByte) else {
          throw RegistryError.unknownKey(
            file: reader.file, path: role, allowed: ["letters a-z, digits and _"])
        }
        return (role, try InputSpec(try reader.required(role)))
      })
  }

  /// The input as a cell: what it leaves open is `cell`'s, but not its method. An input that it shares with `cell`, such as
  /// the teacher of a first stage, is the very run that `cell` has.
  func completed(by cell: CellSpec) -> CellSpec {
    var result = cell
    result.dataset = dataset ?? cell.dataset
    result.model = model ?? cell.model
    result.loss = loss
    result.label = label
    result.distillation = distillation
    result.semiSupervised = semiSupervised
    result.labelled = labelled
    result.firstStage = firstStage
    result.recipe = recipe ?? cell.recipe
    result.inputs = inputs.merging(cell.inputs.mapValues { InputSpec($0, of: cell) }) { mine, _ in mine }
    result.set = set
    return result
  }
}
