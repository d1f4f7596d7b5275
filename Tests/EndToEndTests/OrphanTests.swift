import Foundation
import TestSupport
import Testing

/// What becomes of the processes that train when the one that started them is killed.
@Suite(.serialized) struct OrphanTests {
  /// Children of a process that are alive.
  private func children(of parent: Int32) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter {
      status($0)?.parent == parent
    }
  }

  /// State and parent; nil for a process that is gone, or dead and not looked at.
  private func status(_ process: Int32) -> (state: Substring, parent: Int32)? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return nil }
    // Behind the name in brackets.
    let words = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard words.count > 1, let parent = Int32(words[1]), words[0] != "Z" else { return nil }
    return (words[0], parent)
  }

  /// - Parameter lines: of its log that the first run is to have when the runner is killed.
  private func kill(_ tool: CommandLineTool, whenLogHas lines: Int, results: String) throws {
    let running = try tool.start(["run", "--profile", "tiny", "--jobs", "2", "--results", results])
    let runs = tool.folder.appendingPathComponent("\(results)/tiny/runs")
    let reached = running.wait {
      let ids = (try? FileManager.default.contentsOfDirectory(atPath: runs.path)) ?? []
      return ids.contains { id in
        let log = try? String(contentsOf: runs.appendingPathComponent("\(id)/log.jsonl"), encoding: .utf8)
        return (log?.split(separator: "\n").count ?? 0) >= lines
      }
    }
    #expect(reached, "\(running.err)")
    let workers = try children(of: running.process.processIdentifier)
    #expect(!workers.isEmpty, "\(running.err)")
    running.send(SIGKILL)
    let begin = ContinuousClock.now
    while workers.contains(where: { status($0) != nil }), begin.duration(to: .now) < .seconds(6) {
      usleep(20_000)
    }
    let alive = workers.filter { status($0) != nil }
    #expect(alive.isEmpty && begin.duration(to: .now) < .seconds(5))
    for worker in alive { Foundation.kill(worker, SIGKILL) }
  }

  /// Within five seconds, in training and in the evaluation of a picture that takes longer than that: 1,800 windows.
  @Test func workersEndWithTheirRunner() throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      let file = experiments.appendingPathComponent("profiles/tiny.yaml")
      let profile = try String(contentsOf: file, encoding: .utf8)
      let large = profile.replacingOccurrences(of: "working_short_side: 32", with: "working_short_side: 640")
        .replacingOccurrences(of: "height: 32, width: 64,", with: "height: 640, width: 1280,")
      #expect(large != profile)
      try large.write(to: file, atomically: true, encoding: .utf8)
      let tool = CommandLineTool(folder: folder, experiments: experiments)
      #expect(try tool("data", "make", "--profile", "tiny").code == 0)
      try kill(tool, whenLogHas: 2, results: "training")
      try kill(tool, whenLogHas: 12, results: "evaluation")
    }
  }
}
