import Experiments
import Tables

/// The cells of tables in two sets of results, A and B, with Welch's test of each difference, corrected after Holm. Equal
/// summaries give equal bytes. Both sides have the same tables; their plans may differ by overrides, so that a cell has other
/// runs in B.
///
/// Cells that are made of runs alone: columns and rows of differences follow from them, costs are of machines. A number that
/// several cells share, such as that of the same runs in two tables, is one test.
public struct ResultsComparison: Sendable {
  /// A's.
  public let plan: Plan
  /// B's.
  public let other: Plan
  /// Level of the tests.
  public let level: Double
  /// In the order of the plan's tables, rows and columns.
  public let cells: [ComparedCell]
  /// Tests that were made: different numbers that both sides have, with deviations.
  public let tests: Int
  /// Of each metric and evaluation, in the order of the cells; empty without a margin.
  public let equivalences: [Equivalence]

  /// - Parameters:
  ///   - plan: A's.
  ///   - other: B's, of the same tables; nil: the same.
  ///   - level: below which a corrected p is significant, in (0, 0.5).
  ///   - margin: differences of means below it count as none, in the metrics' units; nil: equivalence is not tested.
  ///   - first: of any run of A's plan; `.pending` for one without a record.
  ///   - second: the same of B's.
  public init(
    plan: Plan, other: Plan? = nil, level: Double = 0.05, margin: Double? = nil,
    first: (RunID) -> RunSummary, second: (RunID) -> RunSummary
  ) {
    precondition(level > 0 && level < 0.5, "ResultsComparison: level \(level)")
    let other = other ?? plan
    precondition(
      plan.tables.map(\.name) == other.tables.map(\.name), "ResultsComparison: plans of different tables")
    (self.plan, self.other, self.level) = (plan, other, level)
    var numbers: [Key: ComparedNumber] = [:]
    var order: [Key] = []
    var places: [(place: ComparedCell.Place, key: Key)] = []
    for table in plan.tables {
      let others = other.cells[table.name] ?? []
      for (row, cells) in (plan.cells[table.name] ?? []).enumerated() {
        for (column, cell) in cells.enumerated() {
          guard case .runs(let ids, let metric, let evaluation) = cell,
            case .runs(let otherIDs, _, _) = others[row][column]
          else { continue }
          let key = Key(first: ids, second: otherIDs, metric: metric, evaluation: evaluation)
          places.append((ComparedCell.Place(table, row: row, column: column), key))
          guard numbers[key] == nil else { continue }
          numbers[key] = ComparedNumber(
            metric: metric, evaluation: evaluation,
            first: Cell(runs: ids.map(first), metric: metric, evaluation: evaluation),
            second: Cell(runs: otherIDs.map(second), metric: metric, evaluation: evaluation))
          order.append(key)
        }
      }
    }
    let tested = order.filter { numbers[$0]?.test != nil }
    let corrected = Statistics.holm(tested.compactMap { numbers[$0]?.test?.twoSided })
    for (key, p) in zip(tested, corrected) { numbers[key]?.corrected = p }
    tests = tested.count
    let kinds = order.grouped { $0.metric == $1.metric && $0.evaluation == $1.evaluation }
    equivalences =
      margin.map { margin in
        kinds.compactMap { keys in
          let samples = keys.compactMap { key in
            Reading.joined([
              .runs(key.first, of: plan, key.metric, key.evaluation, first),
              .runs(key.second, of: other, key.metric, key.evaluation, second),
            ]) { $0[1] - $0[0] }.known
          }
          return Equivalence(
            keys[0].metric, keys[0].evaluation, margin: margin, level: level, samples,
            leftOut: keys.count - samples.count)
        }
      } ?? []
    self.cells = places.compactMap { place, key in
      numbers[key].map { ComparedCell(place: place, number: $0, level: level) }
    }
  }

  /// What numbers are made of.
  private struct Key: Hashable {
    let first: [RunID]
    let second: [RunID]
    let metric: Metric
    let evaluation: CellSpec.Evaluation
  }

  public func count(_ verdict: ComparedCell.Verdict) -> Int { cells.count { $0.verdict == verdict } }

  /// Cells in which B differs significantly from A.
  public var significant: Int { count(.better) + count(.worse) }
}
