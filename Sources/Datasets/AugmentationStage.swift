/// One random change of a training sample. Its parameters are an experiment's; the crop's size is the scale's.
public enum AugmentationStage: Equatable, Sendable {
  /// Resizes by a factor drawn uniformly, relative to the image as it comes, one for both sides: image bilinear,
  /// label nearest.
  case randomScale(ClosedRange<Double>)
  /// Resizes the longer side to a whole number of pixels drawn uniformly, whatever it was before; the other side
  /// follows, rounded (AugSeg and iMAS, public code). In the place of `randomScale`.
  case randomLongSide(ClosedRange<Int>)
  /// Mirrors left to right with a probability 0...1.
  case randomFlip(probability: Double)
  /// Pads to the crop's size (image with the mean, label with ignore), then cuts a crop anywhere in the image.
  case randomCrop(padding: CropPadding)

  /// Padded around the centre.
  public static let randomCrop = AugmentationStage.randomCrop(padding: .centre)

  /// As experiment files call it.
  public var kind: String {
    switch self {
    case .randomScale: "random_scale"
    case .randomLongSide: "random_long_side"
    case .randomFlip: "random_flip"
    case .randomCrop(_): "random_crop"
    }
  }
}

/// Where an image lies in a larger crop.
public enum CropPadding: Equatable, Sendable {
  /// In the middle, the odd pixel of padding right and below.
  case centre
  /// Top left: padding is right and below only.
  case end

  /// The image's row or column under the crop's first pixel, of an axis with `image` < `crop` pixels.
  func start(image: Int, crop: Int) -> Int {
    switch self {
    case .centre: -((crop - image) / 2)
    case .end: 0
    }
  }
}
