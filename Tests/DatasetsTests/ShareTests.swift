import Datasets
import Ranks
import Tensors
import TestSupport
import Testing

/// Shares of batches, read by ranks.
@Suite(.serialized) struct ShareTests {
  private func loader(_ batch: Int, slots: Range<Int>?) throws -> BatchLoader {
    try BatchLoader(
      dataset: MemoryDataset(count: 11),
      augmentation: Augmentation(
        scale: 0.5...2, flipProbability: 0.5, cropHeight: 14, cropWidth: 18,
        normalization: ResampleTests.normalization),
      batchSize: batch, seed: 5, views: [NamedView("strong", .augSeg(maximumOperations: 3))], slots: slots)
  }

  /// At every iteration of several epochs, what the ranks have one after another is the whole batch, bit by bit: also when a
  /// share alone would make longer epochs.
  @Test(arguments: [(5, 2), (5, 3), (4, 2), (3, 3)]) func sharesAreTheBatch(_ batch: Int, _ size: Int) throws
  {
    let whole = try loader(batch, slots: nil)
    let shares = try (0..<size).map {
      try loader(batch, slots: RankGroup.slots(of: batch, rank: $0, size: size))
    }
    #expect(shares.allSatisfy { $0.batchesPerEpoch == whole.batchesPerEpoch })
    for iteration in 0..<4 * whole.batchesPerEpoch + 1 {
      let expected = try whole.batch(at: iteration)
      let found = try shares.map { try $0.batch(at: iteration) }
      #expect(found.map(\.images.shape[0]) == shares.map(\.slots.count))
      #expect(shares.allSatisfy { $0.indices(at: iteration) == whole.indices(at: iteration) })
      #expect(found.flatMap(\.ids) == expected.ids, "iteration \(iteration)")
      #expect(found.flatMap(\.images.values) == expected.images.values)
      #expect(found.flatMap(\.labels.values) == expected.labels.values)
      #expect(found.flatMap { $0.view("strong").values } == expected.view("strong").values)
      #expect(found.flatMap(\.shown) == expected.shown)
    }
  }
}
