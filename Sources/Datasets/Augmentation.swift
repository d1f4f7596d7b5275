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

/// The training transform of the paper's public code (Appendix A), in its order: random scale (image
/// bilinear, label nearest) -> random mirror -> centred padding up to the crop (image with the mean, label
/// with ignore) -> random crop -> normalisation. No photometric distortion.
///
/// The scale is relative to the original image, one factor for both sides. Only the pixels of the crop are
/// resampled; the result equals doing the steps one by one.
public struct Augmentation: Equatable, Sendable {
  /// Factor, uniform.
  public let scale: ClosedRange<Double>
  /// Fraction 0...1.
  public let flipProbability: Double
  /// Pixels.
  public let cropHeight: Int
  /// Pixels.
  public let cropWidth: Int
  public let normalization: Normalization

  public init(
    scale: ClosedRange<Double>, flipProbability: Double, cropHeight: Int, cropWidth: Int,
    normalization: Normalization
  ) {
    precondition(scale.lowerBound > 0, "Augmentation: scale \(scale) is not positive")
    precondition((0...1).contains(flipProbability), "Augmentation: flip probability \(flipProbability)")
    precondition(cropHeight > 0 && cropWidth > 0, "Augmentation: crop [\(cropHeight), \(cropWidth)] is empty")
    self.scale = scale
    self.flipProbability = flipProbability
    self.cropHeight = cropHeight
    self.cropWidth = cropWidth
    self.normalization = normalization
  }

  /// Draws one crop. Four numbers are drawn whatever the image, so that later draws do not depend on its
  /// size.
  /// - Parameters: `height`, `width` of the image, pixels.
  public func geometry(height: Int, width: Int, using random: inout RandomSource) -> CropGeometry {
    let factor = random.uniform(scale.lowerBound, scale.upperBound)
    let flip = random.uniform() < flipProbability
    let scaledHeight = max(1, Int((Double(height) * factor).rounded()))
    let scaledWidth = max(1, Int((Double(width) * factor).rounded()))
    /// Where the crop begins on one axis: anywhere it fits, or centred with the odd pixel of padding at the
    /// end.
    func start(_ scaled: Int, _ crop: Int) -> Int {
      let free = random.below(max(scaled - crop, 0) + 1)
      return scaled < crop ? -((crop - scaled) / 2) : free
    }
    let top = start(scaledHeight, cropHeight)
    let left = start(scaledWidth, cropWidth)
    return CropGeometry(
      scaledHeight: scaledHeight, scaledWidth: scaledWidth, flip: flip, top: top, left: left,
      height: cropHeight,
      width: cropWidth)
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
