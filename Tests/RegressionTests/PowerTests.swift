import Experiments
import Foundation
import JSON
import Regression
import Testing

/// The published tables as a reference: the cells of `experiments/regression/mini.yaml`.
private enum PublishedCells {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func reference(_ registry: Registry, _ spec: RegressionSpec) throws -> Reference.Accepted {
    let cells = try spec.tables.flatMap { subset -> [CellResult] in
      let file = root.appendingPathComponent("results/mini/\(subset.table).json")
      let json = try JSONValue(parsing: String(contentsOf: file, encoding: .utf8))
      let table = try #require(registry.tables[subset.table])
      guard case .array(let rows)? = json["rows"] else { return [] }
      return try rows.flatMap { row -> [CellResult] in
        guard case .array(let items)? = row["labels"] else { return [] }
        let labels = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
        guard try #require(subset.rows).contains(labels) else { return [] }
        return try table.columns.map { column in
          let cell = try #require(row["cells"]?[column.title])
          guard case .string(let metric)? = cell["metric"], case .array(let values)? = cell["values"] else {
            throw JSONError(reason: "\(labels) \(column.title)")
          }
          return CellResult(
            place: CellPlace(table: subset.table, row: labels, column: column.title), metric: metric,
            point: "last",
            replicates: values.enumerated().map {
              Replicate(seed: $0, fold: nil, run: "", value: $1.double ?? .nan)
            })
        }
      }
    }
    return Reference.Accepted(
      tier: "mini", profile: "mini", reason: "published", date: "2026-11-29", source: "published", commit: "",
      numerics: RunSpec.currentNumerics, machine: Nights.machine, data: [:], cells: cells)
  }
}

/// What the tests of nights see, and how often they cry wolf. Numbers are of `scripts/power-reference.py`, which draws the same
/// nights and judges them by scipy.
@Suite struct PowerTests {
  private func study(seeds: Int = 3, trials: Int) throws -> PowerStudy {
    let registry = try RegressionFiles.registry()
    let spec = try #require(registry.regressions["mini"])
    let reference = try PublishedCells.reference(registry, spec)
    #expect(reference.cells.count == 48 && reference.cells.allSatisfy { $0.n == 3 })
    return PowerStudy(reference, test: try #require(spec.test), seeds: seeds, trials: trials)
  }

  /// Under 1 in 100 unchanged nights: 4000 nights at a true rate of 1 in 100 give fewer than 25 alarms with a probability of
  /// 0.005. scipy finds 22.
  @Test func unchangedNightsAreQuiet() throws {
    let rate = try study(trials: 4000).falseAlarms()
    #expect(rate < 25.0 / 4000 && abs(rate - 22.0 / 4000) <= 1.0 / 4000, "\(rate)")
  }

  @Test func anotherImplementationSeesTheSame() throws {
    let effects: [Double] = [2, 4, 8]
    let rows = try study(trials: 200).rows(effects: effects)
    #expect(
      rows.map(\.metric.name) == ["accuracy", "accuracy", "miou", "miou", "ece", "ece", "bece", "bece"])
    #expect(rows.allSatisfy { $0.cells == 12 })
    for (row, wanted) in zip(rows, Self.reference) {
      for (power, share) in zip(row.power, wanted) {
        #expect(abs(power - share) <= 0.005001, "\(row.metric.name) \(row.change): \(row.power), \(wanted)")
      }
    }
    #expect(abs(rows[2].deviation - 0.67) < 0.005)
    // All cells at once are seen sooner than one; the numbers between two effects are on a line.
    #expect(PowerStudy.seen(rows[3], effects: effects).map { $0 > 2 && $0 < 4 } == true)
    #expect(PowerStudy.seen(rows[4], effects: [0.1, 0.2, 0.3]) == nil)
  }

  /// Ten seeds see what three do not.
  @Test func moreSeedsSeeMore() throws {
    let effects: [Double] = [1, 3]
    let few = try study(trials: 60).rows(effects: effects)
    let many = try study(seeds: 10, trials: 60).rows(effects: effects)
    for (row, other) in zip(few, many) {
      #expect(row.power == row.power.sorted() && other.power[1] > row.power[1] - 0.02, "\(row) \(other)")
    }
    #expect(many[3].power[0] > 0.9 && few[3].power[0] < 0.2)
  }

  @Test func theTableIsMarkdown() throws {
    let lines = try study(trials: 20).markdown(effects: [0.5, 3]).split(separator: "\n")
    #expect(
      lines[0] == "| metric | worse | deviation of a run | by 0.5 | by 3 | seen in 4 of 5 nights from |")
    #expect(lines.count == 2 + 8 + 1)
    #expect(lines[4].hasPrefix("| mIoU (%) | one cell | 0.67 | "))
    #expect(lines[5].hasPrefix("| mIoU (%) | all 12 cells | 0.67 | "))
    #expect(lines[10].hasPrefix("3 runs a cell on both sides, 20 nights each; in "))
  }

  /// `--trials 200`, by 2, 4 and 8.
  private static let reference: [[Double]] = [
    [0.41, 0.985, 1.0],
    [0.89, 1.0, 1.0],
    [0.055, 0.345, 0.995],
    [0.385, 0.975, 1.0],
    [0.005, 0.145, 0.745],
    [0.42, 1.0, 1.0],
    [0.03, 0.225, 0.855],
    [0.365, 1.0, 1.0],
  ]
}
