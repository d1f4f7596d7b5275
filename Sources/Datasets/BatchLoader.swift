import Images
import Tensors

/// One training batch.
public struct Batch: Sendable {
  /// [B, 3, H, W], normalised.
  public let images: Tensor
  /// [B, H, W]; `LabelMap.ignore` everywhere in an unlabelled sample.
  public let labels: LabelBatch
  /// B identifiers.
  public let ids: [String]
  /// The same crops as `images`, rounded to 8 bits, changed in other ways and normalised, [B, 3, H, W] each; by name, in
  /// a fixed order.
  public let views: [(name: String, images: Tensor)]
  /// nil where no crop has padding, as in most batches, which nobody asks.
  private let marks: [UInt8]?

  /// [B, H, W], row-major: 1 where the crop shows the picture, 0 in its padding.
  public var shown: [UInt8] { marks ?? [UInt8](repeating: 1, count: labels.values.count) }

  /// - Parameter shown: nil: there is no padding.
  public init(
    images: Tensor, labels: LabelBatch, ids: [String], views: [(name: String, images: Tensor)] = [],
    shown: [UInt8]? = nil
  ) {
    self.images = images
    self.labels = labels
    self.ids = ids
    self.views = views
    marks = shown
  }

  /// The images of a view that is there, [B, 3, H, W]; one of another name is a programmer's mistake.
  public func view(_ name: String) -> Tensor {
    guard let found = views.first(where: { $0.name == name }) else {
      preconditionFailure("Batch: no view '\(name)' among \(views.map(\.name))")
    }
    return found.images
  }
}

/// The batches of one stream of a training run, as a function of the iteration.
///
/// An epoch is a permutation of the samples drawn for (seed, stream, epoch), the last partial batch dropped. A
/// sample's augmentation is drawn for (seed, stream, epoch, sample), so no batch depends on which came before, on
/// other streams, on threads, or on where a run was resumed. A view is drawn for (seed, stream, view, epoch, sample):
/// neither crops nor other views change with it.
public struct BatchLoader: Sendable {
  public let dataset: any SegmentationDataset
  public let augmentation: Augmentation
  public let batchSize: Int
  public let seed: UInt64
  /// Names the stream, and tells its draws from those of other streams with the same samples.
  public let stream: String
  /// What each crop is seen through besides as it is; names are distinct.
  public let views: [NamedView]
  /// Slots of each batch that are read, of 0..<batchSize: where ranks share the batches, this one's. Which samples lie in
  /// which slot is the same for all, and so are epochs.
  public let slots: Range<Int>

  /// The stream that every supervised method has.
  public static let labelledStream = "labelled"

  /// - Parameters:
  ///   - batchSize: samples of the whole batch.
  ///   - slots: nil: all of them.
  /// - Throws: `DatasetError.fewerSamplesThanBatch`.
  public init(
    dataset: any SegmentationDataset, augmentation: Augmentation, batchSize: Int, seed: UInt64,
    stream: String = BatchLoader.labelledStream, views: [NamedView] = [], slots: Range<Int>? = nil
  ) throws {
    let slots = slots ?? 0..<batchSize
    precondition(
      slots.lowerBound >= 0 && slots.upperBound <= batchSize && !slots.isEmpty,
      "BatchLoader: slots \(slots) of a batch of \(batchSize)")
    precondition(!stream.isEmpty, "BatchLoader: a stream needs a name")
    precondition(
      Set(views.map(\.name)).count == views.count,
      "BatchLoader: views \(views.map(\.name)) are to be distinct")
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
    self.views = views
    self.slots = slots
  }

  /// What random numbers are for. The labelled stream's names are those of the time when there was no other.
  private func purpose(_ name: String) -> String {
    stream == BatchLoader.labelledStream ? name : "\(name)/\(stream)"
  }

  /// Whole batches in an epoch.
  public var batchesPerEpoch: Int { dataset.count / batchSize }

  /// Sample indices of the whole batch at an iteration, counted from 0.
  public func indices(at iteration: Int) -> [Int] {
    precondition(iteration >= 0, "BatchLoader: iteration \(iteration)")
    let (epoch, position) = iteration.quotientAndRemainder(dividingBy: batchesPerEpoch)
    var random = RandomSource(seed: seed, purpose: purpose("order"), epoch)
    return Array(random.permutation(dataset.count)[(position * batchSize)...].prefix(batchSize))
  }

  /// Reads and augments the slots of the batch at an iteration, counted from 0.
  /// - Throws: `DatasetError`, naming the file.
  public func batch(at iteration: Int) throws -> Batch {
    let indices = indices(at: iteration)[slots]
    let count = indices.count
    let epoch = iteration / batchesPerEpoch
    let (height, width) = (augmentation.cropHeight, augmentation.cropWidth)
    let images = Tensor(uninitialized: [count, 3, height, width])
    let area = height * width
    let viewImages = views.map { ($0.name, Tensor(uninitialized: images.shape)) }
    var ids: [String] = []
    var geometries: [CropGeometry] = []
    let labels = try [UInt8](unsafeUninitializedCapacity: count * area) { values, filled in
      for (slot, index) in indices.enumerated() {
        var random = RandomSource(seed: seed, purpose: purpose("augmentation"), epoch, index)
        let (band, geometry) = try augmentation.load(index, of: dataset, using: &random)
        guard let start = values.baseAddress else { return }
        augmentation.write(
          band, geometry, image: images.pointer + slot * 3 * area, label: start + slot * area)
        if !views.isEmpty {
          writeViews(
            of: augmentation.picture(band, geometry), epoch: epoch, index: index,
            into: viewImages.map { $0.1.pointer + slot * 3 * area })
        }
        ids.append(band.id)
        geometries.append(geometry)
        filled = (slot + 1) * area
      }
    }
    return Batch(
      images: images, labels: LabelBatch(count: count, height: height, width: width, values: labels),
      ids: ids, views: viewImages, shown: BatchLoader.shown(geometries))
  }

  /// - Parameters:
  ///   - crop: [H, W, 3].
  ///   - targets: [3, H, W] for each view.
  private func writeViews(
    of crop: ImageBuffer, epoch: Int, index: Int, into targets: [UnsafeMutablePointer<Float>]
  ) {
    for (view, target) in zip(views, targets) {
      var random = RandomSource(seed: seed, purpose: purpose("view \(view.name)"), epoch, index)
      var picture = crop
      for operation in view.view.operations(using: &random) { picture.apply(operation) }
      Resample.normalize(picture, augmentation.normalization, into: target)
    }
  }

  /// `Batch.shown` of crops of one size; nil where no crop has padding.
  private static func shown(_ geometries: [CropGeometry]) -> [UInt8]? {
    guard geometries.contains(where: { !$0.isFilled }) else { return nil }
    var shown: [UInt8] = []
    for geometry in geometries {
      let columns = geometry.imageColumns
      let line = (0..<geometry.width).map { columns.contains($0) ? UInt8(1) : 0 }
      let padding = [UInt8](repeating: 0, count: geometry.width)
      for row in 0..<geometry.height { shown += geometry.imageRows.contains(row) ? line : padding }
    }
    return shown
  }
}
