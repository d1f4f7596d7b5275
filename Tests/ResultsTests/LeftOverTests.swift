import Foundation
import Platform
import Results
import TestSupport
import Testing

/// What killed processes leave, and what a disk makes of files that no table reads.
@Suite(.serialized) struct LeftOverTests {
  /// The number of a process that has ended.
  private func deadProcess() throws -> Int32 {
    let ended = Process()
    ended.executableURL = URL(fileURLWithPath: "/bin/sh")
    ended.arguments = ["-c", ":"]
    try ended.run()
    ended.waitUntilExit()
    return ended.processIdentifier
  }

  @Test func temporaryFilesOfDeadProcessesGo() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      try store.removeLeftOvers()
      let dead = try deadProcess()
      func make(_ folders: [String], _ process: Int32, _ host: String) throws -> [URL] {
        try folders.map { name in
          let place = folder.appendingPathComponent(name)
          try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
          let url = place.appendingPathComponent(".x.json.\(host).\(process).3.partial")
          try Data("x".utf8).write(to: url)
          return url
        }
      }
      let gone = try make([".", "specs", "checks"], dead, ProcessIdentity.hostName)
      let kept =
        try make([".", "specs"], getpid(), ProcessIdentity.hostName)
        + make(["specs", "checks"], dead, "elsewhere")
      try store.removeLeftOvers()
      #expect(gone.allSatisfy { !FileManager.default.fileExists(atPath: $0.path) })
      #expect(kept.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
    }
  }

  /// Killed after the record and before the checkpoints were removed.
  @Test func finishedRunsKeepNothingOfTheirTraining() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      for (id, isFinished) in [("done", true), ("open", false)] {
        let claim = try store.take(id)
        for iteration in 1...2 { try claim.save(Samples.checkpoint(id, iteration)) }
        guard isFinished else { continue }
        let checkpoint = claim.folder.appendingPathComponent("checkpoint.h5")
        let bytes = try Data(contentsOf: checkpoint)
        try claim.finish(Samples.record(id), try Samples.tensors(id))
        for name in ["checkpoint.h5", "evaluation-best.h5", ".run.json.elsewhere.1.1.partial"] {
          try bytes.write(to: claim.folder.appendingPathComponent(name))
        }
      }
      func names(_ id: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: try store.folder(id).path).sorted()
      }
      // Somebody may still be about to remove them.
      let held = try store.take("open")
      try store.removeLeftOvers()
      withExtendedLifetime(held) {}
      #expect(try names("done") == ["run.json", "tensors.h5"])
      #expect(try names("open") == ["checkpoint.h5", "checkpoint.previous.h5"])
      #expect(try store.state("done") == .done)
    }
  }

  /// A checkpoint that cannot be read now may be whole: to begin anew would lose it.
  @Test func unreadableCheckpointsAreNoDamage() throws {
    try withTemporaryDirectory { folder in
      let claim = try ResultStore(root: folder).take("r")
      try claim.save(Samples.checkpoint("r", 4))
      var limit = rlimit()
      #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0)
      let failure = Result { try claim.resume() }
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      guard case .failure(let error) = failure else {
        Issue.record("a checkpoint was read without a file handle")
        return
      }
      #expect("\(error)".contains("checkpoint.h5") && "\(error)".contains("Too many open files"), "\(error)")
      #expect(try claim.resume().checkpoint?.iteration == 4)
    }
  }

  @Test func damagedLogsAreCutOut() throws {
    try withTemporaryDirectory { folder in
      let claim = try ResultStore(root: folder).take("r")
      for iteration in 1...6 { try claim.log(iteration: iteration, ["loss": .number(0.5)]) }
      try claim.save(Samples.checkpoint("r", 5))
      let url = claim.folder.appendingPathComponent("log.jsonl")
      var lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
      lines[1] = "\0\0\0"
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
      let load = try claim.resume()
      #expect(load.checkpoint?.iteration == 5 && load.problems.count == 1)
      #expect(load.problems.first?.contains("log.jsonl: 1 damaged") == true)
      let kept = try RunLog.entries(of: url).compactMap { $0["iteration"]?.double }
      #expect(kept == [1, 3, 4, 5])
    }
  }
}
