/// Where a crop lies in a scaled, possibly mirrored image: drawn once, applied to image and label alike.
///
/// The scaled image is virtual: only the crop's pixels are ever computed.
public struct CropGeometry: Equatable, Sendable {
  /// Size of the whole image after scaling, pixels.
  public let scaledHeight: Int
  public let scaledWidth: Int
  /// By how much the image is scaled. The sizes are rounded, and a scaled pixel still covers 1 / factor source
  /// pixels, as in OpenCV's `resize` called with `fx` and `fy`. nil: the sizes are what was asked for, and a scaled
  /// pixel covers source / scaled pixels, as in `resize` called with `dsize`.
  public let factor: Double?
  /// Whether the scaled image is mirrored left to right before it is cropped.
  public let flip: Bool
  /// The scaled (mirrored) image's row and column under the crop's first pixel, pixels; negative where the
  /// crop begins in the padding.
  public let top: Int
  public let left: Int
  /// Size of the crop, pixels.
  public let height: Int
  public let width: Int

  public init(
    scaledHeight: Int, scaledWidth: Int, factor: Double? = nil, flip: Bool, top: Int, left: Int, height: Int,
    width: Int
  ) {
    precondition(factor.map { $0 > 0 } ?? true, "CropGeometry: factor \(factor ?? 0) is not positive")
    precondition(
      scaledHeight > 0 && scaledWidth > 0 && height > 0 && width > 0,
      "CropGeometry: empty image [\(scaledHeight), \(scaledWidth)] or crop [\(height), \(width)]")
    self.scaledHeight = scaledHeight
    self.scaledWidth = scaledWidth
    self.factor = factor
    self.flip = flip
    self.top = top
    self.left = left
    self.height = height
    self.width = width
  }

  /// The whole image at a size, no crop.
  public static func whole(height: Int, width: Int) -> CropGeometry {
    CropGeometry(
      scaledHeight: height, scaledWidth: width, flip: false, top: 0, left: 0, height: height, width: width)
  }

  /// The size of an axis after scaling by a factor, at least 1 pixel. Halves are rounded to even, as OpenCV rounds.
  public static func scaled(_ source: Int, by factor: Double) -> Int {
    max(1, Int((Double(source) * factor).rounded(.toNearestOrEven)))
  }

  /// Source pixels for each pixel of an axis of the scaled image.
  func step(source: Int, scaled: Int) -> Double { factor.map { 1 / $0 } ?? Double(source) / Double(scaled) }

  /// The source rows that the crop's pixels are made of; a single row where the crop shows padding alone.
  /// - Parameter height: of the image before scaling, pixels.
  public func sourceRows(height: Int) -> Range<Int> {
    let first = min(max(top, 0), scaledHeight - 1)
    let last = min(max(top + self.height - 1, first), scaledHeight - 1)
    let step = step(source: height, scaled: scaledHeight)
    let taps = BilinearTaps(source: height, step: step, indices: [first, last])
    let nearest = [first, last].map { Resample.nearestIndex($0, source: height, step: step) }
    return min(taps.low[0], nearest[0])..<max(taps.high[1], nearest[1]) + 1
  }

  /// The scaled image's row under a row of the crop, or nil in the padding.
  func scaledRow(_ y: Int) -> Int? {
    let row = top + y
    return row >= 0 && row < scaledHeight ? row : nil
  }

  /// The crop's rows that show the image; the others are padding.
  public var imageRows: Range<Int> {
    let first = min(max(-top, 0), height)
    return first..<max(first, min(scaledHeight - top, height))
  }

  /// The crop's columns that show the image; the others are padding.
  public var imageColumns: Range<Int> {
    let first = min(max(-left, 0), width)
    return first..<max(first, min(scaledWidth - left, width))
  }

  /// Whether no pixel of the crop is padding.
  public var isFilled: Bool { imageRows.count == height && imageColumns.count == width }

  /// The scaled image's column, before mirroring, under a column of the crop inside `imageColumns`.
  func scaledColumn(_ x: Int) -> Int { flip ? scaledWidth - 1 - (left + x) : left + x }
}
