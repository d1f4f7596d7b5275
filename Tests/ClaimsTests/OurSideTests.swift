import Claims
import Experiments
import JSON
import Tables
import Testing

/// Claims judged by finished runs: tests, missing runs, correction, texts.
@Suite struct OurSideTests {
  /// mIoU of each column by network and seed.
  private static let miou: [String: [[Double]]] = [
    "CE": [[60.0, 61.0, 59.5], [58.0, 58.2, 57.9]],
    "JML": [[62.1, 62.9, 61.7], [58.9, 59.4, 58.5]],
    "BLS": [[61.0, 63.5, 62.0], [59.0, 58.0, 58.4]],
    "LATE": [[55.0, 56.0], [50.0, 51.0]],
  ]

  private func summaries(_ plan: Plan, without missing: [(column: Int, seed: Int)] = []) throws -> [RunID:
    RunSummary]
  {
    let table = try #require(plan.tables.first)
    let cells = try #require(plan.cells["table97"])
    var summaries: [RunID: RunSummary] = [:]
    for (network, row) in [0, 2].enumerated() {
      for (column, title) in table.columns.map(\.title).enumerated() {
        guard case .runs(let ids, _, _) = cells[row][column] else { continue }
        for (index, id) in ids.enumerated()
        where !missing.contains(where: { $0.column == column && $0.seed == index }) {
          let value = try #require(Self.miou[title]?[network][index])
          summaries[id] = RunSummary(
            state: .done, metrics: ["last": ["miou": value, "ece": 10 - value / 10]])
        }
      }
    }
    return summaries
  }

  private func report(_ claims: [String], without missing: [(column: Int, seed: Int)] = []) throws
    -> ClaimReport
  {
    let registry = try ClaimFiles.registry(claims: claims.joined(separator: "\n"))
    let plan = try ClaimFiles.plan(registry)
    let summaries = try summaries(plan, without: missing)
    return try ClaimReport(registry: registry, plan: plan) { summaries[$0] ?? .pending }
  }

  private func claim(
    _ id: String, _ left: String, _ right: String, _ rest: String..., quantifier: String = "all"
  )
    -> String
  {
    ClaimFiles.claim(
      ["tables: [97]", "metric: mIoU", "relation: greater", "left: [\(left)]", "right: [\(right)]"] + rest,
      quantifier: quantifier, id: id)
  }

  @Test func equalSeedsArePaired() throws {
    let report = try report([claim("Z01", "JML", "CE")])
    let ours = try #require(report.rows.first?.ours)
    #expect(ours.verdict == .holds && ours.testKinds == [.paired])
    let first = try #require(ours.own.first)
    let test = try #require(first.test)
    let expected = try #require(Statistics.oneSample([2.1, 1.9, 2.2]))
    #expect(abs(test.student.t - expected.t) < 1e-9 && test.student.freedom == 2)
    #expect(abs(first.difference - 2.0 - 1.0 / 15) < 1e-9)
    let unit = try #require(Statistics.pooledDeviation([62.1, 62.9, 61.7], [60.0, 61.0, 59.5]))
    #expect(abs(try #require(first.effect) - first.difference / unit) < 1e-9)
    #expect(first.left.sample.values.map(\.seed) == [0, 1, 2])
    // All are needed: the largest p; one claim alone is not corrected.
    let p = try #require(ours.p)
    #expect(p == ours.own.compactMap { $0.test?.p }.max())
    #expect(report.rows[0].corrected == p)
  }

  @Test func otherSeedsAreWelch() throws {
    let ours = try #require(
      try report([claim("Z01", "CE", "LATE", "rows: [DL3-R18]")]).rows.first?.ours)
    let test = try #require(ours.own.first?.test)
    #expect(test.kind == .welch && ours.testKinds == [.welch])
    #expect(test.student == Statistics.welch([60.0, 61.0, 59.5], [55.0, 56.0]))
  }

  @Test func fixedNumbersAreOneSample() throws {
    let check = ["tables: [97]", "metric: mIoU", "relation: less", "left: [CE]", "value: 63", "by: 1"]
    let ours = try #require(try report([ClaimFiles.claim(check)]).rows.first?.ours)
    let test = try #require(ours.own.first?.test)
    #expect(test.kind == .oneSample)
    #expect(test.student == Statistics.oneSample([-60.0, -61.0, -59.5], shift: -62))
    #expect(ours.own.allSatisfy { ($0.towards ?? 0) > 0 })
  }

  @Test func aLossAgainstTheClaimHasALargeP() throws {
    let ours = try #require(try report([claim("Z01", "CE", "JML", quantifier: "some")]).rows.first?.ours)
    #expect(ours.verdict == .fails && ours.count.holds == 0 && ours.count.of == 2)
    #expect(ours.own.allSatisfy { ($0.test?.p ?? 0) > 0.9 })
    #expect(ours.p == 1)
  }

  @Test func relationsWithoutDirectionAreNotTested() throws {
    let check = ["tables: [97]", "metric: mIoU", "relation: within_std", "left: [JML]", "right: [BLS]"]
    let ours = try #require(try report([ClaimFiles.claim(check)]).rows.first?.ours)
    #expect(ours.own.allSatisfy { $0.test == nil && $0.towards == nil } && ours.p == nil)
  }

  @Test func partlyFinishedIsNotDecidable() throws {
    let claims = [claim("Z01", "JML", "CE"), claim("Z02", "BLS", "CE")]
    let report = try report(claims, without: [(column: 1, seed: 2)])
    #expect(report.rows[0].ours.verdict == .notDecidable)
    // Seed 2 of JML, for both networks.
    #expect(report.rows[0].ours.missingRuns.count == 2)
    #expect(report.rows[0].ours.reason == "2 runs are not finished")
    #expect(report.rows[0].ours.p == nil && report.rows[0].corrected == nil)
    #expect(report.rows[0].paper.verdict != .notDecidable)
    #expect(report.rows[1].ours.verdict != .notDecidable)
    // Of a choice among columns, too.
    let choice = try self.report(
      [claim("Z01", "BLS", "CE, JML", "pairing: highest")], without: [(column: 1, seed: 2)])
    #expect(choice.rows[0].ours.reason == "2 runs are not finished")
  }

  @Test func quotedAndPaperOnlyAreNotDecidable() throws {
    let quoted = try report([claim("Z01", "JML", "OTHER", "rows: [DL3-R18]")])
    #expect(quoted.rows[0].paper.verdict == .fails)
    #expect(
      quoted.rows[0].ours.reason == "OTHER of Table 97 is quoted from the paper and not run here")
    let printed = try report([claim("Z01", "JML", "CE", "paper_only: a number of the text")])
    #expect(printed.rows[0].ours.reason == "a number of the text")
    #expect(printed.rows[0].paper.count.of == 2)
  }

  /// Only what the paper prints: LATE of DL3-MB2 has runs and no printed number.
  @Test func cellsAreThoseThatThePaperPrints() throws {
    let ours = try #require(try report([claim("Z01", "CE", "LATE")]).rows.first?.ours)
    #expect(ours.own.map(\.place) == ["Table 97: DL3-R18 / mIoU"])
  }

  @Test func correctionIsOverClaims() throws {
    let report = try report([
      claim("Z01", "JML", "CE"), claim("Z02", "BLS", "CE"), claim("Z03", "CE", "OTHER"),
    ])
    let raw = try report.rows.prefix(2).map { try #require($0.ours.p) }
    #expect(report.rows.map(\.corrected) == Statistics.holm(raw).map(Optional.some) + [nil])
    // A choice of claims is shown, and the correction stays.
    let one = try report.selecting(["Z01"])
    #expect(one.rows.map(\.id) == ["Z01"] && one.rows[0].corrected == report.rows[0].corrected)
    let error = #expect(throws: RegistryError.self) { try report.selecting(["Z09"]) }
    #expect(error?.description.contains("there is no 'Z09'; allowed: Z01, Z02, Z03") == true)
  }

  @Test func textsAreTheSameEveryTime() throws {
    let claims = [claim("Z01", "JML", "CE"), claim("Z02", "BLS", "JML"), claim("Z03", "CE", "OTHER")]
    let (first, second) = (try report(claims), try report(claims))
    #expect(first.markdown == second.markdown && first.json.pretty == second.json.pretty)
    #expect(first.markdown.contains("| Z01 | A statement. | all | fails 1/2 | holds 2/2 |"))
    #expect(first.markdown.contains("| paired | 3 |"))
    #expect(first.markdown.contains("- Table 97: DL3-MB2 / mIoU: BLS 58.47 ± 0.41 (n=3) against JML"))
    let side = first.json["claims"]?.elements.first?["ours"]?["comparisons"]?.elements.first?["left"]
    #expect(side?["name"] == .string("JML") && side?["n"] == .int(3))
    #expect(abs((side?["mean"]?.double ?? 0) - 62.2333333333) < 1e-6)
  }
}

extension JSONValue {
  fileprivate var elements: [JSONValue] {
    if case .array(let items) = self { items } else { [] }
  }
}
