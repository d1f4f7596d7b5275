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

/// Stages of random changes, then normalisation. The paper's (Appendix A, public code) are random scale, random
/// mirror, random crop; no photometric distortion.
///
/// Only the pixels of the crop are resampled; the result equals doing the stages one by one. That wants them in the
/// order random scale or random long side, random flip, random crop, where all but the crop may be left out.
public struct Augmentation: Equatable, Sendable {
  /// How images are resized.
  public enum Resizing: Equatable, Sendable {
    /// By a factor, one for both sides.
    case factor(ClosedRange<Double>)
    /// To so many pixels of the longer side, a whole number; the other side follows.
    case longSide(ClosedRange<Int>)
  }

  /// nil: images keep their size.
  public let resizing: Resizing?
  /// Fraction 0...1; nil: never, and nothing is drawn.
  public let flipProbability: Double?
  public let padding: CropPadding
  /// Pixels.
  public let cropHeight: Int
  /// Pixels.
  public let cropWidth: Int
  public let normalization: Normalization

  /// - Throws: `DatasetError.augmentation` for an order of stages that is not done.
  public init(
    stages: [AugmentationStage], cropHeight: Int, cropWidth: Int, normalization: Normalization
  ) throws(DatasetError) {
    var resizing: Resizing?
    var flip: Double?
    var padding: CropPadding?
    func refuse(_ reason: String) -> DatasetError { .augmentation(found: stages.map(\.kind), reason: reason) }
    for stage in stages {
      if padding != nil { throw refuse("nothing is done after random_crop") }
      switch stage {
      case .randomScale(let range):
        guard resizing == nil, flip == nil else {
          throw refuse("random_scale comes once, and before random_flip")
        }
        resizing = .factor(range)
      case .randomLongSide(let range):
        guard resizing == nil, flip == nil else {
          throw refuse("random_long_side comes once, in the place of random_scale, and before random_flip")
        }
        resizing = .longSide(range)
      case .randomFlip(let probability):
        guard flip == nil else { throw refuse("random_flip comes once") }
        flip = probability
      case .randomCrop(let place): padding = place
      }
    }
    guard let padding else { throw refuse("samples of a batch need one size") }
    self.init(
      resizing: resizing, optionalFlip: flip, padding: padding, cropHeight: cropHeight, cropWidth: cropWidth,
      normalization: normalization)
  }

  /// The paper's three stages.
  public init(
    scale: ClosedRange<Double>, flipProbability: Double, cropHeight: Int, cropWidth: Int,
    normalization: Normalization
  ) {
    self.init(
      resizing: .factor(scale), optionalFlip: flipProbability, padding: .centre, cropHeight: cropHeight,
      cropWidth: cropWidth, normalization: normalization)
  }

  private init(
    resizing: Resizing?, optionalFlip flip: Double?, padding: CropPadding, cropHeight: Int, cropWidth: Int,
    normalization: Normalization
  ) {
    switch resizing {
    case .factor(let range):
      precondition(range.lowerBound > 0, "Augmentation: scale \(range) is not positive")
    case .longSide(let range):
      precondition(range.lowerBound > 0, "Augmentation: long side \(range) is not positive")
    case nil: break
    }
    precondition((0...1).contains(flip ?? 0), "Augmentation: flip probability \(flip ?? 0)")
    precondition(cropHeight > 0 && cropWidth > 0, "Augmentation: crop [\(cropHeight), \(cropWidth)] is empty")
    self.resizing = resizing
    flipProbability = flip
    self.padding = padding
    self.cropHeight = cropHeight
    self.cropWidth = cropWidth
    self.normalization = normalization
  }

  /// What is done, in order.
  public var stages: [AugmentationStage] {
    var stages: [AugmentationStage] = []
    switch resizing {
    case .factor(let range): stages.append(.randomScale(range))
    case .longSide(let range): stages.append(.randomLongSide(range))
    case nil: break
    }
    if let flipProbability { stages.append(.randomFlip(probability: flipProbability)) }
    return stages + [.randomCrop(padding: padding)]
  }

  /// Draws one crop, stage by stage. How many numbers are drawn depends on the stages and not on the image, so that
  /// later draws do not depend on its size.
  /// - Parameters: `height`, `width` of the image, pixels.
  public func geometry(height: Int, width: Int, using random: inout RandomSource) -> CropGeometry {
    let scaled = size(height: height, width: width, using: &random)
    let flip = flipProbability.map { random.uniform() < $0 } ?? false
    /// Where the crop begins on one axis: anywhere it fits, or where the padding has it.
    func start(_ scaled: Int, _ crop: Int) -> Int {
      let free = random.below(max(scaled - crop, 0) + 1)
      return scaled < crop ? padding.start(image: scaled, crop: crop) : free
    }
    let top = start(scaled.height, cropHeight)
    let left = start(scaled.width, cropWidth)
    return CropGeometry(
      scaledHeight: scaled.height, scaledWidth: scaled.width, factor: scaled.factor, flip: flip, top: top,
      left: left, height: cropHeight, width: cropWidth)
  }

  /// Draws the size of the whole image, at least 1 x 1 pixels: one number, or none without resizing.
  private func size(
    height: Int, width: Int, using random: inout RandomSource
  ) -> (height: Int, width: Int, factor: Double?) {
    switch resizing {
    case .factor(let range):
      let factor = random.uniform(range.lowerBound, range.upperBound)
      return (CropGeometry.scaled(height, by: factor), CropGeometry.scaled(width, by: factor), factor)
    case .longSide(let range):
      let wanted = range.lowerBound + random.below(range.count)
      let long = max(height, width)
      /// Halves are rounded up, as in the public code.
      func scaled(_ side: Int) -> Int { max(1, (2 * side * wanted + long) / (2 * long)) }
      return (scaled(height), scaled(width), nil)
    case nil: return (height, width, nil)
    }
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

  /// The crop before normalisation, [H, W, 3], padded with the mean colour: `write`'s image, rounded to 8 bits.
  public func picture(_ band: SampleBand, _ geometry: CropGeometry) -> ImageBuffer {
    let mean = normalization.mean
    let padding = SIMD3<UInt8>(clamping: SIMD3<Int32>(mean.rounded(.toNearestOrAwayFromZero)))
    return Resample.picture(band.image, rows: band.rows, of: band.height, geometry, padding: padding)
  }
}
