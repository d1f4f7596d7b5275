import Claims
import Experiments
import Tables
import Testing

/// The repository's claims with every run of every table finished.
@Suite struct FinishedGridTests {
  /// Claims that our runs cannot decide even then: of absolute or printed numbers, of figures,
  /// and of mathematics.
  private static let undecidable: Set<String> = [
    "A04", "A14", "A16", "B02", "B03", "B04", "X01", "D02", "D03", "D04", "L01",
    "M01", "M02",
    "M03", "M04", "M05", "M06", "M07", "M08",
  ]

  @Test func everyOtherClaimIsDecidedByOurRuns() throws {
    let registry = try ClaimFiles.registry()
    let names = try Plan.datasets(
      of: registry.tableNames, profile: registry.profiles["mini"], in: registry)
    let plan = try Plan(
      registry: registry, tables: registry.tableNames, profile: "mini",
      dataFingerprints: Dictionary(uniqueKeysWithValues: names.map { ($0, "any") }))
    var summaries: [RunID: RunSummary] = [:]
    for (index, run) in plan.runs.enumerated() {
      // The same in every process, and of no even steps, so that paired differences vary.
      let values = Metric.all.enumerated().map {
        ($1.name, 40 + Double((index * index * 13 + index * 7 + $0) % 101) / 8)
      }
      let metrics = Dictionary(uniqueKeysWithValues: values)
      summaries[run.id] = RunSummary(state: .done, metrics: ["last": metrics, "best": metrics])
    }
    let report = try ClaimReport(registry: registry, plan: plan) { summaries[$0] ?? .pending }
    for row in report.rows {
      let isUndecidable = Self.undecidable.contains(String(row.id.prefix(3)))
      #expect(
        (row.ours.verdict == .notDecidable) == isUndecidable, "\(row.id): \(row.ours.reason ?? "decided")")
      #expect(row.ours.missingRuns.isEmpty, "\(row.id)")
      // The same comparisons on both sides, but for what is beside the claim and the paper's alone.
      if !isUndecidable, !row.id.hasPrefix("A13") {
        #expect(row.ours.comparisons.count == row.paper.comparisons.count, "\(row.id)")
      }
    }
    let tested = report.rows.compactMap(\.corrected)
    #expect(tested.count > 20)
    #expect(tested.allSatisfy { (0...1).contains($0) })
    // Folds are paired by fold.
    let folds = try #require(report.rows.first { $0.id == "D01-mean-gain-over-two-std" }).ours
    #expect(folds.own.map(\.left.sample.values.count) == [5, 5])
    #expect(folds.own.first?.left.sample.values.map(\.fold) == [0, 1, 2, 3, 4])
  }
}
