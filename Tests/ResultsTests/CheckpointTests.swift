import Foundation
import HDF5
import Results
import TestSupport
import Testing

@Suite(.serialized)
struct CheckpointTests {
  private func check(_ checkpoint: Checkpoint?, _ iteration: Int) {
    let wanted = Samples.checkpoint("r", iteration)
    #expect(checkpoint?.iteration == iteration)
    #expect(checkpoint?.checksum == wanted.checksum)
    #expect(checkpoint?.weights.map(\.name) == ["a.weight", "b.weight"])
    #expect(checkpoint?.momentum.first?.tensor.values == wanted.momentum[0].tensor.values)
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

  /// AdamW's second moment is a group of its own; files without it are as they always were.
  @Test func secondMomentIsOptional() throws {
    try withTemporaryDirectory { folder in
      let plain = Samples.checkpoint("r", 2)
      let full = Checkpoint(
        runID: "r", iteration: 2, wallSeconds: plain.wallSeconds, weights: plain.weights,
        buffers: plain.buffers, momentum: plain.momentum, secondMoment: plain.momentum, curves: plain.curves)
      #expect(full.checksum != plain.checksum)
      for checkpoint in [plain, full] {
        let url = folder.appendingPathComponent("checkpoint.h5")
        try checkpoint.image().write(to: url)
        let read = try Checkpoint(reading: url, runID: "r")
        #expect(read.checksum == checkpoint.checksum)
        #expect(read.secondMoment.map(\.name) == checkpoint.secondMoment.map(\.name))
        #expect(try HDF5File(reading: url.path).exists("second_moment") == !checkpoint.secondMoment.isEmpty)
      }
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
      let wanted = Samples.checkpoint("r", 5).weights[1].tensor.values
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
