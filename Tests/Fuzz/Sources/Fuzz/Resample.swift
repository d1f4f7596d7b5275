import Foundation
import Images
import Tensors

extension Target {
  /// Crops of scaled pictures and labels, of any size and at any place, and the operations on 8-bit pictures.
  static let resample = Target(
    name: "resample", longest: 512, memory: 16 << 20, seconds: 2, seeds: { _ in Resampling.seeds() }
  ) { bytes in
    var values = Values(bytes)
    let kind = values.below(4)
    let (height, width) = (values.int(1...40), values.int(1...40))
    switch kind {
    case 0: Resampling.shrink(&values, height, width)
    case 1: Resampling.operate(&values, height, width)
    default: Resampling.crop(&values, height, width)
    }
  }
}

private enum Resampling {
  static func seeds() -> [(name: String, bytes: [UInt8])] {
    (0..<24).map { index in
      ("\(index)", (0..<64).map { UInt8(truncatingIfNeeded: ($0 + 1) * (index + 3) * 37 + index) })
    }
  }

  private static func image(_ values: inout Values, _ height: Int, _ width: Int) -> ImageBuffer {
    ImageBuffer(height: height, width: width, pixels: pixels(&values, height * width * 3))
  }

  /// The rest of the input, over and over.
  private static func pixels(_ values: inout Values, _ count: Int) -> [UInt8] {
    let rest = values.rest()
    guard !rest.isEmpty else { return (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31) } }
    return (0..<count).map { rest[$0 % rest.count] &+ UInt8(truncatingIfNeeded: $0 / rest.count) }
  }

  private static func geometry(_ values: inout Values, _ height: Int, _ width: Int) -> CropGeometry {
    let (cropHeight, cropWidth) = (values.int(1...48), values.int(1...48))
    func place() -> Int { Int(Int16(bitPattern: UInt16(values.below(1 << 16)))) >> values.below(16) }
    let (top, left, flip) = (place(), place(), values.flag())
    if values.flag() {
      let factor = Double(values.int(1...4096)) / 256
      return CropGeometry(
        scaledHeight: CropGeometry.scaled(height, by: factor),
        scaledWidth: CropGeometry.scaled(width, by: factor),
        factor: factor, flip: flip, top: top, left: left, height: cropHeight, width: cropWidth)
    }
    return CropGeometry(
      scaledHeight: values.int(1...1 << values.below(16)), scaledWidth: values.int(1...1 << values.below(16)),
      flip: flip, top: top, left: left, height: cropHeight, width: cropWidth)
  }

  static func crop(_ values: inout Values, _ height: Int, _ width: Int) {
    let geometry = geometry(&values, height, width)
    let image = image(&values, height, width)
    let label = LabelMap(height: height, width: width, values: Array(image.pixels.prefix(height * width)))
    let plain = Normalization(mean: .zero, std: .one)
    let area = geometry.height * geometry.width
    let rows = geometry.sourceRows(height: height)
    let part = ImageBuffer(
      height: rows.count, width: width,
      pixels: Array(image.pixels[rows.lowerBound * width * 3..<rows.upperBound * width * 3]))
    // Its own size to the byte, so that the sanitizer sees what is written beside it.
    let cropped = [Float](unsafeUninitializedCapacity: 3 * area) { output, count in
      if let start = output.baseAddress { Resample.bilinear(image, geometry, plain, into: start) }
      count = 3 * area
    }
    let same = [Float](unsafeUninitializedCapacity: 3 * area) { output, count in
      if let start = output.baseAddress {
        Resample.bilinear(part, rows: rows, of: height, geometry, plain, into: start)
      }
      count = 3 * area
    }
    Broken.unless(cropped == same, "a crop of some rows differs from that of the whole picture")
    let nearest = [UInt8](unsafeUninitializedCapacity: area) { output, count in
      if let start = output.baseAddress { Resample.nearest(label, geometry, into: start) }
      count = area
    }
    for y in 0..<geometry.height {
      for x in 0..<geometry.width {
        let index = y * geometry.width + x
        let isShown = geometry.imageRows.contains(y) && geometry.imageColumns.contains(x)
        let expected = isShown ? reference(image, geometry, y, x) : .zero
        for channel in 0..<3 {
          let value = cropped[channel * area + index]
          Broken.unless(
            abs(value - expected[channel]) <= 1e-2,
            "\(value) at \(y), \(x), expected \(expected[channel]) in \(geometry)")
        }
        if !isShown { Broken.unless(nearest[index] == LabelMap.ignore, "a label in the padding") }
      }
    }
    let picture = Resample.picture(part, rows: rows, of: height, geometry, padding: [1, 2, 3])
    for index in 0..<area {
      let (y, x) = (index / geometry.width, index % geometry.width)
      guard geometry.imageRows.contains(y), geometry.imageColumns.contains(x) else { continue }
      for channel in 0..<3 {
        let difference = abs(Float(picture.pixels[3 * index + channel]) - cropped[channel * area + index])
        Broken.unless(difference <= 0.501, "a picture's pixel is \(difference) off")
      }
    }
  }

  /// Half-pixel centres, clamped to the picture: in double precision and one pixel at a time.
  private static func reference(_ image: ImageBuffer, _ geometry: CropGeometry, _ y: Int, _ x: Int) -> SIMD3<
    Float
  > {
    func taps(_ index: Int, _ source: Int, _ scaled: Int) -> (Int, Int, Double) {
      let step = geometry.factor.map { 1 / $0 } ?? Double(source) / Double(scaled)
      let position = min(max((Double(index) + 0.5) * step - 0.5, 0), Double(source - 1))
      return (Int(position), min(Int(position) + 1, source - 1), position - Double(Int(position)))
    }
    let column = geometry.flip ? geometry.scaledWidth - 1 - (geometry.left + x) : geometry.left + x
    let (top, bottom, down) = taps(geometry.top + y, image.height, geometry.scaledHeight)
    let (left, right, across) = taps(column, image.width, geometry.scaledWidth)
    var value = SIMD3<Float>.zero
    for channel in 0..<3 {
      func pixel(_ y: Int, _ x: Int) -> Double { Double(image.pixels[(y * image.width + x) * 3 + channel]) }
      let upper = pixel(top, left) * (1 - across) + pixel(top, right) * across
      let lower = pixel(bottom, left) * (1 - across) + pixel(bottom, right) * across
      value[channel] = Float(upper * (1 - down) + lower * down)
    }
    return value
  }

  static func shrink(_ values: inout Values, _ height: Int, _ width: Int) {
    let (targetHeight, targetWidth) = (values.int(1...height), values.int(1...width))
    let image = image(&values, height, width)
    let small = Shrink.box(image, height: targetHeight, width: targetWidth)
    Broken.unless(small.height == targetHeight && small.width == targetWidth, "shrunk to another size")
    for channel in 0..<3 {
      let (before, after) = (levels(image, channel), levels(small, channel))
      Broken.unless(
        after.lowerBound >= before.lowerBound && after.upperBound <= before.upperBound,
        "an average outside of what it is of")
    }
    let label = LabelMap(height: height, width: width, values: Array(image.pixels.prefix(height * width)))
    let few = Shrink.nearest(label, height: targetHeight, width: targetWidth)
    Broken.unless(Set(few.values).isSubset(of: label.values), "a label from nowhere")
    let size = Shrink.size(height: height, width: width, shortSide: targetHeight)
    Broken.unless(size.height <= height && size.width <= width, "a size that grows")
  }

  private static func levels(_ image: ImageBuffer, _ channel: Int) -> ClosedRange<UInt8> {
    let values = image.pixels.indices.filter { $0 % 3 == channel }.map { image.pixels[$0] }
    return (values.min() ?? 0)...(values.max() ?? 0)
  }

  static func operate(_ values: inout Values, _ height: Int, _ width: Int) {
    let factor = Double(values.int(0...1024)) / 64 - 4
    let operations: [PictureOperation] = [
      .autocontrast, .equalize, .invert, .grayscale,
      .gaussianBlur(sigma: Double(values.below(1000)) / Double(1 + values.below(64))),
      .contrast(factor), .brightness(factor), .color(factor), .sharpness(factor),
      .posterize(bits: values.int(1...8)), .solarize(threshold: values.int(0...256)),
      .hue(Double(values.int(0...1000)) / 1000 - 0.5),
    ]
    let operation = operations[values.below(operations.count)]
    let image = image(&values, height, width)
    var (first, second) = (image, image)
    first.apply(operation)
    second.apply(operation)
    Broken.unless(first == second, "\(operation) gives other bytes the second time")
    if operation == .invert {
      first.apply(.invert)
      Broken.unless(first == image, "inverted twice, a picture is another one")
    }
  }
}
