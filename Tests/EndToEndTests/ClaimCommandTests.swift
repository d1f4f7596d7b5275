import Foundation
import TestSupport
import Testing

/// `jml claims` before and after the runs that a claim needs.
@Suite(.serialized)
struct ClaimCommandTests {
  private static let claims = """
    claims:
      - id: T01
        section: "1"
        text: Distillation adds.
        quantifier: all
        checks:
          - check: JML-KD > CE
            tables: [99]
            left: [JML-KD]
            right: [CE]
            relation: at_least
      - id: T02
        section: "2"
        text: A theorem.
        quantifier: all
        not_judged: no cell decides it

    """

  private func withTiny(_ body: (CommandLineTool) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      let claims = experiments.appendingPathComponent("claims")
      try FileManager.default.removeItem(at: claims)
      try FileManager.default.createDirectory(at: claims, withIntermediateDirectories: true)
      try Data(Self.claims.utf8).write(to: claims.appendingPathComponent("own.yaml"))
      // The figures are of data sets that the tiny profile has not.
      try FileManager.default.removeItem(at: experiments.appendingPathComponent("figures"))
      try body(CommandLineTool(folder: folder, experiments: experiments))
    }
  }

  private func ours(_ output: CommandLineTool.Output, _ id: String) throws -> [String: Any] {
    let claims = try #require(try output.json()["claims"] as? [[String: Any]])
    return try #require(claims.first { $0["id"] as? String == id }?["ours"] as? [String: Any])
  }

  @Test func verdictsAreRecordedAndExpected() throws {
    try withTiny { tool in
      let early = try tool("claims", "--profile", "tiny", "--json", "--record", "verdicts.json")
      #expect(early.code == 0, "\(early.err)")
      #expect(try ours(early, "T01")["verdict"] as? String == "not decidable")
      #expect(try ours(early, "T01")["reason"] as? String == "2 runs are not finished")
      #expect(try ours(early, "T02")["reason"] as? String == "no cell decides it")
      #expect(try tool("claims", "--profile", "tiny", "--expect", "verdicts.json").code == 0)

      #expect(try tool("run", "--profile", "tiny").code == 0)
      let late = try tool("claims", "--profile", "tiny", "--json", "--expect", "verdicts.json")
      #expect(late.code == 1)
      let verdict = try #require(try ours(late, "T01")["verdict"] as? String)
      #expect(["holds", "fails"].contains(verdict))
      let lines = late.err.split(separator: "\n").filter { $0.hasPrefix("jml: error: ") }
      #expect(lines.count == 1, "\(late.err)")
      #expect(
        lines.first?.hasPrefix("jml: error: T01: ours: expected 'not decidable', got '\(verdict)'") == true)

      // The files are those that are printed, and the same bytes every time.
      let folder = tool.folder.appendingPathComponent("results/tiny")
      #expect(
        try String(contentsOf: folder.appendingPathComponent("claims.json"), encoding: .utf8) == late.out)
      let markdown = try Data(contentsOf: folder.appendingPathComponent("claims.md"))
      let again = try tool("claims", "--profile", "tiny")
      #expect(Data(again.out.utf8) == markdown)
      #expect(again.out.contains("| T01 | Distillation adds. | all | holds 1/1 | \(verdict) "))
      try checkPublished(tool, claims: late, folder)
    }
  }

  /// Where nobody has trained, the published runs decide, foretell and say what they are.
  private func checkPublished(
    _ tool: CommandLineTool, claims: CommandLineTool.Output, _ folder: URL
  ) throws {
    let table = try tool("table", "--profile", "tiny", "--dry-run")
    #expect(!table.out.contains("As published"))
    let publish = try tool("publish", "--profile", "tiny")
    #expect(publish.code == 0 && publish.err.contains("runs.jsonl"), "\(publish.err)")
    let plan = try tool("plan", "--profile", "tiny", "--all", "--json").json()
    try FileManager.default.removeItem(at: folder.appendingPathComponent("runs"))

    #expect(
      try ours(tool("claims", "--profile", "tiny", "--json"), "T01")["verdict"] as? String == "not decidable")
    let published = try tool("claims", "--profile", "tiny", "--json", "--published")
    #expect(
      try ours(published, "T01")["verdict"] as? String == ours(claims, "T01")["verdict"] as? String)
    let again = try tool("table", "--profile", "tiny", "--dry-run", "--published").out
    let lines = again.split(separator: "\n").filter { !$0.hasPrefix("- As published, not trained here: ") }
    #expect(lines == table.out.split(separator: "\n"))
    #expect(again.contains("- As published, not trained here: "))
    func seconds(_ plan: [String: Any]) throws -> Double? {
      try #require(plan["totals"] as? [String: Any])["seconds"] as? Double
    }
    #expect(try seconds(plan) == seconds(tool("plan", "--profile", "tiny", "--all", "--json").json()))
    #expect(try seconds(plan) != nil)

    // What is published need not be trained.
    let nothing = try tool("run", "--profile", "tiny", "--published")
    #expect(nothing.code == 0, "\(nothing.err)")
    let count = try #require(plan["runs"] as? [Any]).count
    #expect(nothing.err.contains("published: \(count) of \(count) runs are left out"), "\(nothing.err)")
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("runs").path))
  }

  @Test func whatIsWrongIsOneLine() throws {
    try withTiny { tool in
      let unknown = try tool("claims", "T07", "--profile", "tiny")
      #expect(unknown.code != 0)
      #expect(unknown.err.contains("there is no 'T07'; allowed: T01, T02"))
      try Data(#"{"T09": {"paper": "holds", "ours": "holds"}}"#.utf8)
        .write(to: tool.folder.appendingPathComponent("old.json"))
      let stranger = try tool("claims", "--profile", "tiny", "--expect", "old.json")
      #expect(stranger.code != 0)
      #expect(stranger.err.contains("old.json: claim: there is no 'T09'; allowed: T01, T02"))
      let absent = try tool("claims", "--profile", "tiny", "--expect", "none.json")
      #expect(absent.code != 0 && absent.err.contains("none.json"))
      #expect(!FileManager.default.fileExists(atPath: tool.folder.appendingPathComponent("results").path))
    }
  }
}
