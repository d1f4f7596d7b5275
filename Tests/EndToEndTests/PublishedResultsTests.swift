import Foundation
import TestSupport
import Testing

/// What is published in the repository belongs together.
@Suite struct PublishedResultsTests {
  /// As results/README.md says: a table is what its runs say, to the byte. Beside runs of one's own it would
  /// say so.
  @Test func aTableFollowsFromThePublishedRuns() throws {
    try withTemporaryDirectory { folder in
      let root = CommandLineTool.package
      let published = root.appendingPathComponent("results/mini")
      let own = folder.appendingPathComponent("results/mini")
      try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: published.appendingPathComponent("runs.jsonl"), to: own.appendingPathComponent("runs.jsonl"))
      let tool = CommandLineTool(folder: folder, experiments: root.appendingPathComponent("experiments"))
      let table = try tool(
        "table", "--table", "4", "--profile", "mini", "--published", "--dry-run", "--format", "markdown")
      #expect(table.code == 0, "\(table.err)")
      let wanted = try String(contentsOf: published.appendingPathComponent("table04.md"), encoding: .utf8)
      #expect(table.out == wanted)
    }
  }

  /// The claims are judged by the published runs as `verdicts.json` says.
  @Test func verdictsAreThoseOfThePublishedRuns() throws {
    try withTemporaryDirectory { folder in
      let root = CommandLineTool.package
      let tool = CommandLineTool(folder: folder, experiments: root.appendingPathComponent("experiments"))
      let results = root.appendingPathComponent("results")
      let judged = try tool(
        "claims", "--profile", "mini", "--results", results.path, "--published", "--dry-run", "--expect",
        results.appendingPathComponent("mini/verdicts.json").path)
      #expect(judged.code == 0, "\(judged.err)")
      #expect(judged.out.contains("By ours: "))
    }
  }
}
