import Foundation
import TestSupport
import Testing

/// Results for other programs and beside other results, after one small grid was trained.
@Suite(.serialized) struct ExportCommandTests {
  /// The environment of `Tests/TensorBoard`, which `make test-tensorboard` installs.
  private static let tensorBoard = CommandLineTool.package.appendingPathComponent("Tests/TensorBoard")
  private static let python = tensorBoard.appendingPathComponent(".venv/bin/python")

  @Test func formatsComparisonsAndEvents() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(
        folder: folder, experiments: try TinyExperiments.make(in: folder, figures: false))
      let run = try tool("run", "--profile", "tiny", "--json")
      #expect(run.code == 0, "\(run.err)")
      let ids = try #require(try run.json()["finished"] as? [String])
      try formats(tool)
      try compare(tool)
      try export(tool, ids)
    }
  }

  private func formats(_ tool: CommandLineTool) throws {
    func table(_ arguments: String...) throws -> CommandLineTool.Output {
      try tool.start(["table", "--profile", "tiny"] + arguments).wait()
    }
    let csv = try table("--format", "csv", "--dry-run")
    #expect(csv.code == 0 && csv.out.hasPrefix("table,row,column,"), "\(csv.err)")
    #expect(csv.out.contains("\r\ntiny,DL3-MB2,CE,miou,"))
    #expect(try table("--format", "latex", "--dry-run").out.contains("\\label{tab:tiny}"))
    #expect(try table("--format", "html", "--dry-run").out.contains("<figure id=\"tiny\">"))
    #expect(
      !FileManager.default.fileExists(atPath: tool.folder.appendingPathComponent("results/tiny/tiny.md").path)
    )
    let json = try table("--json")
    #expect(try table("--format", "json", "--dry-run").out == json.out)
    #expect(try table("--format", "csv").out == csv.out)
    let file = tool.folder.appendingPathComponent("results/tiny/tiny.json")
    #expect(try String(contentsOf: file, encoding: .utf8) == json.out)
    let both = try table("--format", "csv", "--json")
    #expect(both.code == 64 && both.err.contains("exclude each other"), "\(both.err)")
    #expect(try table("--format", "pdf").code == 64)
  }

  private func compare(_ tool: CommandLineTool) throws {
    func compare(_ arguments: String...) throws -> CommandLineTool.Output {
      try tool.start(["compare", "--profile", "tiny"] + arguments).wait()
    }
    #expect(try tool("publish", "--profile", "tiny").code == 0)
    let same = try compare("results", "results/tiny/runs.jsonl", "--json")
    #expect(same.code == 0, "\(same.err)")
    let counts = try #require(try same.json()["counts"] as? [String: Int])
    #expect(counts["equal"] == 2 && counts.values.reduce(0, +) == 2)

    // A folder whose runs are all published, and one without any.
    let files = FileManager.default
    let other = tool.folder.appendingPathComponent("other/tiny")
    try files.createDirectory(at: other, withIntermediateDirectories: true)
    try files.copyItem(
      at: tool.folder.appendingPathComponent("results/tiny/runs.jsonl"),
      to: other.appendingPathComponent("runs.jsonl"))
    let lonely = try compare("results", "other")
    #expect(lonely.code == 0 && lonely.out.contains("2 cells only in A"), "\(lonely.out)")
    let whole = try compare("results", "other", "--published")
    #expect(whole.out.contains("0 of 2 cells that both have differ") && whole.out.contains("equal"))
    #expect(
      try compare("results", "other", "--format", "markdown").out.hasPrefix("# Results in two places\n"))

    // Runs of another precision are others, and there are none.
    let more = try compare("results", "results", "--set-b", "recipe.precision=bfloat16", "--margin", "0.3")
    #expect(more.code == 0 && more.out.contains("2 cells only in A"), "\(more.out) \(more.err)")
    #expect(try compare("results", "results", "--margin", "0").code == 64)
    #expect(try compare("results", "results", "--set-b", "recipe.nothing=1").code == 64)

    for wrong in ["nowhere", "experiments", "results/tiny/tiny.md"] {
      let output = try compare("results", wrong)
      #expect(output.code == 65 && output.err.contains(wrong), "\(output.code) \(output.err)")
    }
    try Data("{".utf8).write(to: other.appendingPathComponent("runs.jsonl"))
    let damaged = try compare("results", "other/tiny/runs.jsonl")
    #expect(damaged.code == 65 && damaged.err.contains("runs.jsonl:1"), "\(damaged.err)")
    #expect(try compare("results", "results", "--results", "results").code == 64)
  }

  private func export(_ tool: CommandLineTool, _ ids: [String]) throws {
    func export(_ arguments: String...) throws -> CommandLineTool.Output {
      try tool.start(["export", "tensorboard", "--profile", "tiny"] + arguments).wait()
    }
    let all = try export("--table", "99", "--output", "events")
    #expect(all.code == 0, "\(all.err)")
    let files = all.out.split(separator: "\n").map(String.init)
    #expect(files.sorted() == ids.map { "events/\($0)/events.out.tfevents.jml" }.sorted())
    func bytes(_ file: String) throws -> Data {
      try Data(contentsOf: tool.folder.appendingPathComponent(file))
    }
    let first = try bytes(files[0])
    let id = try #require(ids.first { files[0].contains($0) })
    // By the beginning of its hash, and the same bytes.
    let again = try export("--run", String(id.suffix(16).prefix(9)), "--output", "events")
    #expect(again.code == 0 && again.out == files[0] + "\n", "\(again.err)")
    #expect(try bytes(files[0]) == first)

    // What is no regular file stays what it is.
    let link = tool.folder.appendingPathComponent(files[0])
    try FileManager.default.removeItem(at: link)
    try FileManager.default.createSymbolicLink(
      at: link, withDestinationURL: tool.folder.appendingPathComponent("aim"))
    let refused = try export("--run", id, "--output", "events")
    #expect(refused.code == 1 && refused.err.contains("it is a link, not a regular file"), "\(refused.err)")
    #expect(!FileManager.default.fileExists(atPath: tool.folder.appendingPathComponent("aim").path))
    try FileManager.default.removeItem(at: link)
    #expect(try export("--run", id, "--output", "events").code == 0)

    #expect(try export("--output", "events").code == 64)
    let unknown = try export("--run", "nobody", "--output", "events")
    #expect(unknown.code == 64 && unknown.err.contains("no run of that id is stored"), "\(unknown.err)")
    let nothing = try export("--table", "99", "--results", "none", "--output", "empty")
    #expect(nothing.code == 1 && nothing.err.contains("3 of 3 runs"), "\(nothing.err)")

    if FileManager.default.isExecutableFile(atPath: Self.python.path) { try readBack(tool, ids) }
  }

  /// TensorBoard's own reader finds what the log and the record say.
  private func readBack(_ tool: CommandLineTool, _ ids: [String]) throws {
    let output = try CommandLineTool.Running(
      [Self.python.path, Self.tensorBoard.appendingPathComponent("read_events.py").path, "events"],
      in: tool.folder
    ).wait()
    #expect(output.code == 0, "\(output.err)")
    let found = try output.json()
    #expect(found.keys.sorted() == ids.sorted())
    for id in ids {
      let folder = tool.folder.appendingPathComponent("results/tiny/runs/\(id)")
      let lines = try String(contentsOf: folder.appendingPathComponent("log.jsonl"), encoding: .utf8)
        .split(separator: "\n").map {
          try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Double])
        }
      let run = try #require(found[id] as? [String: Any])
      let scalars = try #require(run["scalars"] as? [String: [[Double]]])
      #expect(lines.count == 12)
      let tags = ["loss": "loss/total", "learning_rate": "learning_rate", "seconds": "seconds_per_iteration"]
      for key in lines[0].keys where key != "iteration" {
        let points = try #require(scalars[tags[key] ?? "loss_terms/\(key)"])
        #expect(points.map { $0[0] } == lines.map { $0["iteration"] })
        #expect(points.map { Float($0[2]) } == lines.map { $0[key].map { Float($0) } })
      }
      let record = try #require(
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: folder.appendingPathComponent("run.json"))) as? [String: Any])
      let metrics = try #require(record["metrics"] as? [String: Double])
      let points = try #require(scalars["evaluation/miou"])
      #expect(points.count == 1 && points[0][0] == 12)
      #expect(Float(points[0][2]) == metrics["miou"].map { Float($0) })
      let texts = try #require(run["texts"] as? [String: String])
      #expect(texts["run"]?.contains(id) == true && texts["spec"]?.contains("\"learning_rate\"") == true)
    }
  }
}
