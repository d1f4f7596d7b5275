/// Part of a run's description. A table's defaults, a row and a column each give a part; together they name a
/// run. Row and column may not both give the same key; both go before the defaults.
public struct CellSpec: Equatable, Sendable {
  public internal(set) var dataset: String?
  public internal(set) var model: String?
  public internal(set) var loss: String?
  public internal(set) var label: String?
  public internal(set) var distillation: String?
  public internal(set) var recipe: String?
  public internal(set) var teacher: TeacherSpec?
  public internal(set) var metric: Metric?
  /// Which evaluation of a run the metric is of; nil: `Point.last`.
  public internal(set) var point: Point?
  public internal(set) var seeds: [Int]?
  public internal(set) var folds: [Int]?
  public internal(set) var set: [Override]

  /// A moment of training at which the model was evaluated.
  public enum Point: String, CaseIterable, Sendable {
    /// After the last iteration.
    case last
    /// Where the evaluation during training was best.
    case best
  }

  static let keys = [
    "dataset", "model", "loss", "label", "distillation", "recipe", "teacher", "metric", "point", "seeds",
    "folds",
    "set",
  ]

  /// Nothing is given.
  init() { set = [] }

  /// Reads the keys of `CellSpec.keys`; the caller rejects others.
  init(_ reader: StrictReader) throws {
    dataset = try reader.optional("dataset")?.name()
    model = try reader.optional("model")?.name()
    loss = try reader.optional("loss")?.name()
    label = try reader.optional("label")?.name()
    distillation = try reader.optional("distillation")?.name()
    recipe = try reader.optional("recipe")?.name()
    teacher = try reader.optional("teacher").map { try TeacherSpec($0) }
    metric = try reader.optional("metric")?.metric()
    point = try reader.optional("point")?.choice(Point.self)
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
      ("distillation", distillation != nil), ("recipe", recipe != nil), ("teacher", teacher != nil),
      ("metric", metric != nil), ("point", point != nil), ("seeds", seeds != nil), ("folds", folds != nil),
    ]
    return given.filter(\.1).map(\.0)
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
    result.teacher = teacher ?? other.teacher
    result.metric = metric ?? other.metric
    result.point = point ?? other.point
    result.seeds = seeds ?? other.seeds
    result.folds = folds ?? other.folds
    result.set = other.set + set
    return result
  }
}

/// The run that a student learns from: same data set, fold and profile, one seed.
public struct TeacherSpec: Equatable, Sendable {
  public let model: String
  public let loss: String
  public let label: String
  /// nil: the student's.
  public let recipe: String?
  public let seed: Int

  init(_ reader: StrictReader) throws {
    try reader.allowOnly(["model", "loss", "label", "recipe", "seed"])
    model = try reader.required("model").name()
    loss = try reader.required("loss").name()
    label = try reader.required("label").name()
    recipe = try reader.optional("recipe")?.name()
    seed = try reader.required("seed").int(0...Int(Int32.max))
  }
}
