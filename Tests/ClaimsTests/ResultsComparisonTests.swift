import Claims
import Experiments
import Foundation
import JSON
import Tables
import TestSupport
import Testing

/// Two sets of results side by side.
@Suite(.serialized) struct ResultsComparisonTests {
  private func plan() throws -> Plan {
    let check = ["tables: [97]", "left: [JML]", "right: [CE]", "relation: greater"]
    return try ClaimFiles.plan(ClaimFiles.registry(claims: ClaimFiles.claim(check)))
  }

  private func done(_ miou: Double, ece: Double) -> RunSummary {
    RunSummary(state: .done, metrics: ["last": ["miou": miou, "ece": ece]])
  }

  /// Runs of a column in a row, in the order of their seeds.
  private func runs(_ plan: Plan, _ row: Int, _ column: Int) throws -> [RunID] {
    guard case .runs(let ids, _, _) = try #require(plan.cells["table97"])[row][column] else { return [] }
    return ids
  }

  @Test func everyVerdict() throws {
    let plan = try plan()
    var first: [RunID: RunSummary] = [:]
    var second: [RunID: RunSummary] = [:]
    func fill(_ row: Int, _ column: Int, _ a: [(Double, Double)], _ b: [(Double, Double)]) throws {
      let ids = try runs(plan, row, column)
      for (id, value) in zip(ids, a) { first[id] = done(value.0, ece: value.1) }
      for (id, value) in zip(ids, b) { second[id] = done(value.0, ece: value.1) }
    }
    // DL3-R18: CE better in both metrics, JML undecided in mIoU and worse in ECE, BLS equal, LATE of one run in B.
    try fill(0, 0, [(70, 3), (70.1, 3.1), (70.2, 2.9)], [(75, 1), (75.1, 1.1), (75.3, 0.9)])
    try fill(0, 1, [(70, 3), (71, 3.1), (72, 2.9)], [(70.5, 5), (71.9, 5.2), (71, 5.1)])
    try fill(0, 2, [(70, 3), (71, 3.5), (72, 4)], [(70, 3), (71, 3.5), (72, 4)])
    try fill(0, 3, [(70, 3), (71, 3.5)], [(72, 4)])
    // DL3-MB2: only A, only B, neither.
    try fill(2, 0, [(60, 3), (61, 3), (62, 3)], [])
    try fill(2, 1, [], [(60, 3), (61, 3), (62, 3)])

    let comparison = ResultsComparison(
      plan: plan, first: { first[$0] ?? .pending }, second: { second[$0] ?? .pending })
    func verdicts(_ labels: [String]) -> [ComparedCell.Verdict] {
      comparison.cells.filter { $0.place.labels == labels }.map(\.verdict)
    }
    #expect(verdicts(["DL3-R18", "mIoU"]) == [.better, .undecided, .equal, .untested])
    #expect(verdicts(["DL3-R18", "ECE"]).prefix(3) == [.better, .worse, .equal])
    #expect(verdicts(["DL3-MB2", "mIoU"]).prefix(3) == [.onlyFirst, .onlySecond, .neither])
    #expect(comparison.tests == 4 && comparison.significant == 3)

    // The very tests of claims, corrected over the four.
    let cell = try #require(comparison.cells.first)
    let welch = try #require(Statistics.welch([75, 75.1, 75.3], [70, 70.1, 70.2]))
    #expect(cell.number.test == welch)
    #expect(abs(try #require(cell.number.difference) - 5.033_333_333) < 1e-8)
    let tested = comparison.cells.compactMap(\.number.test?.twoSided)
    #expect(comparison.cells.compactMap(\.number.corrected) == Statistics.holm(tested))
    try expectSnapshot(comparison.markdown(names: ("before", "after")), "comparison.md")
    let json = comparison.json(names: ("before", "after"))
    #expect(json["a"] == .string("before") && json["significant"] == .int(3) && json["tests"] == .int(4))
    guard case .array(let cells)? = json["cells"] else {
      Issue.record("no cells: \(json)")
      return
    }
    #expect(cells.count == comparison.cells.count)
    #expect(cells[0]["p"]?.double == welch.twoSided && cells[0]["verdict"] == .string("better"))
    #expect(cells[0]["a"]?["n"] == .int(3) && cells[3]["p"] == .null)
    #expect(comparison.lines.allSatisfy { $0.count == comparison.lines[0].count })
  }

  /// Cells that share a number are one test, and each shows it.
  @Test func sharedNumbersAreTestedOnce() throws {
    let registry = try ClaimFiles.registry()
    let names = try Plan.datasets(
      of: ["table01", "table08"], profile: registry.profiles["mini"], in: registry)
    let plan = try Plan(
      registry: registry, tables: ["table01", "table01"], profile: "mini",
      dataFingerprints: Dictionary(uniqueKeysWithValues: names.map { ($0, "any") }))
    func summary(_ shift: Double) -> (RunID) -> RunSummary {
      { id in
        let place = Double(plan.runs.firstIndex { $0.id == id } ?? 0)
        let values = Metric.all.map {
          ($0.name, 50 + shift * place + (place * 7).truncatingRemainder(dividingBy: 11))
        }
        return RunSummary(state: .done, metrics: ["last": Dictionary(uniqueKeysWithValues: values)])
      }
    }
    let comparison = ResultsComparison(plan: plan, first: summary(0), second: summary(0.01))
    #expect(comparison.tests * 2 == comparison.cells.count { $0.number.test != nil })
    let half = comparison.cells.count / 2
    #expect(comparison.cells.prefix(half).map(\.number) == comparison.cells.suffix(half).map(\.number))
  }
}
