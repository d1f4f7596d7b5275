import Ranks
import Tensors
import TestSupport
import Testing

/// The laws of every communicator, by the one that needs no library.
@Suite struct CommunicatorTests {
  private struct Broken: Error {}

  @Test(arguments: [1, 2, 3, 5]) func whatIsGatheredIsInRankOrder(_ size: Int) throws {
    let found = try onRanks(size) { ranks in
      let rank = ranks.rank
      let numbers = ranks.gather((0..<rank + 1).map { Double(10 * rank + $0) }, lengths: Array(1...size))
      let bytes = ranks.gather([UInt8](repeating: UInt8(rank), count: size - rank))
      let equal = ranks.gather([Double(rank), 0.5])
      return (numbers, bytes, equal)
    }
    let numbers = (0..<size).flatMap { rank in (0..<rank + 1).map { Double(10 * rank + $0) } }
    for (rank, own) in found.enumerated() {
      #expect(own.0 == numbers, "rank \(rank)")
      #expect(own.1 == (0..<size).map { [UInt8](repeating: UInt8($0), count: size - $0) })
      #expect(own.2 == (0..<size).map { [Double($0), 0.5] })
    }
  }

  /// Sums that depend on their order: equal on all ranks, and equal to those taken one after another.
  @Test(arguments: [1, 2, 3, 4]) func sumsAreTakenInRankOrder(_ size: Int) throws {
    @Sendable func numbers(_ rank: Int) -> [Float] {
      var random = RandomSource(seed: 3, purpose: "sum", rank)
      return (0..<37).map { _ in Float(random.uniform(-1, 1)) * Float([1e-4, 1, 1e4][rank % 3]) }
    }
    let found = try onRanks(size) { ranks in
      // Several on their way, of unequal lengths, with something else in between.
      let first = ranks.startSum(Tensor(numbers(ranks.rank), shape: [37]))
      let second = ranks.startSum(Tensor([Float(ranks.rank), -1], shape: [2]))
      ranks.progress()
      let total = ranks.sum([Double(ranks.rank + 1), 1])
      return (first.wait().values, second.wait().values, total)
    }
    var sum = numbers(0)
    for rank in 1..<max(1, size) { sum = zip(sum, numbers(rank)).map { $0 + $1 } }
    let count = size * (size - 1) / 2
    for own in found {
      #expect(own.0 == sum)
      #expect(own.1 == [Float(count), Float(-size)])
      #expect(own.2 == [Double(count + size), Double(size)])
    }
  }

  @Test func whatRankZeroSaysReachesAll() throws {
    let text = Array("iteration 7".utf8)
    let found = try onRanks(3) { $0.broadcast($0.rank == 0 ? text : [1, 2]) }
    #expect(found == [text, text, text])
    #expect(try onRanks(2) { $0.broadcast([]) } == [[], []])
  }

  /// A rank that throws is missed by every other one, in whatever it waits for; nobody waits for ever.
  @Test(arguments: [0, 1, 2]) func aLostRankIsNoticedByAll(_ lost: Int) {
    let results = ThreadCommunicator.run(3) { ranks -> [Double] in
      _ = ranks.gather([1.0])
      if ranks.rank == lost { throw Broken() }
      let sum = ranks.startSum(Tensor(repeating: 1, shape: [4])).wait().values
      let after = ranks.sum([1])
      try ranks.check()
      return sum.map(Double.init) + after
    }
    for (rank, result) in results.enumerated() {
      switch result {
      case .success: Issue.record("rank \(rank) has noticed nothing")
      case .failure(let error):
        if rank == lost {
          #expect(error is Broken)
        } else {
          #expect(error as? RanksError == .lost(rank: lost, reason: "Broken()"), "rank \(rank): \(error)")
        }
      }
    }
  }

  /// What was complete stays good, also when a rank has gone home since.
  @Test func endingEarlyHurtsNobodyWhoHasEverything() throws {
    let found = try onRanks(2) { ranks -> [[Double]] in
      let all = ranks.gather([Double(ranks.rank)])
      try ranks.check()
      return all
    }
    #expect(found == [[[0], [1]], [[0], [1]]])
  }

  @Test(arguments: [(2, 2), (5, 2), (5, 3), (7, 7), (16, 5)]) func sharesAreTheWholeBatch(
    _ batch: Int, _ size: Int
  ) {
    let shares = (0..<size).map { RankGroup.slots(of: batch, rank: $0, size: size) }
    #expect(shares.flatMap { Array($0) } == Array(0..<batch))
    let counts = shares.map(\.count)
    #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1 && !counts.contains(0))
  }

  @Test func samplesOfUnequalShares() throws {
    let found = try onRanks(3) { communicator in
      let ranks = RankGroup(communicator, batch: 5)
      return ranks.gatherSamples(ranks.slots.flatMap { [Double($0), Double($0) + 0.5] }, each: 2)
    }
    let wanted = (0..<5).flatMap { [Double($0), Double($0) + 0.5] }
    #expect(found == [wanted, wanted, wanted])
  }
}
