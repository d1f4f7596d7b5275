import Foundation
import Results
import TestSupport
import Testing

/// Results that were changed after they were written: refused by name, lost by nobody.
@Suite(.serialized)
struct DamageTests {
  @Test func changedResults() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(
        folder: folder, experiments: try TinyExperiments.make(in: folder, figures: false))
      #expect(try tool("run", "--profile", "tiny").code == 0)
      let store = ResultStore(root: folder.appendingPathComponent("results/tiny"))
      let plan = try tool("plan", "--profile", "tiny", "--json").json()
      let runs = try #require(plan["runs"] as? [[String: Any]])
      let teachers = runs.compactMap { ($0["inputs"] as? [String: String])?["teacher"] }
      let teacher = try #require(teachers.first)
      let students = runs.filter { ($0["inputs"] as? [String: String]) == ["teacher": teacher] }
      let student = try #require(students.first?["id"] as? String)
      let table = folder.appendingPathComponent("results/tiny/tiny.md")
      #expect(try tool("table", "--profile", "tiny").code == 0)
      let before = try Data(contentsOf: table)

      // One digit of a metric.
      let record = try store.folder(student).appendingPathComponent("run.json")
      let good = try String(contentsOf: record, encoding: .utf8)
      let place = try #require(good.range(of: "\"miou\" : "))
      var changed = good
      changed.replaceSubrange(place, with: "\"miou\" : 1")
      try changed.write(to: record, atomically: true, encoding: .utf8)
      for arguments in [["table", "--profile", "tiny"], ["table", "--profile", "tiny", "--json"]] {
        let output = try tool.start(arguments).wait()
        #expect(output.code == 65 && output.out.isEmpty)
        let lines = output.err.split(separator: "\n").filter { $0.hasPrefix("jml: error: ") }
        #expect(
          lines.count == 1 && lines[0].contains("\(student)/run.json: damaged: metrics.miou is 1"),
          "\(output.err)")
      }
      #expect(try Data(contentsOf: table) == before)
      let status = try tool("status", "--profile", "tiny")
      #expect(
        status.code == 0 && status.out.contains("damaged") && status.out.contains("metrics.miou"),
        "\(status.out)")
      // Running does not touch it, until it is asked to.
      let run = try tool("run", "--profile", "tiny")
      #expect(run.code == 1 && run.err.contains("metrics.miou"), "\(run.err)")
      let trained = try tool("train", student, "--profile", "tiny")
      #expect(trained.code == 1)
      #expect(try String(contentsOf: record, encoding: .utf8) == changed)
      let retried = try tool("run", "--profile", "tiny", "--retry")
      #expect(retried.code == 0, "\(retried.err)")
      #expect(try tool("table", "--profile", "tiny").code == 0)
      #expect(try Data(contentsOf: table) == before)
      try checkFields(tool, record)
      try checkPublished(tool, folder.appendingPathComponent("results/tiny/runs.jsonl"))
      let plain = try #require(
        runs.first { ($0["inputs"] as? [String: String])?.isEmpty != false && $0["id"] as? String != teacher }
      )
      try checkSwapped(tool, store, student, try #require(plain["id"] as? String))
      #expect(try tool("table", "--profile", "tiny").code == 0)
      #expect(try Data(contentsOf: table) == before)

      // One bit of the teacher's weights: its own counts are whole, but nobody learns from it.
      let tensors = try store.tensorsFile(teacher)
      let weights = try store.model(teacher).weights
      let tensor = try #require(weights.first { $0.tensor.shape.count > 100 }).tensor
      var data = try Data(contentsOf: tensors)
      let pattern = tensor.values.prefix(64).withUnsafeBytes { Data($0) }
      data[try #require(data.range(of: pattern)).lowerBound + 10] ^= 4
      try data.write(to: tensors)
      let damaged = try tool("status", "--profile", "tiny")
      #expect(
        damaged.out.contains("damaged") && damaged.out.contains("its model has the checksum"),
        "\(damaged.out)")
      try FileManager.default.removeItem(at: try store.folder(student))
      let refused = try tool("train", student, "--profile", "tiny")
      #expect(refused.code == 1 && refused.err.contains("\(teacher)/tensors.h5: damaged"), "\(refused.err)")
      #expect(try store.state(student) != .done)
    }
  }

  /// What no count proves, and values that no run can have: named by whoever looks, touched by nobody.
  private func checkFields(_ tool: CommandLineTool, _ record: URL) throws {
    let good = try String(contentsOf: record, encoding: .utf8)
    func value(_ key: String) throws -> Range<String.Index> {
      let start = try #require(good.range(of: "\"\(key)\" : ")).upperBound
      return start..<(try #require(good[start...].firstIndex { $0 == "," || $0 == "\n" }))
    }
    for (key, wrong) in [
      ("wallSeconds", "987654.25"), ("miou", "-5"), ("miou", "NaN"), ("state", "\"failed\""),
    ] {
      let changed = good.replacingCharacters(in: try value(key), with: wrong)
      try changed.write(to: record, atomically: true, encoding: .utf8)
      let status = try tool("status", "--profile", "tiny")
      #expect(status.code == 0 && status.out.contains("damaged"), "\(key) \(wrong): \(status.out)")
      for verb in ["table", "publish"] {
        let output = try tool(verb, "--profile", "tiny")
        #expect(output.code == 65, "\(verb) \(key) \(wrong): \(output.err)")
        #expect(output.err.contains("run.json: "), "\(verb) \(key) \(wrong): \(output.err)")
      }
      let run = try tool("run", "--profile", "tiny")
      #expect(run.code == 1 && run.err.contains("run.json: "), "\(key) \(wrong): \(run.err)")
      #expect(try String(contentsOf: record, encoding: .utf8) == changed)
    }
    try good.write(to: record, atomically: true, encoding: .utf8)
  }

  /// Numbers whose proofs are elsewhere have a checksum.
  private func checkPublished(_ tool: CommandLineTool, _ file: URL) throws {
    #expect(try tool("publish", "--profile", "tiny").code == 0)
    let good = try String(contentsOf: file, encoding: .utf8)
    let place = try #require(good.firstMatch(of: try Regex(#""miou":[0-9.]+"#))).range
    for value in ["-5", "1.5", "NaN"] {
      try good.replacingCharacters(in: place, with: "\"miou\":\(value)")
        .write(to: file, atomically: true, encoding: .utf8)
      for arguments in [
        ["table", "--published"], ["publish"], ["plan"], ["run"],
      ] {
        let output = try tool.start(arguments + ["--profile", "tiny"]).wait()
        #expect(output.code == 65, "\(arguments) \(value): \(output.code) \(output.err)")
        #expect(output.err.contains("runs.jsonl:"), "\(arguments) \(value): \(output.err)")
      }
    }
    try FileManager.default.removeItem(at: file)
  }

  /// The arrays of two runs of one network, each in the other's folder: everything fits but whose they are.
  private func checkSwapped(_ tool: CommandLineTool, _ store: ResultStore, _ one: String, _ other: String)
    throws
  {
    let (first, second) = (try store.tensorsFile(one), try store.tensorsFile(other))
    let (mine, its) = (try Data(contentsOf: first), try Data(contentsOf: second))
    try its.write(to: first)
    try mine.write(to: second)
    let status = try tool("status", "--profile", "tiny")
    let damaged = status.out.split(separator: "\n").filter { $0.contains("it belongs to run ") }
    #expect(damaged.count == 2 && damaged.allSatisfy { $0.hasPrefix("damaged") }, "\(status.out)")
    let run = try tool("run", "--profile", "tiny")
    #expect(run.code == 1 && run.err.contains("it belongs to run \(other)"), "\(run.err)")
    #expect(try Data(contentsOf: first) == its && Data(contentsOf: second) == mine)
    try mine.write(to: first)
    try its.write(to: second)
  }

  /// Tables of runs and tables of costs go together.
  @Test func costsAndRunsTogether() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder)
      let output = try tool("table", "--table", "4", "--table", "9", "--profile", "smoke")
      #expect(output.code == 0, "\(output.err)")
      #expect(
        output.out.contains("# Table 4.") && output.out.contains("# Table 9.") && output.out.contains("13.98")
      )
      for file in ["results/smoke/table04.md", "results/costs/table09.json"] {
        #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path), "\(file)")
      }
    }
  }
}
