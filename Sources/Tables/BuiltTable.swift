import Experiments

/// A table filled with results: what Markdown and JSON are both written from.
struct BuiltTable {
  let spec: TableSpec
  let runs: RunSet
  let costs: [String: ModelCost]
  /// Rows x (columns, then differences).
  private(set) var cells: [[BuiltCell]]

  /// The number of the paper: as printed, or, of a difference that it does not print, computed from its means.
  struct PaperNumber: Equatable {
    let value: Double
    let mean: String
    let std: String?

    init(_ cell: TableSpec.PaperCell, signed: Bool) {
      value = cell.mean.value
      // A printed difference has no sign unless it is negative.
      mean = signed && value >= 0 && !cell.mean.text.hasPrefix("+") ? "+\(cell.mean.text)" : cell.mean.text
      std = cell.std?.text
    }

    init(difference: Double) {
      value = difference
      mean = NumberText.signed(difference)
      std = nil
    }
  }

  enum Measure: Equatable {
    case metric(Metric, CellSpec.Evaluation)
    case cost(CostQuantity)

    var higherIsBetter: Bool {
      switch self {
      case .metric(let metric, _): metric.higherIsBetter
      case .cost: false
      }
    }
  }

  struct Marks: Equatable {
    var best = false
    var worst = false
  }

  struct BuiltCell {
    let ours: Cell
    let paper: PaperNumber?
    /// The paper is only quoted.
    var isQuoted = false
    var isDifference = false
    var measure: Measure?
    /// Empty for differences, whose runs stand in other cells.
    var runs: [RunID] = []
    var marks = Marks()
    var paperMarks = Marks()
    /// Letters of the cell's footnotes.
    var footnotes: [String] = []

    static let absent = BuiltCell(ours: .absent, paper: nil)
  }

  init(_ spec: TableSpec, plan: Plan, costs: [String: ModelCost], summary: (RunID) -> RunSummary) {
    guard let planned = plan.cells[spec.name] else {
      preconditionFailure("BuiltTable: table \(spec.name) is not in the plan of \(plan.tables.map(\.name))")
    }
    self.spec = spec
    self.costs = costs
    let reports = planned.joined().compactMap { cell -> RunSet.Report? in
      guard case .runs(let ids, let metric, let evaluation) = cell else { return nil }
      return RunSet.Report(runs: ids, metric: metric, evaluation: evaluation)
    }
    let runs = RunSet(plan, reports, summary: summary)
    self.runs = runs
    cells = spec.rows.indices.map { row in
      let own = spec.columns.indices.map { BuiltTable.cell(spec, planned, row: row, column: $0, runs, costs) }
      let differences = spec.differences.map { item in
        BuiltTable.difference(
          planned[row][item.of], planned[row][item.minus], runs, printed: spec.rows[row].paper[item.title],
          papers: (spec.paper(row, item.of), spec.paper(row, item.minus)))
      }
      return own + differences
    }
    mark()
    for row in cells.indices {
      for (column, title) in titles.enumerated() {
        cells[row][column].footnotes = spec.footnoteLetters(row: row, title: title)
      }
    }
  }

  private static func cell(
    _ spec: TableSpec, _ planned: [[PlannedCell]], row: Int, column: Int, _ runs: RunSet,
    _ costs: [String: ModelCost]
  ) -> BuiltCell {
    let paper = spec.paper(row, column).map { PaperNumber($0, signed: false) }
    switch planned[row][column] {
    case .absent: return .absent
    case .quoted:
      return BuiltCell(ours: paper == nil ? .absent : .notYetRun, paper: paper, isQuoted: true)
    case .cost(let model, let quantity):
      return BuiltCell(ours: Cell(costs[model], quantity), paper: paper, measure: .cost(quantity))
    case .runs(let ids, let metric, let evaluation):
      return BuiltCell(
        ours: Cell(runs: ids.map { runs[$0] }, metric: metric, evaluation: evaluation), paper: paper,
        measure: .metric(metric, evaluation), runs: ids)
    case .difference(let of, let minus):
      return difference(
        planned[of][column], planned[minus][column], runs, printed: spec.paper(row, column),
        papers: (spec.paper(of, column), spec.paper(minus, column)))
    }
  }

  private static func difference(
    _ of: PlannedCell, _ minus: PlannedCell, _ runs: RunSet, printed: TableSpec.PaperCell?,
    papers: (TableSpec.PaperCell?, TableSpec.PaperCell?)
  ) -> BuiltCell {
    var paper = printed.map { PaperNumber($0, signed: true) }
    if paper == nil, let left = papers.0, let right = papers.1 {
      paper = PaperNumber(difference: left.mean.value - right.mean.value)
    }
    guard case .runs(let left, let metric, let evaluation) = of,
      case .runs(let right, let other, let subtracted) = minus
    else {
      return BuiltCell(ours: paper == nil ? .absent : .notYetRun, paper: paper, isDifference: true)
    }
    return BuiltCell(
      ours: Cell(runs.source(left, metric, evaluation), minus: runs.source(right, other, subtracted)),
      paper: paper, isDifference: true, measure: .metric(metric, evaluation))
  }

  /// Titles of columns and differences.
  var titles: [String] { spec.columns.map(\.title) + spec.differences.map(\.title) }

  var hasCosts: Bool { spec.costs != nil }

  /// Runs of cells, in the order of rows and columns, with repetitions.
  var usedRuns: [RunID] { cells.joined().flatMap(\.runs) }

  /// In the order of captions.
  var metrics: [Metric] {
    var found: [Metric] = []
    for case .metric(let metric, _)? in cells.joined().map(\.measure) where !found.contains(metric) {
      found.append(metric)
    }
    return Metric.all.filter(found.contains) + found.filter { !Metric.all.contains($0) }
  }

  /// What cells report.
  var evaluations: [CellSpec.Evaluation] {
    cells.joined().compactMap { cell in
      if case .metric(_, let evaluation)? = cell.measure { evaluation } else { nil }
    }
  }

  // MARK: Best and worst

  private mutating func mark() {
    for group in spec.best {
      switch group.axis {
      case .columns(let wanted):
        let columns = titles.indices.filter { wanted.contains(titles[$0]) }
        for row in cells.indices { mark(columns.map { (row, $0) }, group) }
      case .rows(let rows):
        for column in titles.indices { mark(rows.map { ($0, column) }, group) }
      }
    }
  }

  private mutating func mark(_ places: [(row: Int, column: Int)], _ group: BestGroup) {
    // The paper's figure of a method that is only quoted has no metric of its own: it has its neighbours'.
    guard let measure = places.compactMap({ cells[$0.row][$0.column].measure }).first else { return }
    mark(places, \.marks, group, measure) { $0.ours.printedValue }
    if group.paper { mark(places, \.paperMarks, group, measure) { $0.paper?.value } }
  }

  /// Equal numbers are marked alike; a number without a rival is not marked.
  private mutating func mark(
    _ places: [(row: Int, column: Int)], _ marks: WritableKeyPath<BuiltCell, Marks>, _ group: BestGroup,
    _ measure: Measure, _ value: (BuiltCell) -> Double?
  ) {
    let values = places.map { value(cells[$0.row][$0.column]) }
    let known = values.compactMap { $0 }
    guard known.count > 1, let lowest = known.min(), let highest = known.max(), lowest < highest else {
      return
    }
    let (best, worst) = measure.higherIsBetter ? (highest, lowest) : (lowest, highest)
    for (place, value) in zip(places, values) {
      if value == best { cells[place.row][place.column][keyPath: marks].best = true }
      if group.worst, value == worst { cells[place.row][place.column][keyPath: marks].worst = true }
    }
  }
}

extension TableSpec {
  fileprivate func paper(_ row: Int, _ column: Int) -> PaperCell? { rows[row].paper[columns[column].title] }
}

extension Cell {
  /// The number as a reader sees it, so that what looks equal is equal.
  fileprivate var printedValue: Double? {
    switch self {
    case .value(let aggregate, _): Double(NumberText.fixed(aggregate.mean))
    case .cost(_, let text): Double(text)
    case .pending, .failed, .notYetRun, .absent: nil
    }
  }
}
