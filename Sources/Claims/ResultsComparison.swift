import Experiments
import Tables

/// The cells of tables in two sets of results of one plan, A and B, with Welch's test of each difference, corrected after
/// Holm. Equal summaries give equal bytes.
///
/// Cells that are made of runs alone: columns and rows of differences follow from them, costs are of machines. A number that
/// several cells share, such as that of the same runs in two tables, is one test.
public struct ResultsComparison: Sendable {
  public let plan: Plan
  /// Level of the tests.
  public let level: Double
  /// In the order of the plan's tables, rows and columns.
  public let cells: [ComparedCell]
  /// Tests that were made: different numbers that both sides have, with deviations.
  public let tests: Int

  /// - Parameters:
  ///   - level: below which a corrected p is significant, in (0, 1).
  ///   - first: of any run of the plan, in A; `.pending` for one without a record.
  ///   - second: the same in B.
  public init(
    plan: Plan, level: Double = 0.05, first: (RunID) -> RunSummary, second: (RunID) -> RunSummary
  ) {
    precondition(level > 0 && level < 1, "ResultsComparison: level \(level)")
    self.plan = plan
    self.level = level
    var numbers: [Key: ComparedNumber] = [:]
    var order: [Key] = []
    var places: [(place: ComparedCell.Place, key: Key)] = []
    for table in plan.tables {
      for (row, cells) in (plan.cells[table.name] ?? []).enumerated() {
        for (column, cell) in cells.enumerated() {
          guard case .runs(let ids, let metric, let evaluation) = cell else { continue }
          let key = Key(runs: ids, metric: metric, evaluation: evaluation)
          places.append((ComparedCell.Place(table, row: row, column: column), key))
          guard numbers[key] == nil else { continue }
          numbers[key] = ComparedNumber(
            metric: metric, evaluation: evaluation,
            first: Cell(runs: ids.map(first), metric: metric, evaluation: evaluation),
            second: Cell(runs: ids.map(second), metric: metric, evaluation: evaluation))
          order.append(key)
        }
      }
    }
    let tested = order.filter { numbers[$0]?.test != nil }
    let corrected = Statistics.holm(tested.compactMap { numbers[$0]?.test?.twoSided })
    for (key, p) in zip(tested, corrected) { numbers[key]?.corrected = p }
    tests = tested.count
    self.cells = places.compactMap { place, key in
      numbers[key].map { ComparedCell(place: place, number: $0, level: level) }
    }
  }

  /// What numbers are made of.
  private struct Key: Hashable {
    let runs: [RunID]
    let metric: Metric
    let evaluation: CellSpec.Evaluation
  }

  public func count(_ verdict: ComparedCell.Verdict) -> Int { cells.count { $0.verdict == verdict } }

  /// Cells in which B differs significantly from A.
  public var significant: Int { count(.better) + count(.worse) }
}
