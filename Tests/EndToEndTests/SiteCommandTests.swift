import Foundation
import TestSupport
import Testing

/// `jml site` on what the repository publishes.
@Suite struct SiteCommandTests {
  private func size(_ file: URL) throws -> Int {
    try #require(try file.resourceValues(forKeys: [.fileSizeKey]).fileSize)
  }

  @Test func publishedResultsBecomeASite() throws {
    try withTemporaryDirectory { folder in
      let root = CommandLineTool.package
      let tool = CommandLineTool(folder: folder, experiments: root.appendingPathComponent("experiments"))
      let results = root.appendingPathComponent("results").path
      let first = try tool("site", "--results", results, "--output", "out/site", "--title", "Ours & <theirs>")
      #expect(first.code == 0, "\(first.err)")
      #expect(first.out == "out/site/index.html\n")
      let site = folder.appendingPathComponent("out/site")
      // Every table of the paper has a page, whether it has been run or not.
      for number in 1...15 {
        let name = "table" + (number < 10 ? "0" : "") + "\(number)"
        for file in ["index.html", "page.json"] {
          #expect(
            FileManager.default.fileExists(atPath: site.appendingPathComponent("tables/\(name)/\(file)").path)
          )
        }
      }
      let overview = try String(contentsOf: site.appendingPathComponent("index.html"), encoding: .utf8)
      #expect(overview.contains("<h1>Ours &amp; &lt;theirs&gt;</h1>"))
      let shared = try ["site.css", "site.js"].reduce(0) { $0 + (try size(site.appendingPathComponent($1))) }
      let paths = try FileManager.default.subpathsOfDirectory(atPath: site.path)
      for path in paths where path.hasSuffix(".html") {
        let bytes = try size(site.appendingPathComponent(path))
        #expect(bytes + shared < 300_000, "\(path) has \(bytes) bytes")
      }

      // The same records, the same bytes; and nothing of somebody else's is replaced.
      let second = try tool(
        "site", "--results", results, "--output", "out/site", "--title", "Ours & <theirs>")
      #expect(second.code == 0 && second.err.contains(", 0 of them new or changed"), "\(second.err)")
      let other = folder.appendingPathComponent("other")
      try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: other.appendingPathComponent("site.css"))
      let refused = try tool("site", "--results", results, "--output", "other")
      #expect(refused.code == 1 && refused.err.contains("site.css"), "\(refused.err)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: other.path) == ["site.css"])
    }
  }

  /// Nothing was run, nothing judged: the site says so.
  @Test func anEmptyFolderBecomesASiteToo() throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      // They are of data sets that the tiny profile has not.
      try FileManager.default.removeItem(at: experiments.appendingPathComponent("figures"))
      try FileManager.default.removeItem(at: experiments.appendingPathComponent("claims"))
      let tool = CommandLineTool(folder: folder, experiments: experiments)
      let made = try tool("site", "--profile", "tiny", "--results", "none", "--output", "site")
      #expect(made.code == 0, "\(made.err)")
      let page = folder.appendingPathComponent("site/tables/tiny/index.html")
      #expect(try String(contentsOf: page, encoding: .utf8).contains("paper 1.0"))
      let missing = try tool("site", "--profile", "tiny", "--results", "none", "--output", "")
      #expect(missing.code == 64)
    }
  }
}
