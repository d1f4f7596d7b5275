import Tensors

/// One training batch.
public struct Batch: Sendable {
  /// [B, 3, H, W], normalised.
  public let images: Tensor
  /// [B, H, W]; `LabelMap.ignore` everywhere in an unlabelled sample.
  public let labels: LabelBatch
  /// B identifiers.
  public let ids: [String]
  /// The same crops as `images`, changed in other ways, [B, 3, H, W] each; by name, in a fixed order.
  public let views: [(name: String, images: Tensor)]

  public init(
    images: Tensor, labels: LabelBatch, ids: [String], views: [(name: String, images: Tensor)] = []
  ) {
    self.images = images
    self.labels = labels
    self.ids = ids
    self.views = views
  }
}

/// The batches of one stream of a training run, as a function of the iteration.
///
/// An epoch is a permutation of the samples drawn for (seed, stream, epoch), the last partial batch dropped. A
/// sample's augmentation is drawn for (seed, stream, epoch, sample), so no batch depends on which came before, on
/// other streams, on threads, or on where a run was resumed.
public struct BatchLoader: Sendable {
  public let dataset: any SegmentationDataset
  public let augmentation: Augmentation
  public let batchSize: Int
  public let seed: UInt64
  /// Names the stream, and tells its draws from those of other streams with the same samples.
  public let stream: String

  /// The stream that every supervised method has.
  public static let labelledStream = "labelled"

  /// - Throws: `DatasetError.fewerSamplesThanBatch`.
  public init(
    dataset: any SegmentationDataset, augmentation: Augmentation, batchSize: Int, seed: UInt64,
    stream: String = BatchLoader.labelledStream
  ) throws {
    precondition(!stream.isEmpty, "BatchLoader: a stream needs a name")
    precondition(batchSize > 0, "BatchLoader: batch size \(batchSize) is not positive")
    guard dataset.count >= batchSize else {
      throw DatasetError.fewerSamplesThanBatch(
        dataset: dataset.name, samples: dataset.count, batchSize: batchSize)
    }
    self.dataset = dataset
    self.augmentation = augmentation
    self.batchSize = batchSize
    self.seed = seed
    self.stream = stream
  }

  /// What random numbers are for. The labelled stream's names are those of the time when there was no other.
  private func purpose(_ name: String) -> String {
    stream == BatchLoader.labelledStream ? name : "\(name)/\(stream)"
  }

  /// Whole batches in an epoch.
  public var batchesPerEpoch: Int { dataset.count / batchSize }

  /// Sample indices of the batch at an iteration, counted from 0.
  public func indices(at iteration: Int) -> [Int] {
    precondition(iteration >= 0, "BatchLoader: iteration \(iteration)")
    let (epoch, position) = iteration.quotientAndRemainder(dividingBy: batchesPerEpoch)
    var random = RandomSource(seed: seed, purpose: purpose("order"), epoch)
    return Array(random.permutation(dataset.count)[(position * batchSize)...].prefix(batchSize))
  }

  /// Reads and augments the batch at an iteration, counted from 0.
  /// - Throws: `DatasetError`, naming the file.
  public func batch(at iteration: Int) throws -> Batch {
    let indices = indices(at: iteration)
    let epoch = iteration / batchesPerEpoch
    let (height, width) = (augmentation.cropHeight, augmentation.cropWidth)
    let images = Tensor(uninitialized: [batchSize, 3, height, width])
    let area = height * width
    var ids: [String] = []
    let labels = try [UInt8](unsafeUninitializedCapacity: batchSize * area) { values, count in
      for (slot, index) in indices.enumerated() {
        var random = RandomSource(seed: seed, purpose: purpose("augmentation"), epoch, index)
        let (band, geometry) = try augmentation.load(index, of: dataset, using: &random)
        guard let start = values.baseAddress else { return }
        augmentation.write(
          band, geometry, image: images.pointer + slot * 3 * area, label: start + slot * area)
        ids.append(band.id)
        count = (slot + 1) * area
      }
    }
    return Batch(
      images: images, labels: LabelBatch(count: batchSize, height: height, width: width, values: labels),
      ids: ids)
  }
}
