import Images
import Tensors

/// An augmented or normalised sample.
public struct PreparedSample: Sendable {
  public let id: String
  /// [3, H, W] from `Augmentation`, [1, 3, H, W] from `EvaluationTransform`; normalised.
  public let image: Tensor
  /// [H, W].
  public let label: LabelMap
}

/// One random change of a training sample. Its parameters are an experiment's; the crop's size is the scale's.
public enum AugmentationStage: Equatable, Sendable {
  /// Resizes by a factor drawn uniformly, relative to the image as it comes, one for both sides: image bilinear,
  /// label nearest.
  case randomScale(ClosedRange<Double>)
  /// Mirrors left to right with a probability 0...1.
  case randomFlip(probability: Double)
  /// Pads to the crop's size around the centre (image with the mean, label with ignore), then cuts a crop anywhere
  /// in the image.
  case randomCrop

  /// As experiment files call it.
  public var kind: String {
    switch self {
    case .randomScale: "random_scale"
    case .randomFlip: "random_flip"
    case .randomCrop: "random_crop"
    }
  }
}

/// Stages of random changes, then normalisation. The paper's (Appendix A, public code) are random scale, random
/// mirror, random crop; no photometric distortion.
///
/// Only the pixels of the crop are resampled; the result equals doing the stages one by one. That wants them in the
/// order random scale, random flip, random crop, where all but the crop may be left out.
public struct Augmentation: Equatable, Sendable {
  /// Factor; nil: images keep their size.
  public let scale: ClosedRange<Double>?
  /// Fraction 0...1; nil: never, and nothing is drawn.
  public let flipProbability: Double?
  /// Pixels.
  public let cropHeight: Int
  /// Pixels.
  public let cropWidth: Int
  public let normalization: Normalization

  /// - Throws: `DatasetError.augmentation` for an order of stages that is not done.
  public init(
    stages: [AugmentationStage], cropHeight: Int, cropWidth: Int, normalization: Normalization
  ) throws(DatasetError) {
    var scale: ClosedRange<Double>?
    var flip: Double?
    var hasCrop = false
    func refuse(_ reason: String) -> DatasetError { .augmentation(found: stages.map(\.kind), reason: reason) }
    for stage in stages {
      if hasCrop { throw refuse("nothing is done after random_crop") }
      switch stage {
      case .randomScale(let range):
        guard scale == nil, flip == nil else {
          throw refuse("random_scale comes once, and before random_flip")
        }
        scale = range
      case .randomFlip(let probability):
        guard flip == nil else { throw refuse("random_flip comes once") }
        flip = probability
      case .randomCrop: hasCrop = true
      }
    }
    guard hasCrop else { throw refuse("samples of a batch need one size") }
    self.init(
      optionalScale: scale, optionalFlip: flip, cropHeight: cropHeight, cropWidth: cropWidth,
      normalization: normalization)
  }

  /// The paper's three stages.
  public init(
    scale: ClosedRange<Double>, flipProbability: Double, cropHeight: Int, cropWidth: Int,
    normalization: Normalization
  ) {
    self.init(
      optionalScale: scale, optionalFlip: flipProbability, cropHeight: cropHeight, cropWidth: cropWidth,
      normalization: normalization)
  }

  private init(
    optionalScale scale: ClosedRange<Double>?, optionalFlip flip: Double?, cropHeight: Int, cropWidth: Int,
    normalization: Normalization
  ) {
    precondition(
      scale.map { $0.lowerBound > 0 } ?? true, "Augmentation: scale \(scale ?? 1...1) is not positive")
    precondition((0...1).contains(flip ?? 0), "Augmentation: flip probability \(flip ?? 0)")
    precondition(cropHeight > 0 && cropWidth > 0, "Augmentation: crop [\(cropHeight), \(cropWidth)] is empty")
    self.scale = scale
    flipProbability = flip
    self.cropHeight = cropHeight
    self.cropWidth = cropWidth
    self.normalization = normalization
  }

  /// What is done, in order.
  public var stages: [AugmentationStage] {
    var stages: [AugmentationStage] = []
    if let scale { stages.append(.randomScale(scale)) }
    if let flipProbability { stages.append(.randomFlip(probability: flipProbability)) }
    return stages + [.randomCrop]
  }

  /// Draws one crop, stage by stage. How many numbers are drawn depends on the stages and not on the image, so that
  /// later draws do not depend on its size.
  /// - Parameters: `height`, `width` of the image, pixels.
  public func geometry(height: Int, width: Int, using random: inout RandomSource) -> CropGeometry {
    let factor = scale.map { random.uniform($0.lowerBound, $0.upperBound) }
    let flip = flipProbability.map { random.uniform() < $0 } ?? false
    let scaledHeight = factor.map { CropGeometry.scaled(height, by: $0) } ?? height
    let scaledWidth = factor.map { CropGeometry.scaled(width, by: $0) } ?? width
    /// Where the crop begins on one axis: anywhere it fits, or centred with the odd pixel of padding at the
    /// end.
    func start(_ scaled: Int, _ crop: Int) -> Int {
      let free = random.below(max(scaled - crop, 0) + 1)
      return scaled < crop ? -((crop - scaled) / 2) : free
    }
    let top = start(scaledHeight, cropHeight)
    let left = start(scaledWidth, cropWidth)
    return CropGeometry(
      scaledHeight: scaledHeight, scaledWidth: scaledWidth, factor: factor, flip: flip, top: top, left: left,
      height: cropHeight, width: cropWidth)
  }

  /// Draws a crop of a sample and reads the rows that it shows.
  /// - Throws: `DatasetError`, naming the file.
  public func load(
    _ index: Int, of dataset: any SegmentationDataset, using random: inout RandomSource
  ) throws -> (band: SampleBand, geometry: CropGeometry) {
    // Replaced as soon as the size is known.
    var geometry = CropGeometry.whole(height: cropHeight, width: cropWidth)
    let band = try dataset.load(index) { height, width in
      geometry = self.geometry(height: height, width: width, using: &random)
      return geometry.sourceRows(height: height)
    }
    return (band, geometry)
  }

  /// - Returns: image [3, cropHeight, cropWidth], label [cropHeight, cropWidth].
  public func callAsFunction(_ sample: Sample, using random: inout RandomSource) -> PreparedSample {
    let geometry = geometry(height: sample.image.height, width: sample.image.width, using: &random)
    return callAsFunction(SampleBand(sample), geometry)
  }

  /// - Returns: image [3, cropHeight, cropWidth], label [cropHeight, cropWidth].
  public func callAsFunction(_ band: SampleBand, _ geometry: CropGeometry) -> PreparedSample {
    let image = Tensor(uninitialized: [3, cropHeight, cropWidth])
    let values = [UInt8](unsafeUninitializedCapacity: cropHeight * cropWidth) { values, count in
      guard let start = values.baseAddress else { return }
      write(band, geometry, image: image.pointer, label: start)
      count = cropHeight * cropWidth
    }
    return PreparedSample(
      id: band.id, image: image, label: LabelMap(height: cropHeight, width: cropWidth, values: values))
  }

  /// Writes the crop to its place in a batch.
  func write(
    _ band: SampleBand, _ geometry: CropGeometry, image: UnsafeMutablePointer<Float>,
    label: UnsafeMutablePointer<UInt8>
  ) {
    Resample.bilinear(
      band.image, rows: band.rows, of: band.height, geometry, normalization, into: image)
    Resample.nearest(band.label, rows: band.rows, of: band.height, geometry, into: label)
  }
}
