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

  /// The mean over cells moves less than each of them; runs of other overrides are those of the same places. The numbers come
  /// from scripts/statistics-reference.py.
  @Test func equivalenceOfMeansOverCells() throws {
    let check = ["tables: [97]", "left: [JML]", "right: [CE]", "relation: greater"]
    let registry = try ClaimFiles.registry(claims: ClaimFiles.claim(check))
    func plan(_ overrides: [String]) throws -> Plan {
      try Plan(
        registry: registry, tables: registry.tableNames, profile: "mini",
        overrides: try (["model.weights=random"] + overrides).map { try Override($0) }, seeds: 5,
        dataFingerprints: ["cityscapes": "street-1"])
    }
    let (plan, other) = (try plan([]), try plan(["recipe.precision=bfloat16"]))
    let differences = [0.1, -0.05, 0.2, 0.0, 0.05]
    func summaries(_ shift: Double) throws -> (first: [RunID: RunSummary], second: [RunID: RunSummary]) {
      var (first, second): ([RunID: RunSummary], [RunID: RunSummary]) = ([:], [:])
      // CE, JML and LATE of DL3-R18, which names the seeds 2 and 3, so that 0, 1 and 4 come after them.
      for (column, own) in [(0, 0.1), (1, -0.1), (3, 0.0)] {
        for (a, b) in zip(try runs(plan, 0, column), try runs(other, 0, column)) {
          let seed = try #require(plan[a]).spec.seed
          #expect(try #require(other[b]).spec.seed == seed && a != b)
          let value = 60 + Double(seed * seed)
          first[a] = done(value, ece: 3)
          second[b] = done(value + differences[seed] + own + shift, ece: 3)
        }
      }
      return (first, second)
    }
    func comparison(_ shift: Double) throws -> ResultsComparison {
      let (first, second) = try summaries(shift)
      return ResultsComparison(
        plan: plan, other: other, margin: 0.3, first: { first[$0] ?? .pending },
        second: { second[$0] ?? .pending })
    }
    let near = try comparison(0)
    #expect(near.equivalences.map(\.metric.name) == ["miou", "ece"])
    let miou = try #require(near.equivalences.first)
    #expect(miou.cells == 3 && miou.leftOut == 5 && miou.isShown)
    #expect(abs(miou.mean - 0.06) < 1e-9 && abs(miou.p - 0.0025287944) < 1e-9)
    let interval = try #require(miou.interval)
    #expect(abs(interval.lowerBound + 0.0316941974) < 1e-9 && abs(interval.upperBound - 0.1516941974) < 1e-9)
    #expect(
      near.conclusions.contains(
        "mIoU: mean of B - A +0.06 (90 % interval -0.03 to +0.15), of 5 seeds or folds, each the mean of 3 cells (5 left out): "
          + "equivalent within 0.3 (two one-sided tests, p 0.0025)"))
    #expect(near.markdown(names: ("a", "b")).contains("- In B: Overrides: "))

    // Equal to the last bit: certain, and without an interval.
    let ece = try #require(near.equivalences.last)
    #expect(ece.p == 0 && ece.interval == nil && ece.isShown && ece.differences == [0, 0, 0, 0, 0])

    let far = try #require(try comparison(0.2).equivalences.first)
    #expect(!far.isShown && abs(far.p - 0.2025116572) < 1e-9)
    #expect(try comparison(-5).equivalences.first?.isShown == false)

    // Without a margin nothing is said of it.
    let (first, second) = try summaries(0)
    let plain = ResultsComparison(
      plan: plan, other: other, first: { first[$0] ?? .pending }, second: { second[$0] ?? .pending })
    #expect(plain.equivalences.isEmpty && plain.json(names: ("a", "b"))["equivalences"] == .array([]))
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
