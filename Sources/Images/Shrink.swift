import Tensors

/// Makes images smaller before anything else happens to them, for work at a reduced resolution.
public enum Shrink {
  /// The size at which the short side has `shortSide` pixels; the same size if it has no more than that
  /// already.
  public static func size(height: Int, width: Int, shortSide: Int) -> (height: Int, width: Int) {
    precondition(shortSide > 0, "Shrink.size: short side \(shortSide) is not positive")
    let short = min(height, width)
    guard short > shortSide else { return (height, width) }
    let scale = Double(shortSide) / Double(short)
    func scaled(_ side: Int) -> Int { side == short ? shortSide : Int((Double(side) * scale).rounded()) }
    return (scaled(height), scaled(width))
  }

  /// Averages over the area that each target pixel covers (box filter), so that fine texture does not alias.
  public static func box(_ image: ImageBuffer, height: Int, width: Int) -> ImageBuffer {
    precondition(
      height > 0 && width > 0 && height <= image.height && width <= image.width,
      "Shrink.box: [\(image.height), \(image.width)] does not shrink to [\(height), \(width)]")
    guard height < image.height || width < image.width else { return image }
    let across = BoxTaps(source: image.width, target: width)
    let down = BoxTaps(source: image.height, target: height)
    let rowLength = image.width * 3
    var column = [Float](repeating: 0, count: rowLength)
    let pixels = [UInt8](unsafeUninitializedCapacity: height * width * 3) { target, count in
      image.pixels.withUnsafeBufferPointer { source in
        column.withUnsafeMutableBufferPointer { column in
          for y in 0..<height {
            column.update(repeating: 0)
            for tap in down.span(y) {
              let weight = down.weight[tap]
              let row = UnsafeBufferPointer(
                rebasing: source[(down.index[tap] * rowLength)...].prefix(rowLength))
              for index in 0..<rowLength { column[index] += Float(row[index]) * weight }
            }
            for x in 0..<width {
              var sum = SIMD3<Float>(repeating: 0)
              for tap in across.span(x) {
                let base = across.index[tap] * 3
                sum += SIMD3(column[base], column[base + 1], column[base + 2]) * across.weight[tap]
              }
              let rounded = (sum + 0.5).clamped(
                lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 255))
              for channel in 0..<3 { target[(y * width + x) * 3 + channel] = UInt8(rounded[channel]) }
            }
          }
        }
      }
      count = height * width * 3
    }
    return ImageBuffer(height: height, width: width, pixels: pixels)
  }

  /// Takes the label at the centre of the area that each target pixel covers, so that it stays aligned with
  /// `box`.
  public static func nearest(_ label: LabelMap, height: Int, width: Int) -> LabelMap {
    guard height != label.height || width != label.width else { return label }
    func centre(_ index: Int, _ source: Int, _ target: Int) -> Int {
      min((2 * index + 1) * source / (2 * target), source - 1)
    }
    let columns = (0..<width).map { centre($0, label.width, width) }
    var values: [UInt8] = []
    values.reserveCapacity(height * width)
    for y in 0..<height {
      let row = centre(y, label.height, height) * label.width
      for column in columns { values.append(label.values[row + column]) }
    }
    return LabelMap(height: height, width: width, values: values)
  }
}

/// One axis of a box filter: per target index a span of (source index, weight), the weights of a span adding
/// up to 1.
private struct BoxTaps {
  private(set) var index: [Int] = []
  private(set) var weight: [Float] = []
  private var start: [Int] = [0]

  init(source: Int, target: Int) {
    let scale = Double(source) / Double(target)
    for item in 0..<target {
      let (from, to) = (Double(item) * scale, Double(item + 1) * scale)
      var position = Int(from)
      while position < source && Double(position) < to {
        let covered = min(Double(position + 1), to) - max(Double(position), from)
        if covered > 1e-9 {
          index.append(position)
          weight.append(Float(covered / scale))
        }
        position += 1
      }
      start.append(index.count)
    }
  }

  func span(_ item: Int) -> Range<Int> { start[item]..<start[item + 1] }
}
