import Claims
import Experiments
import JSON
import Tables
import Tensors

/// What the tests of a subset can see: nights are drawn around a reference's own spreads, and judged as real ones are.
///
/// A run's value is normal with its cell's deviation. Runs of one seed share a part of it, as large as the reference's do
/// in the mean over the cells of a metric: they see the same crops. The deviations are taken from few runs, and so differ
/// more between cells than the true ones do, which makes the tests a little weaker here than they are.
public struct PowerStudy: Sendable {
  public let test: RegressionSpec.Test
  /// Runs of each cell, of the reference as of the night.
  public let seeds: Int
  public let trials: Int
  private let cells: [Model]
  /// Of a metric, the correlation of two cells' runs of one seed.
  private let shared: [String: Double]

  private struct Model {
    let place: CellPlace
    let metric: String
    let point: String
    /// Of n - 1.
    let deviation: Double
  }

  /// What is made worse.
  public enum Change: String, CaseIterable, Sendable {
    /// One cell, that of the middle deviation.
    case oneCell = "one cell"
    case everyCell = "every cell"
  }

  public struct Row: Sendable {
    public let metric: Metric
    public let change: Change
    public let cells: Int
    /// The middle one, of n - 1, in the metric's unit.
    public let deviation: Double
    /// Share of the nights that give an alarm, for each effect.
    public let power: [Double]
  }

  /// - Parameters:
  ///   - reference: has cells of two runs or more.
  ///   - seeds: two or more.
  public init(_ reference: Reference.Accepted, test: RegressionSpec.Test, seeds: Int, trials: Int) {
    precondition(seeds > 1 && trials > 0, "PowerStudy: \(seeds) seeds, \(trials) trials")
    self.test = test
    self.seeds = seeds
    self.trials = trials
    let usable = reference.cells.filter { $0.n > 1 }
    cells = usable.map {
      Model(
        place: $0.place, metric: $0.metric, point: $0.point,
        deviation: (Statistics.variance($0.values) ?? 0).squareRoot())
    }
    shared = Dictionary(
      grouping: usable, by: \.metric
    ).mapValues(PowerStudy.correlation)
  }

  /// From the variance over seeds of the mean over cells, each in units of its deviation: rho + (1 - rho) / cells.
  private static func correlation(_ cells: [CellResult]) -> Double {
    let alike = cells.filter { cell in
      cell.n == cells[0].n && (Statistics.variance(cell.values) ?? 0) > 0
    }
    guard alike.count > 1 else { return 0 }
    let scaled = alike.map { cell in
      let deviation = (Statistics.variance(cell.values) ?? 1).squareRoot()
      return cell.values.map { ($0 - Statistics.mean(cell.values)) / deviation }
    }
    let means = scaled[0].indices.map { seed in Statistics.mean(scaled.map { $0[seed] }) }
    let count = Double(alike.count)
    let variance = Statistics.variance(means) ?? 0
    return min(1, max(0, (count * variance - 1) / (count - 1)))
  }

  /// Share of the nights in which nothing has changed that give an alarm all the same.
  public func falseAlarms() -> Double {
    share { isAlarm($0) { _ in 0 } }
  }

  /// - Parameter effects: how much worse cells become, in their metric's unit.
  public func rows(effects: [Double]) -> [Row] {
    let names = cells.map(\.metric).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    return names.flatMap { name -> [Row] in
      guard let metric = Metric(name) else { return [] }
      let places = cells.indices.filter { cells[$0].metric == name }.sorted {
        (cells[$0].deviation, $0) < (cells[$1].deviation, $1)
      }
      let middle = places[places.count / 2]
      return Change.allCases.map { change in
        let hit = change == .oneCell ? [middle] : Set(places)
        return Row(
          metric: metric, change: change, cells: places.count, deviation: cells[middle].deviation,
          power: effects.map { effect in
            share { isAlarm($0) { hit.contains($0) ? effect : 0 } }
          })
      }
    }
  }

  // MARK: Nights

  private func share(_ isAlarm: (Int) -> Bool) -> Double {
    Double((0..<trials).count(where: isAlarm)) / Double(trials)
  }

  /// Whether the night of a trial is judged a regression. The numbers of a trial are the same for every effect.
  private func isAlarm(_ trial: Int, worse: (Int) -> Double) -> Bool {
    var random = RandomSource(seed: 0, purpose: "regression power", trial, seeds)
    let names = cells.map(\.metric).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let common = Dictionary(
      uniqueKeysWithValues: names.map { name in
        (name, RandomSource.normal(count: 2 * seeds, deviation: 1, &random).map(Double.init))
      })
    let pairs = cells.enumerated().map { index, cell in
      let own = RandomSource.normal(count: 2 * seeds, deviation: 1, &random).map(Double.init)
      let rho = shared[cell.metric] ?? 0
      let values = zip(common[cell.metric] ?? own, own).map { both, alone in
        cell.deviation * (rho.squareRoot() * both + (1 - rho).squareRoot() * alone)
      }
      let higher = Metric(cell.metric)?.higherIsBetter ?? true
      let shift = higher ? -worse(index) : worse(index)
      return (
        night: result(cell, values.suffix(seeds).map { $0 + shift }),
        reference: Optional(result(cell, Array(values.prefix(seeds))))
      )
    }
    let tests = CellTests(pairs, test)
    return tests.means.contains { $0.state == .regressed }
      || pairs.indices.contains { tests.verdict($0).state == .regressed }
  }

  private func result(_ cell: Model, _ values: [Double]) -> CellResult {
    CellResult(
      place: cell.place, metric: cell.metric, point: cell.point,
      replicates: values.enumerated().map { Replicate(seed: $0, fold: nil, run: "", value: $1) })
  }
}

extension PowerStudy {
  /// Smallest effect that is seen in four of five nights, between the effects that were tried; nil if none is.
  public static func seen(_ row: Row, effects: [Double]) -> Double? {
    guard let place = row.power.firstIndex(where: { $0 >= 0.8 }) else { return nil }
    guard place > 0 else { return effects[0] }
    let (low, high) = (row.power[place - 1], row.power[place])
    return effects[place - 1] + (0.8 - low) / (high - low) * (effects[place] - effects[place - 1])
  }

  /// A Markdown table, percent of nights.
  public func markdown(effects: [Double]) -> String {
    let rows = rows(effects: effects)
    let header =
      ["metric", "worse", "deviation of a run"] + effects.map { "by \(CanonicalNumber.text($0))" }
      + ["seen in 4 of 5 nights from"]
    let lines = rows.map { row in
      [
        "\(row.metric.title) (\(row.metric.unit.rawValue))",
        row.change == .oneCell ? row.change.rawValue : "all \(row.cells) cells",
        NumberText.fixed(row.deviation),
      ] + row.power.map { "\(Int((100 * $0).rounded())) %" }
        + [PowerStudy.seen(row, effects: effects).map { NumberText.fixed($0) } ?? "more"]
    }
    let table = ([header, header.map { _ in "---" }] + lines).map {
      "| " + $0.joined(separator: " | ") + " |\n"
    }
    return table.joined()
      + "\n\(seeds) runs a cell on both sides, \(trials) nights each; in \(NumberText.fixed(100 * falseAlarms())) % of "
      + "nights in which nothing has changed there is an alarm.\n"
  }
}
