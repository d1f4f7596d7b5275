import Foundation
import Results
import Tensors
import TestSupport
import Testing

private let rootVariable = "JML_STORE_CHILD_ROOT"
private let childRoot = ProcessInfo.processInfo.environment[rootVariable]

/// What the child processes of CrashTests do. An ordinary test run skips these.
@Suite(.serialized, .enabled(if: childRoot != nil))
struct StoreChild {
  private let store = ResultStore(root: URL(fileURLWithPath: childRoot ?? "/nonexistent"))

  /// Saves checkpoints and logs until killed.
  @Test func writer() throws {
    let claim = try store.take("r")
    var iteration = try claim.resume().checkpoint?.iteration ?? 0
    while true {
      iteration += 1
      try claim.log(iteration: iteration, ["loss": .number(0.5)])
      try claim.save(Samples.checkpoint("r", iteration, elements: 120_000))
    }
  }

  /// Works under a limit on the size of files, which write() reports like a full disk.
  @Test func starved() throws {
    let claim = try store.take("r")
    try claim.save(Samples.checkpoint("r", 1))
    try claim.log(iteration: 1, ["loss": .number(0.5)])
    let table = store.root.appendingPathComponent("table.md")
    try AtomicFile.write(Data("old".utf8), to: table)

    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    limit.rlim_cur = 100_000
    #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)

    let refused = { (error: any Error) in
      guard case ResultsError.fileSystem(_, "writing", EFBIG) = error else { return false }
      return "\(error)".contains("File too large")
    }
    #expect { try AtomicFile.write(Data(count: 100_001), to: table) } throws: { refused($0) }
    #expect { try claim.save(Samples.checkpoint("r", 2, elements: 120_000)) } throws: { refused($0) }
    #expect {
      while true { try claim.log(iteration: 2, ["text": .string(String(repeating: "x", count: 999))]) }
    } throws: { refused($0) }

    // Nothing was lost, nothing is left over, and small files still go through.
    #expect(try Data(contentsOf: table) == Data("old".utf8))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: store.root.path).sorted() == [
        "locks", "runs", "table.md",
      ])
    let names = try FileManager.default.contentsOfDirectory(atPath: claim.folder.path).sorted()
    #expect(names == ["checkpoint.h5", "log.jsonl"])
    #expect(try store.log("r").count > 50)
    let load = try claim.resume()
    #expect(load.checkpoint?.iteration == 1 && load.problems.isEmpty)
    #expect(try store.log("r").count == 1)
    try claim.close(Samples.record("r", .failed, error: "disk full"))
  }
}

@Suite(.serialized)
struct CrashTests {
  @Test func killedWritersLeaveAReadableFolder() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder.appendingPathComponent("results"))
      var random = RandomSource(seed: 9, purpose: "kill")
      var last = 0
      for round in 0..<8 {
        let child = try ChildProcess(
          test: "ResultsTests.StoreChild/writer", environment: [rootVariable: store.root.path],
          scratch: folder)
        // Wait until it has gone on from where the one before was killed: the second line of the log follows the first
        // one's checkpoint.
        let log = try store.folder("r").appendingPathComponent("log.jsonl")
        let deadline = Date().addingTimeInterval(30)
        while try store.state("r") == .pending || (try? store.log("r").count) ?? 0 <= last + 1 {
          guard child.isRunning, Date() < deadline else {
            Issue.record("the child does not write \(log.path): \(child.text)")
            child.kill()
            return
          }
          usleep(1000)
        }
        if round == 0 {
          guard case .taken(let holder) = try store.claim("r") else {
            Issue.record("claimed a run that a live process has")
            child.kill()
            return
          }
          #expect(holder.pid == child.pid)
        }
        usleep(UInt32(random.below(60_000)))
        child.kill()

        #expect(try store.state("r") == .interrupted)
        let claim = try store.take("r")
        let load = try claim.resume()
        #expect(load.problems.isEmpty)
        let checkpoint = try #require(load.checkpoint)
        #expect(checkpoint.iteration >= last)
        #expect(
          checkpoint.checksum == Samples.checkpoint("r", checkpoint.iteration, elements: 120_000).checksum)
        let logged = try store.log("r").compactMap { $0["iteration"]?.double }
        #expect(logged == (1...checkpoint.iteration).map(Double.init))
        last = checkpoint.iteration
      }
      #expect(last >= 8)
    }
  }

  @Test func aFullDiskIsAnErrorAndLosesNothing() throws {
    try withTemporaryDirectory { folder in
      let root = folder.appendingPathComponent("results")
      let child = try ChildProcess(
        test: "ResultsTests.StoreChild/starved", environment: [rootVariable: root.path], scratch: folder)
      let status = child.wait()
      #expect(status == 0, "\(child.text)")
      #expect(try ResultStore(root: root).state("r") == .failed("disk full"))
    }
  }
}
