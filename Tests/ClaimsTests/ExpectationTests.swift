import Claims
import Experiments
import JSON
import Testing

@Suite struct ExpectationTests {
  private func report() throws -> ClaimReport {
    let checks = ["tables: [97]", "metric: mIoU", "relation: greater", "left: [BLS]", "right: [CE]"]
    let registry = try ClaimFiles.registry(
      claims: ["Z01", "Z02"].map { ClaimFiles.claim(checks, id: $0) }.joined(separator: "\n"))
    return try ClaimReport(registry: registry, plan: try ClaimFiles.plan(registry)) { _ in .pending }
  }

  private func read(_ text: String, _ report: ClaimReport) throws -> Expectations {
    try Expectations(text, file: "old.json", of: report, known: report.rows.map(\.id))
  }

  @Test func whatIsRecordedIsMet() throws {
    let report = try report()
    let recorded = Expectations(report)
    #expect(recorded.flips(in: report).isEmpty)
    #expect(try read(recorded.json.pretty, report) == recorded)
    #expect(recorded.json["Z01"] == .object(["paper": .string("holds"), "ours": .string("not decidable")]))
  }

  @Test func aFlippedVerdictIsOneLine() throws {
    let report = try report()
    let text = """
      {"Z01": {"paper": "fails", "ours": "not decidable"}, "Z02": {"paper": "holds", "ours": "holds"}}
      """
    #expect(
      try read(text, report).flips(in: report) == [
        "Z01: paper: expected 'fails', got 'holds' (2 of 2)",
        "Z02: ours: expected 'holds', got 'not decidable' (0 of 0; 12 runs are not finished)",
      ])
  }

  @Test(arguments: [
    ("[1]", "old.json: (top level): got [1]; allowed: an object of verdicts by claim"),
    ("{", "old.json: cannot be read: not valid JSON"),
    (#"{"Z07": {}}"#, "old.json: claim: there is no 'Z07'; allowed: Z01, Z02"),
    (#"{"Z01": 1}"#, "old.json: Z01: got 1; allowed: an object with paper and ours"),
    (#"{"Z01": {"paper": "holds"}}"#, "old.json: Z01.ours: required key is missing"),
    (#"{"Z01": {"them": "holds"}}"#, "old.json: Z01.them: unknown key; allowed: paper, ours"),
    (
      #"{"Z01": {"paper": "true", "ours": "holds"}}"#,
      "old.json: Z01.paper: \"true\" is out of range; allowed: one of holds, fails, not decidable"
    ),
    (#"{"Z01": {"paper": "holds", "ours": "holds"}}"#, "old.json: Z02: required key is missing"),
  ])
  func whatIsWrongIsNamed(_ text: String, _ wanted: String) throws {
    let report = try report()
    let error = #expect(throws: RegistryError.self) { try read(text, report) }
    #expect(error?.description.hasPrefix(wanted) == true, "\(error.map(String.init(describing:)) ?? "")")
  }
}
