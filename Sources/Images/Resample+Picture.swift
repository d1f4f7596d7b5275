extension Resample {
  /// A crop as an 8-bit image: scales, mirrors and crops as `bilinear`, each value rounded, halves up.
  /// - Parameters:
  ///   - image: [rows.count, W, 3].
  ///   - rows: which rows these are, the geometry's `sourceRows` among them.
  ///   - sourceHeight: of the whole image, pixels.
  ///   - padding: red, green, blue, of the pixels beside the image.
  /// - Returns: of the crop's size.
  public static func picture(
    _ image: ImageBuffer, rows: Range<Int>, of sourceHeight: Int, _ geometry: CropGeometry,
    padding: SIMD3<UInt8>
  ) -> ImageBuffer {
    let (height, width) = (geometry.height, geometry.width)
    let area = height * width
    let plain = Normalization(mean: .zero, std: .one)
    let (shownRows, shownColumns) = (geometry.imageRows, geometry.imageColumns)
    let pixels = withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * area) { scratch in
      [UInt8](unsafeUninitializedCapacity: 3 * area) { pixels, count in
        guard let values = scratch.baseAddress else { return }
        bilinear(image, rows: rows, of: sourceHeight, geometry, plain, into: values)
        for channel in 0..<3 {
          for y in 0..<height {
            let line = y * width
            for x in 0..<width {
              // Between 0 and 255 but for the last bit.
              let value = UInt8(min(max(values[channel &* area &+ line &+ x], 0) + 0.5, 255))
              pixels[3 &* (line &+ x) &+ channel] = value
            }
            guard !geometry.isFilled else { continue }
            for x in 0..<width where !shownRows.contains(y) || !shownColumns.contains(x) {
              pixels[3 &* (line &+ x) &+ channel] = padding[channel]
            }
          }
        }
        count = 3 * area
      }
    }
    return ImageBuffer(height: height, width: width, pixels: pixels)
  }
}
