import Experiments
import Foundation
import HDF5
import Results
import TestSupport
import Testing

/// Training from the outside: what is on disk after good runs, kills, signals, a full disk, and two runners.
@Suite(.serialized)
struct RunTests {
  private func withTiny(_ body: (CommandLineTool) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      try body(CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder)))
    }
  }

  private func store(_ tool: CommandLineTool, _ results: String) -> ResultStore {
    ResultStore(root: tool.folder.appendingPathComponent("\(results)/tiny"))
  }

  private func runIDs(_ tool: CommandLineTool) throws -> [String] {
    let plan = try tool("plan", "--profile", "tiny", "--json").json()
    return try #require(plan["runs"] as? [[String: Any]]).compactMap { $0["id"] as? String }
  }

  /// tensors.h5 of every run, the table, and the log without its times.
  private func outcome(_ tool: CommandLineTool, _ results: String) throws -> [Data] {
    let store = store(tool, results)
    var files: [Data] = []
    for id in try store.runIDs() {
      files.append(try Data(contentsOf: try store.tensorsFile(id)))
      files.append(
        Data(
          try store.log(id).map { "\($0["iteration"]?.double ?? -1) \($0["loss"]?.double ?? -1)" }
            .joined(separator: "\n").utf8))
    }
    let table = try tool("table", "--profile", "tiny", "--results", results)
    #expect(table.code == 0, "\(table.err)")
    for name in ["tiny.md", "tiny.json"] {
      files.append(try Data(contentsOf: tool.folder.appendingPathComponent("\(results)/tiny/\(name)")))
    }
    return files
  }

  @Test func finishedRunsAndTheirFiles() throws {
    try withTiny { tool in
      let first = try tool("run", "--profile", "tiny", "--json")
      #expect(first.code == 0, "\(first.err)")
      #expect((try first.json()["finished"] as? [String])?.count == 3)
      let before = try outcome(tool, "results")
      let second = try tool("run", "--profile", "tiny", "--json")
      #expect(second.code == 0)
      #expect((try second.json()["finished_before"] as? [String])?.count == 3)
      #expect(try outcome(tool, "results") == before)

      let store = store(tool, "results")
      for id in try runIDs(tool) {
        let record = try #require(try store.record(id))
        #expect(record.state == .done && record.iterations == 12 && record.threads == 1)
        #expect(record.peakMemoryBytes > record.peakTensorBytes && record.peakTensorBytes > 0)
        #expect(record.dataDescription.contains("embedded"))
        #expect(record.versions["dnnl"] != nil && !record.cpu.isEmpty)
        #expect(try RunSpec(json: record.spec.canonical, source: id).id.text == id)
        let counts = try store.evaluation(id).evaluation.confusion
        #expect(record.metrics["accuracy"] == counts.accuracy)
        #expect(record.metrics["miou"] == counts.meanIoUD()?.percent)
        #expect(record.metrics["miou_occurring"] == counts.meanIoUD(over: .labelled)?.percent)
        #expect(record.metrics["ece"] != nil && record.metrics["bece"] != nil)
        let file = try HDF5File(reading: try store.tensorsFile(id).path)
        #expect(try file.shape("weights/head.1.weight")[0] == 19)
        #expect(try file.shape("eval/tp") == [2, 19])
        #expect(try file.doubles("curves/loss").count == 12)
        #expect(try store.log(id).count == 12)
        let names = try FileManager.default.contentsOfDirectory(atPath: try store.folder(id).path).sorted()
        #expect(names == ["log.jsonl", "run.json", "tensors.h5"])
      }
    }
  }

  @Test func killedRunsEndWithTheSameBits() throws {
    try withTiny { tool in
      #expect(try tool("run", "--profile", "tiny", "--results", "undisturbed").code == 0)
      let store = store(tool, "killed")
      for id in try runIDs(tool) {
        let arguments = ["train", id, "--profile", "tiny", "--results", "killed", "--json"]
        for line in [3, 6, 11] {
          let running = try tool.start(arguments)
          let reached = running.wait { running.out.contains("\"step\":{\"iteration\":\(line),") }
          running.send(SIGKILL)
          #expect(running.wait().code == -SIGKILL || !reached)
        }
        #expect(try store.state(id) == .interrupted || store.state(id) == .done)
        let last = try tool.start(arguments).wait()
        #expect(last.code == 0, "\(last.err)")
        #expect(
          last.out.contains("\"started\":{\"iteration\":")
            && !last.out.contains("\"started\":{\"iteration\":0,"))
      }
      #expect(try outcome(tool, "killed") == outcome(tool, "undisturbed"))
    }
  }

  @Test func interruptedGridGoesOn() throws {
    try withTiny { tool in
      #expect(try tool("run", "--profile", "tiny", "--results", "undisturbed").code == 0)
      let arguments = ["run", "--profile", "tiny", "--results", "stopped", "--jobs", "2", "--json"]
      let store = store(tool, "stopped")
      for signal in [SIGINT, SIGTERM, SIGKILL] {
        let running = try tool.start(arguments)
        let ids = try runIDs(tool)
        _ = try running.wait { try ids.contains { try store.log($0).count >= 1 && store.state($0) != .done } }
        running.send(signal)
        let output = running.wait()
        // It may have been faster than us.
        if signal == SIGKILL {
          #expect(output.code == -SIGKILL || output.code == 0)
        } else {
          #expect(output.code == 130 || output.code == 0, "\(output.err)")
          if output.code == 130 { #expect(try output.json()["stopped"] as? Bool == true) }
        }
        // No process stays behind, not even one whose parent was killed.
        for _ in 0..<400 {
          let working = try ids.contains { if case .running = try store.state($0) { true } else { false } }
          if !working { break }
          usleep(50_000)
        }
        for id in ids {
          if case .running = try store.state(id) { Issue.record("\(id) still runs after \(signal)") }
        }
      }
      #expect(try tool.start(arguments).wait().code == 0)
      #expect(try outcome(tool, "stopped") == outcome(tool, "undisturbed"))
    }
  }

  @Test func twoRunnersShareTheWork() throws {
    try withTiny { tool in
      let arguments = ["run", "--profile", "tiny", "--json"]
      let runners = try [tool.start(arguments), tool.start(arguments)]
      let outputs = runners.map { $0.wait() }
      #expect(outputs.map(\.code) == [0, 0], "\(outputs.map(\.err))")
      let store = store(tool, "results")
      for id in try runIDs(tool) {
        #expect(try store.state(id) == .done)
        // Done once: a second training would have appended to the log.
        #expect(try store.log(id).count == 12)
      }
    }
  }

  @Test func fullDisk() throws {
    try withTiny { tool in
      #expect(try tool("data", "make", "--profile", "tiny").code == 0)
      let command = tool.command(["run", "--profile", "tiny", "--json"])
        .map { "'\($0)'" }.joined(separator: " ")
      // 256 KiB a file: pictures and records fit, weights do not.
      let limited = try CommandLineTool.Running(
        ["/bin/bash", "-c", "ulimit -f 256; exec \(command)"], in: tool.folder
      )
      .wait()
      #expect(limited.code == 1, "\(limited.err)")
      let summary = try limited.json()
      #expect((summary["failed"] as? [[String: String]])?.count == 2)
      #expect((summary["blocked"] as? [[String: String]])?.count == 1)
      #expect(limited.err.contains("checkpoint") && limited.err.contains("too large"), "\(limited.err)")
      let table = try tool("table", "--profile", "tiny")
      #expect(table.out.contains("failed"))
      // Nothing half-written stays, and with room again everything ends well.
      let names = try #require(FileManager.default.enumerator(atPath: tool.folder.path)).compactMap {
        $0 as? String
      }
      #expect(!names.contains { $0.hasSuffix(".partial") })
      let again = try tool("run", "--profile", "tiny")
      #expect(again.code == 0, "\(again.err)")
    }
  }

  @Test func stopsAtTheFirstFailureWhenAsked() throws {
    try withTiny { tool in
      #expect(try tool("data", "make", "--profile", "tiny").code == 0)
      let command = tool.command(["run", "--profile", "tiny", "--json", "--no-keep-going"])
        .map { "'\($0)'" }.joined(separator: " ")
      let limited = try CommandLineTool.Running(
        ["/bin/bash", "-c", "ulimit -f 256; exec \(command)"], in: tool.folder
      )
      .wait()
      #expect(limited.code == 1)
      let summary = try limited.json()
      #expect((summary["failed"] as? [[String: String]])?.count == 1)
      #expect((summary["unfinished"] as? [String])?.count == 2)
    }
  }

  @Test func divergedRunsAreReportedAndLeftAlone() throws {
    try withTiny { tool in
      let wild = [
        "run", "--profile", "tiny", "--json", "--set", "recipe.optimizer.learning_rate=10",
        "--set", "recipe.optimizer.head_multiplier=1000", "--set", "recipe.schedule.warmup_ratio=0", "--set",
        "recipe.optimizer.weight_decay=1",
      ]
      let output = try tool.start(wild).wait()
      let summary = try output.json()
      #expect(output.code == 1)
      let diverged = try #require(summary["diverged"] as? [[String: String]])
      #expect(!diverged.isEmpty && diverged.allSatisfy { $0["reason"]?.contains("iteration") == true })
      // Left alone: a run that is trained again writes record and log anew, with another time at the least.
      let store = store(tool, "results")
      func files() throws -> [String: [Data]] {
        var files: [String: [Data]] = [:]
        for id in diverged.compactMap({ $0["id"] }) {
          let folder = try store.folder(id)
          files[id] = try ["run.json", "log.jsonl"].map {
            try Data(contentsOf: folder.appendingPathComponent($0))
          }
        }
        return files
      }
      let before = try files()
      #expect(before.count == diverged.count)
      let again = try tool.start(wild).wait()
      #expect(again.code == 1)
      #expect((try again.json()["diverged"] as? [[String: String]])?.count == diverged.count)
      #expect(try files() == before)
      // On request it is trained again, and diverges at the same iteration.
      let retried = try tool.start(wild + ["--retry"]).wait()
      let reasons = try #require(try retried.json()["diverged"] as? [[String: String]])
      #expect(reasons == diverged)
      #expect(try files() != before)
    }
  }
}
