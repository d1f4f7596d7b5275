import Foundation
import Results
import TestSupport
import Testing

/// A folder of results on a file system without locks, which a library loaded first stands for.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LockTests {
  private static let library = """
    #include <errno.h>
    int flock(int descriptor, int operation) {
      (void)descriptor, (void)operation;
      errno = ENOLCK;
      return -1;
    }
    """

  /// Two runners share it: each run is trained once, each runner says once what it does.
  @Test func twoRunnersWithoutLocks() throws {
    try withTemporaryDirectory { folder in
      let source = folder.appendingPathComponent("flock.c")
      try LockTests.library.write(to: source, atomically: true, encoding: .utf8)
      let compiled = try CommandLineTool.Running(
        ["/usr/bin/env", "clang", "-shared", "-fPIC", "-o", "flock.so", source.path], in: folder
      ).wait()
      try #require(compiled.code == 0, "\(compiled.err)")
      let tool = CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder))
      func start(_ arguments: [String]) throws -> CommandLineTool.Running {
        let library = folder.appendingPathComponent("flock.so").path
        return try CommandLineTool.Running(
          ["/usr/bin/env", "LD_PRELOAD=\(library)"] + tool.command(arguments), in: folder)
      }
      #expect(try tool("data", "make", "--profile", "tiny").code == 0)
      let runners = try (0..<2).map { _ in try start(["run", "--profile", "tiny", "--threads", "1"]) }
      for runner in runners {
        let output = runner.wait()
        #expect(output.code == 0, "\(output.err)")
        let notices = output.err.split(separator: "\n").filter { $0.contains("runs are held by claim files") }
        #expect(notices.count == 1 && notices[0].contains("this file system has no locks"), "\(output.err)")
      }
      let store = ResultStore(root: folder.appendingPathComponent("results/tiny"))
      let ids = try store.runIDs()
      #expect(!ids.isEmpty)
      for id in ids {
        #expect(try store.verifiedState(id, model: true) == .done)
        // Two at once would have written lines twice.
        let iterations = try store.log(id).compactMap { $0["iteration"]?.double }
        #expect(iterations == (1...12).map(Double.init), "\(iterations)")
      }
      let locks = try FileManager.default.contentsOfDirectory(
        atPath: store.root.appendingPathComponent("locks").path)
      #expect(locks.allSatisfy { $0.hasSuffix(".lock") }, "\(locks)")
      #expect(try tool("status", "--profile", "tiny").out.contains("done"))

      // One process alone: the other one is told who has it.
      let id = try #require(ids.first)
      try FileManager.default.removeItem(at: store.folder(id))
      let claim = store.root.appendingPathComponent("locks/\(id).claim").path
      let holder = try start(["train", id, "--profile", "tiny"])
      _ = holder.wait(until: { FileManager.default.fileExists(atPath: claim) })
      holder.send(SIGSTOP)
      // Unless it was too quick for us.
      if FileManager.default.fileExists(atPath: claim) {
        let second = try start(["train", id, "--profile", "tiny"]).wait()
        #expect(second.code == 75 && second.err.contains("another process has it (process "), "\(second.err)")
      }
      holder.send(SIGCONT)
      #expect(holder.wait().code == 0)
    }
  }
}
