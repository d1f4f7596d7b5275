import Foundation
import Results
import TestSupport
import Testing

private let rootVariable = "JML_CLAIM_CHILD_ROOT"
private let childRoot = ProcessInfo.processInfo.environment[rootVariable]

extension Locking {
  /// As on a file system where flock answers with `code`; in a hurry.
  fileprivate static func answering(_ code: Int32) -> Locking {
    Locking(flock: { _, _ in code }, isShared: { _ in false }, heartbeat: 0.05, patience: 1)
  }

  /// The kernel's locks, on a folder that other machines may see or not.
  fileprivate static func kernel(isShared: Bool) -> Locking {
    Locking(flock: Locking.system.flock, isShared: { _ in isShared }, heartbeat: 0.05, patience: 1)
  }
}

/// What the child processes of ClaimFileTests do. An ordinary test run skips these.
@Suite(.serialized, .enabled(if: childRoot != nil)) struct ClaimChild {
  private let root = URL(fileURLWithPath: childRoot ?? "/nonexistent")
  private var store: ResultStore { ResultStore(root: root, locking: .answering(ENOLCK)) }

  /// Finishes what it gets of the runs, each with a file of its own name.
  @Test func racer() throws {
    let go = root.appendingPathComponent("go")
    try Data().write(to: root.appendingPathComponent("ready-\(getpid())"))
    while !FileManager.default.fileExists(atPath: go.path) { usleep(500) }
    for number in 0..<ClaimFileTests.contested {
      guard case .claimed(let claim) = try store.claim("r-\(number)") else { continue }
      try Data().write(to: root.appendingPathComponent("won-\(number)-\(getpid())"))
      try claim.finish(Samples.record("r-\(number)"), Samples.tensors("r-\(number)"))
    }
  }

  /// Holds a run until it is killed.
  @Test func holder() throws {
    let claim = try store.take("r")
    while true {
      try claim.log(iteration: 1, ["loss": .number(0.5)])
      usleep(10_000)
    }
  }
}

/// Runs are held by one process at a time where the kernel does not see to it.
@Suite(.serialized) struct ClaimFileTests {
  static let contested = 25

  private func withStore(_ locking: Locking, _ body: (ResultStore, URL) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder, locking: locking)
      try body(store, folder.appendingPathComponent("locks/r.claim"))
    }
  }

  private func names(_ store: ResultStore) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: store.root.appendingPathComponent("locks").path)
      .sorted()
  }

  private func modified(_ url: URL) -> Double {
    var status = stat()
    guard lstat(url.path, &status) == 0 else { return .nan }
    return Double(status.st_mtim.tv_sec) + 1e-9 * Double(status.st_mtim.tv_nsec)
  }

  /// Sets the time of change to `seconds` ago.
  private func age(_ url: URL, _ seconds: Double) {
    let then = Date().timeIntervalSince1970 - seconds
    let time = timespec(tv_sec: Int(then), tv_nsec: 0)
    #expect([time, time].withUnsafeBufferPointer { utimensat(AT_FDCWD, url.path, $0.baseAddress, 0) } == 0)
  }

  /// The claim of a process on another machine, `seconds` old.
  private func writeForeign(_ url: URL, age seconds: Double, token: String = "t") throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let text = """
      {"process":{"birth":9,"boot":"elsewhere","host":"node7","pid":\(getpid()),"space":"pid:[1]"},\
      "started":"2026-01-02T03:04:05Z","token":"\(token)"}
      """
    try text.write(to: url, atomically: false, encoding: .utf8)
    age(url, seconds)
  }

  /// No locks, none in that file system, none in the kernel, or one that says yes to everybody.
  @Test(arguments: [ENOLCK, EOPNOTSUPP, ENOSYS, 0]) func aRunsLife(_ code: Int32) throws {
    try withStore(.answering(code)) { store, file in
      var claim: RunClaim? = try store.take("r")
      guard case .running(let holder) = try store.state("r") else {
        Issue.record("not running")
        return
      }
      #expect(holder.pid == getpid() && !holder.host.isEmpty && holder.started.hasSuffix("Z"))
      guard case .taken(holder) = try store.claim("r") else {
        Issue.record("given out twice")
        return
      }
      // Signs of life.
      let before = modified(file)
      for _ in 0..<200 where modified(file) == before { usleep(10_000) }
      #expect(modified(file) > before)
      try claim?.finish(Samples.record("r"), Samples.tensors("r"))
      claim = nil
      #expect(try names(store) == ["r.lock"])
      #expect(try store.state("r") == .done)
    }
  }

  @Test func whereLocksWorkThereIsNoFile() throws {
    try withStore(.kernel(isShared: false)) { store, _ in
      let claim = try store.take("r")
      #expect(try names(store) == ["r.lock"] && store.lockingNotice() == nil)
      withExtendedLifetime(claim) {}
    }
    // Both, where other machines look on.
    try withStore(.kernel(isShared: true)) { store, _ in
      let claim = try store.take("r")
      #expect(try names(store) == ["r.claim", "r.lock"])
      let notice = try #require(try store.lockingNotice())
      #expect(notice.contains("other machines may not see"), "\(notice)")
      withExtendedLifetime(claim) {}
    }
    try withStore(.answering(ENOLCK)) { store, _ in
      let notice = try #require(try store.lockingNotice())
      #expect(
        notice.contains("no locks (flock: No locks available)") && notice.contains("claim files"), "\(notice)"
      )
      #expect(try names(store) == [])
    }
  }

  /// A claim of a process that could not lock counts for one that can.
  @Test func claimsAndLocksTogether() throws {
    try withStore(.kernel(isShared: false)) { store, file in
      let other = ResultStore(root: store.root, locking: .answering(ENOLCK))
      var claim: RunClaim? = try other.take("r")
      guard case .taken = try store.claim("r"), case .running = try store.state("r") else {
        Issue.record("a claim was overlooked")
        return
      }
      withExtendedLifetime(claim) {}
      claim = nil
      #expect(try store.take("r").runID == "r")
      try writeForeign(file, age: 0)
      guard case .taken(let holder) = try store.claim("r") else {
        Issue.record("a claim was overlooked")
        return
      }
      #expect(holder.host == "node7")
    }
  }

  private func race(_ store: ResultStore, _ id: String) -> [Int] {
    let winners = Winners()
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      winners.attempt {
        _ = try store.state(id)
        return try store.claim(id).claim
      }
    }
    return winners.counts
  }

  @Test func oneOfManyClaimsWins() throws {
    try withStore(.answering(ENOSYS)) { store, _ in
      for round in 0..<20 { #expect(race(store, "run-\(round)") == [1, 0]) }
    }
  }

  @Test func oneOfManyTakesOverFromTheDead() throws {
    try withStore(.answering(ENOLCK)) { store, file in
      for round in 0..<5 {
        let claim = file.deletingLastPathComponent().appendingPathComponent("run-\(round).claim")
        try writeForeign(claim, age: 3600)
        #expect(race(store, "run-\(round)") == [1, 0])
      }
      // Nothing of the dead is left.
      let names = try names(store).filter { !$0.hasSuffix(".lock") }
      #expect(names.isEmpty, "\(names)")
    }
  }

  @Test func twoProcessesRace() throws {
    try withTemporaryDirectory { folder in
      let root = folder.appendingPathComponent("results")
      try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
      func files(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.path).filter { $0.hasPrefix(prefix) }
          .sorted()
      }
      let children = try (0..<2).map { _ in
        try ChildProcess(
          test: "ResultsTests.ClaimChild/racer", environment: [rootVariable: root.path], scratch: folder)
      }
      let deadline = Date().addingTimeInterval(30)
      while try files("ready-").count < 2, Date() < deadline { usleep(1000) }
      try Data().write(to: root.appendingPathComponent("go"))
      for child in children { #expect(child.wait() == 0, "\(child.text)") }
      let won = try files("won-").map { $0.split(separator: "-") }
      #expect(
        Set(won.map { $0[1] }).count == ClaimFileTests.contested && won.count == ClaimFileTests.contested)
    }
  }

  /// On its own machine a process is known to be dead at once, and a stopped one to be alive.
  @Test func holdersThatAreKilled() throws {
    try withStore(.answering(ENOLCK)) { store, _ in
      let child = try ChildProcess(
        test: "ResultsTests.ClaimChild/holder", environment: [rootVariable: store.root.path],
        scratch: store.root)
      let deadline = Date().addingTimeInterval(30)
      while try store.state("r") == .pending, child.isRunning, Date() < deadline { usleep(1000) }
      kill(child.pid, SIGSTOP)
      usleep(1_300_000)
      guard case .taken(let holder) = try store.claim("r") else {
        Issue.record("claimed a run that a live process has: \(child.text)")
        child.kill()
        return
      }
      #expect(holder.pid == child.pid)
      child.kill()
      #expect(try store.state("r") == .pending)
      #expect(try store.take("r").runID == "r")
      #expect(try names(store) == ["r.lock"])
    }
  }

  /// Another machine's process is dead when it is silent for long, and nobody hears it while he listens.
  @Test func holdersElsewhere() throws {
    try withStore(.answering(ENOLCK)) { store, file in
      try writeForeign(file, age: 0)
      guard case .taken(let holder) = try store.claim("r"), case .running = try store.state("r") else {
        Issue.record("claimed a run of a live process")
        return
      }
      #expect(holder.description == "process \(getpid()) on node7 since 2026-01-02T03:04:05Z")
      // The file system's clock was set: it seems old, and is renewed.
      age(file, 3600)
      let listened = DispatchGroup()
      listened.enter()
      DispatchQueue.global().async {
        usleep(60_000)
        age(file, 3590)
        listened.leave()
      }
      guard case .taken = try store.claim("r") else {
        Issue.record("claimed a run whose process gave a sign of life")
        return
      }
      listened.wait()
      // One that was never written to its end.
      try Data("{\"proc".utf8).write(to: file)
      guard case .taken = try store.claim("r") else {
        Issue.record("claimed a run that somebody is just claiming")
        return
      }
      age(file, 3600)
      #expect(try store.take("r").runID == "r")
    }
  }

  /// Whoever was taken for dead finds out before it writes.
  @Test func aLostClaimWritesNoMore() throws {
    try withStore(.answering(ENOLCK)) { store, file in
      var claim: RunClaim? = try store.take("r")
      try claim?.save(Samples.checkpoint("r", 1))
      try FileManager.default.removeItem(at: file)
      try writeForeign(file, age: 0, token: "another")
      var reason = ""
      for _ in 0..<200 where reason.isEmpty {
        usleep(10_000)
        do {
          try claim?.log(iteration: 2, [:])
        } catch let error as ResultsError {
          guard case .lostClaim = error else { throw error }
          reason = error.description
        }
      }
      #expect(reason.contains("r.claim: the run is no longer this process's: process"), "\(reason)")
      #expect(reason.contains("on node7") && reason.contains("has taken it over"), "\(reason)")
      #expect(throws: ResultsError.self) { try claim?.save(Samples.checkpoint("r", 3)) }
      #expect(throws: ResultsError.self) { try claim?.close(Samples.record("r", .failed, error: "x")) }
      #expect(throws: ResultsError.self) { try claim?.finish(Samples.record("r"), Samples.tensors("r")) }
      #expect(throws: ResultsError.self) { try claim?.reset() }
      // The other's claim stays.
      claim = nil
      #expect(try String(contentsOf: file, encoding: .utf8).contains("another"))
      #expect(try store.record("r") == nil)
    }
  }
}
