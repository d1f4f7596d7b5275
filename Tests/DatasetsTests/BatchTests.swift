import Datasets
import Images
import Synchronization
import Tensors
import TestSupport
import Testing

/// A data set in memory that counts its reads.
final class MemoryDataset: SegmentationDataset {
  let name = "memory"
  let classNames = ["a", "b", "c"]
  let samples: [SampleFiles]
  let broken: Set<Int>
  let reads = Mutex(0)

  init(count: Int, broken: Set<Int> = []) {
    samples = (0..<count).map {
      SampleFiles(id: "s\($0)", imagePath: "\($0).png", labelPath: "\($0)-label.png")
    }
    self.broken = broken
  }

  func load(_ index: Int) throws -> Sample {
    reads.withLock { $0 += 1 }
    if broken.contains(index) {
      throw DatasetError.image(.unknownFormat(path: "\(index).png", found: "nothing known"))
    }
    let (height, width) = (20 + index, 31 - index)
    return Sample(
      id: "s\(index)", image: noiseImage(height: height, width: width, seed: UInt64(index)),
      label: noiseLabel(height: height, width: width, classes: 3, seed: UInt64(index)))
  }
}

@Suite(.serialized)
struct BatchTests {
  private func loader(_ dataset: any SegmentationDataset, batch: Int = 3, seed: UInt64 = 5) throws
    -> BatchLoader
  {
    try BatchLoader(
      dataset: dataset,
      augmentation: Augmentation(
        scale: 0.5...2, flipProbability: 0.5, cropHeight: 14, cropWidth: 18,
        normalization: ResampleTests.normalization),
      batchSize: batch, seed: seed)
  }

  @Test func epochsArePermutationsWithoutTheLastPartialBatch() throws {
    let loader = try loader(MemoryDataset(count: 11))
    #expect(loader.batchesPerEpoch == 3)
    var orders: [[Int]] = []
    for epoch in 0..<3 {
      let order = (0..<3).flatMap { loader.indices(at: epoch * 3 + $0) }
      #expect(order.count == 9 && Set(order).count == 9)
      orders.append(order)
    }
    #expect(orders[0] != orders[1] && orders[1] != orders[2])
    #expect(try self.loader(MemoryDataset(count: 11), seed: 6).indices(at: 0) != loader.indices(at: 0))
  }

  @Test func batchIsAFunctionOfTheIteration() throws {
    let loader = try loader(MemoryDataset(count: 10))
    let late = try loader.batch(at: 17)
    _ = try loader.batch(at: 2)
    let again = try loader.batch(at: 17)
    #expect(late.images.shape == [3, 3, 14, 18])
    #expect(late.images.values == again.images.values)
    #expect(late.labels == again.labels)
    #expect(late.ids == loader.indices(at: 17).map { "s\($0)" })
  }

  @Test func tooFewSamples() throws {
    #expect(throws: DatasetError.fewerSamplesThanBatch(dataset: "memory", samples: 2, batchSize: 3)) {
      try self.loader(MemoryDataset(count: 2))
    }
  }

  @Test(arguments: [(1, 1), (1, 4), (3, 2), (4, 8)])
  func prefetchingChangesNothing(_ setting: (workers: Int, depth: Int)) throws {
    let loader = try loader(MemoryDataset(count: 10))
    // Begins in the middle, as a resumed run does.
    let prefetcher = Prefetcher(source: loader, range: 4..<15, depth: setting.depth, workers: setting.workers)
    for iteration in 4..<15 {
      let batch = try prefetcher.next().labelled
      let expected = try loader.batch(at: iteration)
      #expect(batch.ids == expected.ids)
      #expect(batch.images.values == expected.images.values)
      #expect(batch.labels == expected.labels)
    }
    prefetcher.stop()
  }

  @Test func errorsComeOutAtTheirIteration() throws {
    let loader = try loader(MemoryDataset(count: 9, broken: [4]))
    let bad = try #require((0..<3).first { loader.indices(at: $0).contains(4) })
    let prefetcher = Prefetcher(source: loader, range: 0..<9, depth: 4, workers: 2)
    for _ in 0..<bad { _ = try prefetcher.next() }
    #expect(throws: DatasetError.image(.unknownFormat(path: "4.png", found: "nothing known"))) {
      try prefetcher.next()
    }
    #expect(throws: DatasetError.image(.unknownFormat(path: "4.png", found: "nothing known"))) {
      try prefetcher.next()
    }
    prefetcher.stop()
  }

  @Test func stoppingEarlyEndsTheThreads() throws {
    for _ in 0..<20 {
      let prefetcher = Prefetcher(
        source: try loader(MemoryDataset(count: 10)), range: 0..<1000, depth: 3, workers: 2)
      _ = try prefetcher.next()
      prefetcher.stop()
      prefetcher.stop()
    }
  }

  @Test func cacheReadsOnceUpToItsLimit() throws {
    let base = MemoryDataset(count: 6)
    let cached = CachedDataset(base, byteLimit: 1 << 20)
    for _ in 0..<3 {
      for index in 0..<6 { #expect(try cached.load(index) == base.load(index)) }
    }
    #expect(base.reads.withLock { $0 } == 6 + 18)
    let sizes = try (0..<6).map { try base.load($0).label.values.count * 4 }
    #expect(cached.cachedBytes == sizes.reduce(0, +))
    let tight = CachedDataset(base, byteLimit: sizes[0] + 1)
    for index in 0..<6 { #expect(try tight.load(index) == base.load(index)) }
    #expect(tight.cachedBytes == sizes[0])
  }

  @Test func shrunkDataset() throws {
    let shrunk = ShrunkDataset(MemoryDataset(count: 3), shortSide: 10)
    let sample = try shrunk.load(2)
    #expect((sample.image.height, sample.image.width) == (10, 13))
    #expect((sample.label.height, sample.label.width) == (10, 13))
    #expect(shrunk.samples.count == 3)
  }
}
