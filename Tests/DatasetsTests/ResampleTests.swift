import Images
import Tensors
import TestSupport
import Testing

/// The plain path: scale the whole image, mirror, pad, crop, normalise, one after the other.
enum PlainPath {
  /// [H][W][3], bilinear with half-pixel centres.
  static func scaled(_ image: ImageBuffer, _ height: Int, _ width: Int, _ factor: Double?) -> [[SIMD3<Float>]]
  {
    func pixel(_ y: Int, _ x: Int) -> SIMD3<Float> {
      let base = (y * image.width + x) * 3
      return SIMD3(Float(image.pixels[base]), Float(image.pixels[base + 1]), Float(image.pixels[base + 2]))
    }
    func position(_ index: Int, _ source: Int, _ target: Int) -> (Int, Int, Float) {
      let step = factor.map { 1 / $0 } ?? Double(source) / Double(target)
      let center = (Double(index) + 0.5) * step - 0.5
      let clamped = min(max(center, 0), Double(source - 1))
      return (Int(clamped), min(Int(clamped) + 1, source - 1), Float(clamped - clamped.rounded(.down)))
    }
    return (0..<height).map { y in
      let (top, bottom, down) = position(y, image.height, height)
      return (0..<width).map { x in
        let (left, right, across) = position(x, image.width, width)
        let upper = pixel(top, left) * (1 - across) + pixel(top, right) * across
        let lower = pixel(bottom, left) * (1 - across) + pixel(bottom, right) * across
        return upper * (1 - down) + lower * down
      }
    }
  }

  static func scaled(_ label: LabelMap, _ height: Int, _ width: Int, _ factor: Double?) -> [[UInt8]] {
    let down = factor.map { 1 / $0 } ?? Double(label.height) / Double(height)
    let across = factor.map { 1 / $0 } ?? Double(label.width) / Double(width)
    return (0..<height).map { y in
      let row = min(Int(Double(y) * down), label.height - 1)
      return (0..<width).map { x in label[row, min(Int(Double(x) * across), label.width - 1)] }
    }
  }

  /// Mirrors, pads and crops rows of anything.
  static func cropped<Value>(_ rows: [[Value]], _ geometry: CropGeometry, padding: Value) -> [[Value]] {
    let mirrored = geometry.flip ? rows.map { Array($0.reversed()) } : rows
    return (0..<geometry.height).map { y in
      (0..<geometry.width).map { x in
        let (row, column) = (geometry.top + y, geometry.left + x)
        let isInside = mirrored.indices.contains(row) && mirrored[0].indices.contains(column)
        return isInside ? mirrored[row][column] : padding
      }
    }
  }
}

@Suite(.serialized)
struct ResampleTests {
  static let normalization = Normalization(
    mean: SIMD3(123.68, 116.28, 103.53), std: SIMD3(58.40, 57.12, 57.38))

  static let geometries: [CropGeometry] = [
    .whole(height: 11, width: 17),
    CropGeometry(scaledHeight: 22, scaledWidth: 34, flip: false, top: 3, left: 5, height: 9, width: 14),
    CropGeometry(scaledHeight: 19, scaledWidth: 29, flip: true, top: 2, left: 8, height: 16, width: 13),
    CropGeometry(scaledHeight: 6, scaledWidth: 9, flip: true, top: -3, left: -2, height: 12, width: 14),
    CropGeometry(scaledHeight: 7, scaledWidth: 31, flip: false, top: -1, left: 12, height: 10, width: 16),
    CropGeometry(scaledHeight: 1, scaledWidth: 1, flip: true, top: -2, left: -1, height: 4, width: 3),
    CropGeometry(scaledHeight: 5, scaledWidth: 5, flip: false, top: 0, left: 9, height: 4, width: 3),
    CropGeometry(
      scaledHeight: 19, scaledWidth: 30, factor: 1.743, flip: true, top: 2, left: 8, height: 16, width: 13),
    CropGeometry(
      scaledHeight: 6, scaledWidth: 10, factor: 0.5772, flip: true, top: -3, left: -2, height: 12, width: 14),
    CropGeometry(
      scaledHeight: 7, scaledWidth: 11, factor: 0.66, flip: false, top: -1, left: 2, height: 10, width: 16),
  ]

  @Test(arguments: geometries)
  func cropEqualsThePlainPath(_ geometry: CropGeometry) {
    let image = noiseImage(height: 11, width: 17)
    let label = noiseLabel(height: 11, width: 17)
    let normalization = ResampleTests.normalization
    let result = Tensor(repeating: .nan, shape: [3, geometry.height, geometry.width])
    Resample.bilinear(image, geometry, normalization, into: result.pointer)
    let plain = PlainPath.cropped(
      PlainPath.scaled(image, geometry.scaledHeight, geometry.scaledWidth, geometry.factor), geometry,
      padding: normalization.mean)
    let inverse = 1 / normalization.std
    var expected: [Float] = []
    for channel in 0..<3 {
      for row in plain {
        for pixel in row {
          expected.append((pixel[channel] - normalization.mean[channel]) * inverse[channel])
        }
      }
    }
    // The same operations in the same order: not close, equal.
    #expect(result.values == expected)

    var labels = [UInt8](repeating: 99, count: geometry.height * geometry.width)
    labels.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { Resample.nearest(label, geometry, into: start) }
    }
    let plainLabels = PlainPath.cropped(
      PlainPath.scaled(label, geometry.scaledHeight, geometry.scaledWidth, geometry.factor), geometry,
      padding: LabelMap.ignore)
    #expect(labels == plainLabels.flatMap { $0 })
  }

  /// Numbers by hand: a 1 x 2 image to 1 x 4 has its samples at -0.25, 0.25, 0.75, 1.25, clamped to the
  /// image.
  @Test func halfPixelCentres() {
    let image = ImageBuffer(height: 1, width: 2, pixels: [0, 100, 200, 100, 0, 40])
    let result = Tensor(repeating: .nan, shape: [3, 1, 4])
    let plain = Normalization(mean: .zero, std: SIMD3(repeating: 1))
    Resample.bilinear(image, .whole(height: 1, width: 4), plain, into: result.pointer)
    #expect(result.values == [0, 25, 75, 100, 100, 75, 25, 0, 200, 160, 80, 40])
  }

  @Test func nearestTakesTheFloor() {
    let label = LabelMap(height: 1, width: 3, values: [1, 2, 3])
    var values = [UInt8](repeating: 0, count: 5)
    values.withUnsafeMutableBufferPointer { buffer in
      if let start = buffer.baseAddress { Resample.nearest(label, .whole(height: 1, width: 5), into: start) }
    }
    #expect(values == [1, 1, 2, 2, 3])
  }

  @Test func boxShrinkAveragesAreas() {
    let image = ImageBuffer(
      height: 2, width: 3, pixels: [0, 30, 60, 90, 120, 150].flatMap { [UInt8($0), UInt8(255 - $0), 9] })
    // Two rows averaged; columns cover 1.5 pixels each: (45 * 1 + 75 * 0.5) / 1.5, (75 * 0.5 + 105 * 1) /
    // 1.5.
    let small = Shrink.box(image, height: 1, width: 2)
    #expect(small.pixels == [55, 200, 9, 95, 160, 9])
    #expect(Shrink.box(image, height: 2, width: 3) == image)
    let flat = ImageBuffer(height: 37, width: 53, pixels: [UInt8](repeating: 201, count: 37 * 53 * 3))
    #expect(Set(Shrink.box(flat, height: 13, width: 11).pixels) == [201])
  }

  @Test func labelsShrinkAtTheSameCentres() {
    let label = LabelMap(height: 1, width: 9, values: [0, 1, 2, 3, 4, 5, 6, 7, 8])
    #expect(Shrink.nearest(label, height: 1, width: 3).values == [1, 4, 7])
    #expect(Shrink.nearest(label, height: 1, width: 9) == label)
  }

  @Test func shortSideSizes() {
    #expect(Shrink.size(height: 1024, width: 2048, shortSide: 256) == (256, 512))
    #expect(Shrink.size(height: 500, width: 333, shortSide: 128) == (192, 128))
    #expect(Shrink.size(height: 100, width: 60, shortSide: 60) == (100, 60))
    #expect(Shrink.size(height: 100, width: 60, shortSide: 64) == (100, 60))
  }
}
