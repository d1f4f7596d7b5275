import CImageCodec
import Tensors

/// Cuts a crop out of a scaled image without scaling the rest.
///
/// Images are resampled bilinearly in Float32 (half-pixel centres, no antialiasing, as OpenCV's
/// INTER_LINEAR), labels by nearest neighbour as OpenCV's INTER_NEAREST: source index floor(target index *
/// step). The step is 1 / factor where the image is scaled by a factor, source / target where it is scaled to a
/// size (`CropGeometry.factor`).
/// Differs from OpenCV on 8-bit images in that values are not rounded to whole numbers before normalisation.
public enum Resample {
  /// Scales, mirrors, crops and normalises; padding is 0, which is the mean after normalisation.
  /// - Parameter output: [3, H, W], H and W the crop's.
  public static func bilinear(
    _ image: ImageBuffer, _ geometry: CropGeometry, _ normalization: Normalization,
    into output: UnsafeMutablePointer<Float>
  ) {
    bilinear(
      image, rows: 0..<image.height, of: image.height, geometry, normalization, into: output)
  }

  /// The same from some rows of an image.
  /// - Parameters:
  ///   - image: [rows.count, W, 3].
  ///   - rows: which rows these are, the geometry's `sourceRows` among them.
  ///   - sourceHeight: of the whole image, pixels.
  ///   - output: [3, H, W], H and W the crop's.
  public static func bilinear(
    _ image: ImageBuffer, rows: Range<Int>, of sourceHeight: Int, _ geometry: CropGeometry,
    _ normalization: Normalization, into output: UnsafeMutablePointer<Float>
  ) {
    check(rows, of: sourceHeight, image.height, geometry)
    let columns = geometry.imageColumns
    let count = columns.count
    let (height, width) = (geometry.height, geometry.width)
    guard count > 0 else { return output.update(repeating: 0, count: 3 * height * width) }
    let across = BilinearTaps(
      source: image.width, step: geometry.step(source: image.width, scaled: geometry.scaledWidth),
      indices: columns.lazy.map(geometry.scaledColumn))
    let step = geometry.step(source: sourceHeight, scaled: geometry.scaledHeight)
    let mean = normalization.mean
    let inverse = 1 / normalization.std
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 6 * count) { scratch in
      image.pixels.withUnsafeBufferPointer { pixels in
        guard let buffer = scratch.baseAddress, let pixels = pixels.baseAddress else { return }
        // Two source rows, already resampled along x, [3, count] each; consecutive target rows share them.
        var (upper, lower) = (buffer, buffer + 3 * count)
        var (upperRow, lowerRow) = (-1, -1)
        for y in 0..<height {
          guard let scaledRow = geometry.scaledRow(y) else {
            for channel in 0..<3 {
              (output + (channel * height + y) * width).update(repeating: 0, count: width)
            }
            continue
          }
          let down = BilinearTaps(source: sourceHeight, step: step, indices: CollectionOfOne(scaledRow))
          let first = down.low[0] - rows.lowerBound
          let second = down.high[0] - rows.lowerBound
          let weight = down.weight[0]
          if first == lowerRow {
            swap(&upper, &lower)
            swap(&upperRow, &lowerRow)
          }
          if first != upperRow {
            resampleRow(
              pixels + first * image.width * 3, width: image.width, across, count, into: upper)
            upperRow = first
          }
          if second != lowerRow {
            resampleRow(
              pixels + second * image.width * 3, width: image.width, across, count, into: lower)
            lowerRow = second
          }
          for channel in 0..<3 {
            let target = output + (channel * height + y) * width
            target.update(repeating: 0, count: columns.lowerBound)
            jml_blend_rows(
              upper + channel * count, lower + channel * count, weight, mean[channel], inverse[channel],
              count, target + columns.lowerBound)
            (target + columns.upperBound).update(repeating: 0, count: width - columns.upperBound)
          }
        }
      }
    }
  }

  /// One source row, [W, 3] bytes, along x to [3, count].
  private static func resampleRow(
    _ row: UnsafePointer<UInt8>, width: Int, _ taps: BilinearTaps, _ count: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    taps.low.withUnsafeBufferPointer { low in
      taps.high.withUnsafeBufferPointer { high in
        taps.weight.withUnsafeBufferPointer { weight in
          jml_resample_row(
            row, width, low.baseAddress, high.baseAddress, weight.baseAddress, count, target)
        }
      }
    }
  }

  /// Scales, mirrors and crops a label; padding is `LabelMap.ignore`.
  /// - Parameter output: [H, W], H and W the crop's.
  public static func nearest(
    _ label: LabelMap, _ geometry: CropGeometry, into output: UnsafeMutablePointer<UInt8>
  ) {
    nearest(label, rows: 0..<label.height, of: label.height, geometry, into: output)
  }

  /// The same from some rows of a label; see `bilinear(_:rows:of:_:_:into:)`.
  public static func nearest(
    _ label: LabelMap, rows: Range<Int>, of sourceHeight: Int, _ geometry: CropGeometry,
    into output: UnsafeMutablePointer<UInt8>
  ) {
    check(rows, of: sourceHeight, label.height, geometry)
    let columns = geometry.imageColumns
    let width = geometry.width
    let across = geometry.step(source: label.width, scaled: geometry.scaledWidth)
    let down = geometry.step(source: sourceHeight, scaled: geometry.scaledHeight)
    let sources = columns.map {
      nearestIndex(geometry.scaledColumn($0), source: label.width, step: across)
    }
    label.values.withUnsafeBufferPointer { values in
      for y in 0..<geometry.height {
        let target = output + y * width
        guard let scaledRow = geometry.scaledRow(y), !columns.isEmpty else {
          target.update(repeating: LabelMap.ignore, count: width)
          continue
        }
        let source = nearestIndex(scaledRow, source: sourceHeight, step: down)
        let row = (source - rows.lowerBound) * label.width
        target.update(repeating: LabelMap.ignore, count: columns.lowerBound)
        let shown = target + columns.lowerBound
        for x in 0..<sources.count { shown[x] = values[row &+ sources[x]] }
        (target + columns.upperBound).update(repeating: LabelMap.ignore, count: width - columns.upperBound)
      }
    }
  }

  private static func check(_ rows: Range<Int>, of height: Int, _ given: Int, _ geometry: CropGeometry) {
    let wanted = geometry.sourceRows(height: height)
    precondition(
      rows.count == given && rows.lowerBound <= wanted.lowerBound && wanted.upperBound <= rows.upperBound,
      "Resample: \(given) rows \(rows) of \(height), the crop shows \(wanted)")
  }

  static func nearestIndex(_ index: Int, source: Int, step: Double) -> Int {
    min(Int(Double(index) * step), source - 1)
  }

  /// Normalises a whole image at its own size.
  /// - Returns: [1, 3, H, W].
  public static func normalized(_ image: ImageBuffer, _ normalization: Normalization) -> Tensor {
    let tensor = Tensor(uninitialized: [1, 3, image.height, image.width])
    normalize(image, normalization, into: tensor.pointer)
    return tensor
  }

  /// Normalises a whole image at its own size.
  /// - Parameter output: [3, H, W].
  public static func normalize(
    _ image: ImageBuffer, _ normalization: Normalization, into output: UnsafeMutablePointer<Float>
  ) {
    let count = image.height * image.width
    let inverse = 1 / normalization.std
    image.pixels.withUnsafeBufferPointer { pixels in
      for channel in 0..<3 {
        let target = output + channel * count
        let (mean, scale) = (normalization.mean[channel], inverse[channel])
        for index in 0..<count { target[index] = (Float(pixels[3 &* index &+ channel]) - mean) * scale }
      }
    }
  }
}
