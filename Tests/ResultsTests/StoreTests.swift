import Foundation
import Results
import TestSupport
import Testing

@Suite(.serialized)
struct StoreTests {
  @Test func aRunsLife() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder.appendingPathComponent("smoke"))
      #expect(try store.state("r") == .pending && store.record("r") == nil && store.runIDs() == [])
      var claim: RunClaim? = try store.take("r")
      guard case .running(let holder) = try store.state("r") else {
        Issue.record("not running")
        return
      }
      #expect(holder.pid == getpid() && !holder.host.isEmpty && holder.started.hasSuffix("Z"))
      claim = nil
      #expect(try store.state("r") == .pending)

      claim = try store.take("r")
      try claim?.save(Samples.checkpoint("r", 2))
      try claim?.close(Samples.record("r", .interrupted))
      claim = nil
      #expect(try store.state("r") == .interrupted)

      claim = try store.take("r")
      try claim?.finish(Samples.record("r"), Samples.tensors("r"))
      #expect(try store.state("r") == .done)
      claim = nil
      var wanted = Samples.record("r")
      // Metrics and checksums are those of the arrays, whatever the record came with.
      wanted.metrics = try Samples.evaluation().values
      wanted.checksums = try Samples.tensors("r").checksums
      #expect(try store.record("r") == wanted)
      #expect(try store.evaluation("r") == Samples.evaluation())
      #expect(try store.model("r").weights.count == 2)
      #expect(try store.runIDs() == ["r"])
      let names = try FileManager.default.contentsOfDirectory(atPath: store.folder("r").path).sorted()
      #expect(names == ["run.json", "tensors.h5"])
      guard case .done = try store.claim("r") else {
        Issue.record("a finished run was given out again")
        return
      }

      try FileManager.default.removeItem(at: store.tensorsFile("r"))
      #expect(try store.state("r") == .pending)
    }
  }

  @Test func failuresAreRecordedAndCanBeReset() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      try store.take("r").close(Samples.record("r", .failed, error: "no such file"))
      #expect(try store.state("r") == .failed("no such file"))
      try store.take("r").close(Samples.record("r", .diverged, error: "loss is NaN at iteration 3"))
      #expect(try store.state("r") == .diverged("loss is NaN at iteration 3"))
      try store.take("r").reset()
      #expect(try store.state("r") == .pending)
    }
  }

  @Test func oneOfManyClaimsWins() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      for round in 0..<20 {
        let winners = Winners()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
          winners.attempt {
            // Those who only look must not make the claimers fail.
            _ = try store.state("run-\(round)")
            return try store.claim("run-\(round)").claim
          }
        }
        #expect(winners.counts == [1, 0])
      }
    }
  }

  @Test(arguments: ["", ".", "..", "a/b", ".hidden", "ä", "a b"])
  func badRunIDsAreRefused(id: String) throws {
    let store = ResultStore(root: FileManager.default.temporaryDirectory)
    #expect(throws: ResultsError.badRunID(id)) { try store.claim(id) }
    #expect(throws: ResultsError.badRunID(id)) { try store.state(id) }
    #expect(throws: ResultsError.badRunID(id)) { try store.folder(id) }
  }

  @Test func leftoversOfDeadWritersGo() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      let runFolder = try store.folder("r")
      try FileManager.default.createDirectory(at: runFolder, withIntermediateDirectories: true)
      let leftover = runFolder.appendingPathComponent(".tensors.h5.elsewhere.1.7.partial")
      try Data("x".utf8).write(to: leftover)
      let claim = try store.take("r")
      #expect(!FileManager.default.fileExists(atPath: leftover.path))
      withExtendedLifetime(claim) {}
    }
  }

  @Test func errorsNamePathAndReason() throws {
    let url = URL(fileURLWithPath: "/proc/nothing/here.json")
    #expect {
      try AtomicFile.write(Data("x".utf8), to: url)
    } throws: { error in
      let text = "\(error)"
      return text.contains(url.path) && text.contains("No such file or directory")
    }
    #expect(throws: ResultsError.self) { try ResultStore(root: URL(fileURLWithPath: "/proc/x")).claim("r") }
  }
}
