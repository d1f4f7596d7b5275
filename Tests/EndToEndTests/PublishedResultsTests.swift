import Foundation
import TestSupport
import Testing

/// What is published in the repository belongs together.
@Suite struct PublishedResultsTests {
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
