import CImageCodec

/// What strong augmentation does to the colours and edges of a picture. Every operation gives the bytes that
/// Pillow (the Python imaging library) gives: other roundings would be other augmentations.
public enum PictureOperation: Equatable, Sendable {
  case identity
  /// Stretches each channel's levels to 0...255.
  case autocontrast
  /// Spreads each channel's levels evenly.
  case equalize
  case invert
  /// The luminance in all channels.
  case grayscale
  /// Pillow's approximation: three averages over a box along each axis.
  /// - Parameter sigma: standard deviation, pixels, 0 to 1000.
  case gaussianBlur(sigma: Double)
  /// From the picture's mean luminance (factor 0) to the picture (1) and beyond.
  case contrast(Double)
  /// From black (factor 0) to the picture (1) and beyond.
  case brightness(Double)
  /// From the luminance (factor 0) to the picture (1) and beyond.
  case color(Double)
  /// From the picture smoothed over 3 x 3 pixels (factor 0) to the picture (1) and beyond.
  case sharpness(Double)
  /// Keeps the upper bits of each level, 1 to 8 of them.
  case posterize(bits: Int)
  /// Inverts the levels from `threshold` on, 0 to 256.
  case solarize(threshold: Int)
  /// Turns hues by so many turns, -0.5 to 0.5, by way of 8-bit hue, saturation and value: a turn by 0 is not
  /// quite the picture.
  case hue(Double)
}

extension ImageBuffer {
  /// Traps where a number of the operation is outside its range.
  public mutating func apply(_ operation: PictureOperation) {
    guard height > 0 && width > 0 else { return }
    switch operation {
    case .identity: break
    case .autocontrast: map(histograms.map(LevelTable.autocontrast))
    case .equalize: map(histograms.map(LevelTable.equalize))
    case .invert: map(LevelTable.solarize(threshold: 0))
    case .grayscale:
      withPixels { pixels, count in jml_picture_grey(pixels, count) }
    case .gaussianBlur(let sigma):
      precondition((0...1000).contains(sigma), "gaussianBlur: sigma \(sigma) is not in 0...1000")
      if sigma > 0 { blur(BoxBlur.box(sigma: Float(sigma))) }
    case .contrast(let factor):
      map(LevelTable.blended(from: meanLuminance, ImageBuffer.checked(factor, "contrast")))
    case .brightness(let factor):
      map(LevelTable.blended(from: 0, ImageBuffer.checked(factor, "brightness")))
    case .color(let factor):
      let factor = ImageBuffer.checked(factor, "color")
      withPixels { pixels, count in jml_picture_color(pixels, count, factor) }
    case .sharpness(let factor): sharpen(ImageBuffer.checked(factor, "sharpness"))
    case .posterize(let bits): map(LevelTable.posterize(bits: bits))
    case .solarize(let threshold): map(LevelTable.solarize(threshold: threshold))
    case .hue(let turns):
      precondition((-0.5...0.5).contains(turns), "hue: \(turns) is not in -0.5...0.5")
      // Cut off towards 0, and 255 levels to a turn of 256: as torchvision does.
      let shift = UInt8(truncatingIfNeeded: Int(turns * 255))
      withPixels { pixels, count in jml_picture_hue(pixels, count, shift) }
    }
  }

  /// Single precision, as Pillow takes it.
  private static func checked(_ factor: Double, _ operation: String) -> Float {
    precondition(Float(factor).isFinite, "\(operation): factor \(factor) is not finite")
    return Float(factor)
  }

  /// Calls `body` with [H, W, 3] and the number of pixels.
  private mutating func withPixels(_ body: (UnsafeMutablePointer<UInt8>, Int) -> Void) {
    let count = height * width
    pixels.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { body(start, count) }
    }
  }

  /// Levels of all channels through one table.
  private mutating func map(_ table: [UInt8]) { map([table, table, table]) }

  /// Levels of each channel through its table.
  private mutating func map(_ tables: [[UInt8]]) {
    let joined = Array(tables.joined())
    precondition(joined.count == 3 * 256, "ImageBuffer.map: \(joined.count) levels for 3 channels of 256")
    withPixels { pixels, count in jml_picture_map(pixels, count, joined) }
  }

  /// How often each level occurs, [3][256].
  private var histograms: [[Int]] {
    var counts = [Int64](repeating: 0, count: 3 * 256)
    jml_picture_histograms(pixels, height * width, &counts)
    return (0..<3).map { channel in counts[channel * 256..<(channel + 1) * 256].map(Int.init) }
  }

  /// Rounded.
  private var meanLuminance: Int {
    let sum = jml_picture_luminance_sum(pixels, height * width)
    return Int(Double(sum) / Double(height * width) + 0.5)
  }

  private mutating func sharpen(_ factor: Float) {
    let (height, width) = (height, width)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 6 * width) { scratch in
      guard let scratch = scratch.baseAddress else { return }
      withPixels { pixels, _ in jml_picture_sharpness(pixels, height, width, factor, scratch) }
    }
  }

  private mutating func blur(_ box: jml_box) {
    let (height, width) = (height, width)
    let size = jml_picture_blur_scratch(height, width, box.radius)
    withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { scratch in
      guard let scratch = scratch.baseAddress else { return }
      withPixels { pixels, _ in jml_picture_blur(pixels, height, width, box, scratch) }
    }
  }
}
