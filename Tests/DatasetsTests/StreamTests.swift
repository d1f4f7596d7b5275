import Datasets
import Images
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct StreamTests {
  private func loader(
    _ dataset: any SegmentationDataset, batch: Int = 2, seed: UInt64 = 5,
    stream: String = BatchLoader.labelledStream
  ) throws -> BatchLoader {
    try BatchLoader(
      dataset: dataset,
      augmentation: Augmentation(
        scale: 0.5...2, flipProbability: 0.5, cropHeight: 14, cropWidth: 18,
        normalization: ResampleTests.normalization),
      batchSize: batch, seed: seed, stream: stream)
  }

  /// Draws of the labelled stream carry the names they had before there were streams.
  @Test func labelledDrawsAreThePlainOnes() throws {
    let dataset = MemoryDataset(count: 7)
    let loader = try loader(dataset, batch: 3, seed: 9)
    for iteration in [0, 1, 5] {
      let (epoch, position) = (iteration / 2, iteration % 2)
      var order = RandomSource(seed: 9, purpose: "order", epoch)
      let expected = Array(order.permutation(7)[(position * 3)...].prefix(3))
      #expect(loader.indices(at: iteration) == expected)
      let batch = try loader.batch(at: iteration)
      let area = 3 * 14 * 18
      for (slot, index) in expected.enumerated() {
        var random = RandomSource(seed: 9, purpose: "augmentation", epoch, index)
        let sample = loader.augmentation(try dataset.load(index), using: &random)
        #expect(Array(batch.images.values[slot * area..<(slot + 1) * area]) == sample.image.values)
      }
    }
  }

  @Test func streamsDrawIndependently() throws {
    let dataset = MemoryDataset(count: 12)
    let loaders = try ["labelled", "unlabelled", "other"].map { try loader(dataset, stream: $0) }
    let orders = loaders.map { loader in (0..<6).flatMap { loader.indices(at: $0) } }
    #expect(Set(orders).count == 3)
    #expect(orders.allSatisfy { Set($0).count == 12 })
    // The same sample in the same epoch is cropped otherwise.
    let first = try (0..<6).map { try loaders[0].batch(at: $0) }
    let second = try (0..<6).map { try loaders[1].batch(at: $0) }
    func crops(_ batches: [Batch]) -> [String: [Float]] {
      var crops: [String: [Float]] = [:]
      for batch in batches {
        let size = batch.images.values.count / batch.ids.count
        for (slot, id) in batch.ids.enumerated() {
          crops[id] = Array(batch.images.values[slot * size..<(slot + 1) * size])
        }
      }
      return crops
    }
    let (labelled, unlabelled) = (crops(first), crops(second))
    #expect(labelled.count == 12 && unlabelled.count == 12)
    #expect(labelled.allSatisfy { unlabelled[$0.key] != $0.value })
  }

  @Test func severalStreams() throws {
    let source = StreamLoader([
      try loader(MemoryDataset(count: 5)),
      try loader(MemoryDataset(count: 12), batch: 3, stream: "unlabelled"),
    ])
    for iteration in [0, 4, 9] {
      let batches = try source.batches(at: iteration)
      #expect(batches.streams.map(\.name) == ["labelled", "unlabelled"])
      #expect(batches.labelled.images.shape == [2, 3, 14, 18])
      #expect(batches["unlabelled"].images.shape == [3, 3, 14, 18])
      // Each stream is what it would be alone, with epochs of its own.
      for (loader, stream) in zip(source.loaders, batches.streams) {
        let alone = try loader.batch(at: iteration)
        #expect(stream.batch.ids == alone.ids && stream.batch.images.values == alone.images.values)
        #expect(stream.batch.views.isEmpty)
      }
    }
    #expect(source.loaders.map(\.batchesPerEpoch) == [2, 4])
  }

  @Test(arguments: [(1, 1), (3, 2), (2, 6)])
  func prefetchingStreamsChangesNothing(_ setting: (workers: Int, depth: Int)) throws {
    let source = StreamLoader([
      try loader(MemoryDataset(count: 5)),
      try loader(MemoryDataset(count: 12), batch: 3, stream: "unlabelled"),
    ])
    let prefetcher = Prefetcher(source: source, range: 3..<12, depth: setting.depth, workers: setting.workers)
    for iteration in 3..<12 {
      let batches = try prefetcher.next()
      let expected = try source.batches(at: iteration)
      #expect(batches.streams.map(\.name) == expected.streams.map(\.name))
      for name in ["labelled", "unlabelled"] {
        #expect(batches[name].ids == expected[name].ids)
        #expect(batches[name].images.values == expected[name].images.values)
        #expect(batches[name].labels == expected[name].labels)
      }
    }
    prefetcher.stop()
  }

  /// A bad file of the second stream stops its iteration, and only that.
  @Test func errorsOfAnyStreamComeOut() throws {
    let second = try loader(MemoryDataset(count: 9, broken: [4]), batch: 3, stream: "unlabelled")
    let source = StreamLoader([try loader(MemoryDataset(count: 5)), second])
    let bad = try #require((0..<3).first { second.indices(at: $0).contains(4) })
    let prefetcher = Prefetcher(source: source, range: 0..<9, depth: 4, workers: 2)
    for _ in 0..<bad { _ = try prefetcher.next() }
    for _ in 0..<2 {
      #expect(throws: DatasetError.image(.unknownFormat(path: "4.png", found: "nothing known"))) {
        try prefetcher.next()
      }
    }
    prefetcher.stop()
    let stopped = Prefetcher(source: source, range: 0..<1000, depth: 3, workers: 2)
    stopped.stop()
    stopped.stop()
  }

  @Test func unlabelledSamples() throws {
    let folder = try TemporaryFolder()
    for number in 0..<4 {
      try folder.write(noiseImage(height: 12, width: 17, seed: UInt64(number)), "images/\(number).png")
      // No label file at all.
      if number > 0 {
        try folder.write(LabelMap(height: 12, width: 17, repeating: 1), "labels/\(number).png")
      }
    }
    let labelled = try FolderDataset(
      name: "own", root: folder.path, images: "images/*.png", labels: "labels/*.png", classNames: ["a", "b"],
      mapping: .values(classCount: 2, offset: 0, ignored: []))
    #expect(throws: DatasetError.self) { try labelled.load(0) }
    let images = UnlabelledDataset(labelled)
    #expect(images.samples.map(\.id) == ["0", "1", "2", "3"])
    #expect(images.samples.allSatisfy { $0.labelPath == nil })
    for index in 0..<4 {
      let sample = try images.load(index)
      #expect(sample.image == (try ImageFile.readRGB("\(folder.path)/images/\(index).png")))
      #expect(sample.label == LabelMap(height: 12, width: 17))
      let band = try images.load(index) { _, _ in 3..<7 }
      #expect(band.label == LabelMap(height: band.rows.count, width: 17))
    }
    let batch = try loader(images, batch: 4, stream: "unlabelled").batch(at: 0)
    #expect(batch.labels.values.allSatisfy { $0 == LabelMap.ignore })
    let report = DataCheck.run(images) { _, _ in }
    #expect(report.errors.isEmpty && report.ignoredPixels == 4 * 12 * 17 && report.classPixels == [0, 0])
    // The same without labels from the start.
    let plain = try FolderDataset(
      name: "own", root: folder.path, images: "images/*.png", labels: nil, classNames: ["a", "b"],
      mapping: .values(classCount: 2, offset: 0, ignored: []))
    #expect(plain.samples == images.samples)
  }
}
