import Foundation
import JSON
import HDF5
import Results
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct CheckpointTests {
  private func check(_ checkpoint: Checkpoint?, _ iteration: Int) {
    let wanted = Samples.checkpoint("r", iteration)
    #expect(checkpoint?.iteration == iteration)
    #expect(checkpoint?.checksum == wanted.checksum)
    #expect(checkpoint?.parts.map(\.name) == ["optimizer.student", "queue.pixel", "student"])
    for (part, expected) in zip(checkpoint?.parts ?? [], wanted.parts) {
      #expect(Set(part.state.tensors.map(\.path)) == Set(expected.state.tensors.map(\.path)))
      for entry in expected.state.tensors { #expect(part.state[entry.path]?.values == entry.tensor.values) }
      #expect(part.state.counters == expected.state.counters)
    }
    #expect(checkpoint?.curves == wanted.curves)
    #expect(checkpoint?.wallSeconds == Double(iteration) / 4)
  }

  @Test func newestOfTwoGenerations() throws {
    try withTemporaryDirectory { folder in
      let claim = try ResultStore(root: folder).take("r")
      #expect(try claim.resume().checkpoint == nil && claim.resume().problems.isEmpty)
      for iteration in 1...3 {
        try claim.save(Samples.checkpoint("r", iteration))
        check(try claim.resume().checkpoint, iteration)
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: claim.folder.path).sorted()
      #expect(names == ["checkpoint.h5", "checkpoint.previous.h5"])
    }
  }

  /// A part more, with counters or tensors or neither, needs nothing of the store.
  @Test func anyParts() throws {
    try withTemporaryDirectory { folder in
      var queue = StateDict()
      queue.add("head", 17)
      queue.add("rows", Samples.tensor("rows", [3, 2], 5).tensor)
      let sets: [[Checkpoint.Part]] = [
        [], [("student", StateDict())], [("student", StateDict()), ("average.2", queue)],
        [("a.b.c", StateDict([("x.y", Tensor(repeating: 1, shape: [1, 2, 3]))]))],
      ]
      var sums: Set<String> = []
      for parts in sets {
        let checkpoint = Checkpoint(runID: "r", iteration: 2, wallSeconds: 1, parts: parts, curves: Curves())
        let url = folder.appendingPathComponent("checkpoint.h5")
        try checkpoint.image().write(to: url)
        let read = try Checkpoint(reading: url, runID: "r")
        #expect(read.parts.map(\.name) == parts.map(\.name).sorted())
        #expect(read.checksum == checkpoint.checksum)
        sums.insert(read.checksum)
      }
      #expect(sums.count == sets.count)
      let file = try HDF5File(reading: folder.appendingPathComponent("checkpoint.h5").path)
      #expect(try file.shape("state/a.b.c/x.y") == [1, 2, 3])
    }
  }

  @Test func damageFallsBackAndSaysSo() throws {
    try withTemporaryDirectory { folder in
      let claim = try ResultStore(root: folder).take("r")
      try claim.save(Samples.checkpoint("r", 4))
      try claim.save(Samples.checkpoint("r", 5))
      let newest = claim.folder.appendingPathComponent("checkpoint.h5")
      let good = try Data(contentsOf: newest)

      // One changed bit in the values, which HDF5 itself does not notice.
      let student = Samples.checkpoint("r", 5).parts.first { $0.name == "student" }?.state
      let wanted = try #require(student?["b.weight"]).values
      let pattern = wanted.withUnsafeBytes { Data($0) }
      let place = try #require(good.range(of: pattern)).lowerBound
      var flipped = good
      flipped[place + 17] ^= 0x10
      try flipped.write(to: newest)
      var load = try claim.resume()
      check(load.checkpoint, 4)
      #expect(load.problems.count == 1)
      #expect(load.problems[0].contains(newest.path) && load.problems[0].contains("checksum"))

      for length in stride(from: 0, to: good.count, by: good.count / 23) {
        try good.prefix(length).write(to: newest)
        load = try claim.resume()
        check(load.checkpoint, 4)
        #expect(load.problems.count == 1, "cut to \(length)")
      }

      // Between the two renames of a save there is no newest generation.
      try FileManager.default.removeItem(at: newest)
      load = try claim.resume()
      check(load.checkpoint, 4)
      #expect(load.problems.isEmpty)

      try Data("x".utf8).write(to: newest)
      try Data("y".utf8).write(to: claim.folder.appendingPathComponent("checkpoint.previous.h5"))
      load = try claim.resume()
      #expect(load.checkpoint == nil && load.problems.count == 2)
    }
  }

  /// Two names that differ in a file and are one text: an error, as any other damage.
  @Test func namesThatAreOneText() throws {
    for group in ["state", "state/a", "counters/a"] {
      try withTemporaryDirectory { folder in
        let writer = try HDF5Writer(name: "made")
        try writer.write(attribute: Checkpoint.schemaVersion, named: "schema_version")
        try writer.write(attribute: "r", named: "run_id")
        for made in ["state/a", "counters/a"] { try writer.makeGroup(made) }
        for name in ["\u{E9}", "e\u{301}"] {
          if group == "state" {
            try writer.makeGroup("state/\(name)")
            try writer.makeGroup("counters/\(name)")
          } else if group == "state/a" {
            try writer.write(floats: [1], shape: [1], at: "\(group)/\(name)")
          } else {
            try writer.write(int64s: [1], shape: [1], at: "\(group)/\(name)")
          }
        }
        let url = folder.appendingPathComponent("checkpoint.h5")
        try writer.image().write(to: url)
        #expect(throws: ResultsError.damaged(path: url.path, reason: "/\(group) has '\u{E9}' twice")) {
          try Checkpoint(reading: url, runID: "r")
        }
      }
    }
  }

  @Test func anotherRunsCheckpointIsRefused() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      let claim = try store.take("r")
      let other = try store.take("other")
      try other.save(Samples.checkpoint("other", 2))
      try FileManager.default.copyItem(
        at: other.folder.appendingPathComponent("checkpoint.h5"),
        to: claim.folder.appendingPathComponent("checkpoint.h5"))
      let load = try claim.resume()
      #expect(load.checkpoint == nil && load.problems.first?.contains("run other") == true)
    }
  }

  /// A checkpoint is saved before the evaluation of its iteration, which is made again.
  @Test func evaluationsAfterTheCheckpointAreCutOff() throws {
    try withTemporaryDirectory { folder in
      let claim = try ResultStore(root: folder).take("r")
      let moments = try [3, 6, 9].map { try #require(LoggedEvaluation(Self.line($0))) }
      for iteration in 1...9 {
        try claim.log(iteration: iteration, ["loss": .number(0.5)])
        if iteration == 6 { try claim.save(Samples.checkpoint("r", 6)) }
        for moment in moments where moment.iteration == iteration { try claim.log(moment) }
      }
      let url = claim.folder.appendingPathComponent("log.jsonl")
      #expect(try RunLog.entries(of: url).compactMap(LoggedEvaluation.init) == moments)
      #expect(try claim.resume().checkpoint?.iteration == 6)
      let kept = try RunLog.entries(of: url)
      #expect(kept.compactMap(LoggedEvaluation.init) == [moments[0]])
      #expect(kept.compactMap { $0["iteration"]?.double } == [1, 2, 3, 3, 4, 5, 6])
    }
  }

  private static func line(_ iteration: Int) throws -> JSONValue {
    try JSONValue(
      parsing: #"{"iteration":\#(iteration),"evaluation":{"miou":20.5,"ece":3},"network":"student"}"#)
  }

  @Test func theLogIsCutBackToTheCheckpoint() throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      var claim: RunClaim? = try store.take("r")
      for iteration in 1...10 {
        try claim?.log(iteration: iteration, ["loss": .number(1 / Double(iteration))])
        if iteration == 6 { try claim?.save(Samples.checkpoint("r", 6)) }
      }
      claim = nil
      // A writer that died in the middle of a line.
      let url = try store.folder("r").appendingPathComponent("log.jsonl")
      let whole = try Data(contentsOf: url)
      try (whole + Data(#"{"iterat"#.utf8)).write(to: url)
      #expect(try store.log("r").count == 10)

      claim = try store.take("r")
      #expect(try claim?.resume().checkpoint?.iteration == 6)
      for iteration in 7...10 {
        try claim?.log(iteration: iteration, ["loss": .number(1 / Double(iteration))])
      }
      #expect(try Data(contentsOf: url) == whole)
    }
  }
}
