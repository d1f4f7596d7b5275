import Images

/// A white picture that others are put on.
struct Canvas {
  let height: Int
  let width: Int
  private var pixels: [UInt8]

  init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    pixels = [UInt8](repeating: 255, count: height * width * 3)
  }

  var image: ImageBuffer { ImageBuffer(height: height, width: width, pixels: pixels) }

  /// Puts a picture with its corner at a place; what lies outside is cut off.
  mutating func put(_ picture: ImageBuffer, x: Int, y: Int) {
    let columns = max(0, -x)..<max(max(0, -x), min(picture.width, width - x))
    for row in 0..<picture.height where row + y >= 0 && row + y < height {
      let source = (row * picture.width + columns.lowerBound) * 3
      let target = ((row + y) * width + x + columns.lowerBound) * 3
      pixels.replaceSubrange(
        target..<target + 3 * columns.count, with: picture.pixels[source..<source + 3 * columns.count])
    }
  }

  /// The same with a grey line around it, without which a white picture has no edge.
  mutating func putFramed(_ picture: ImageBuffer, x: Int, y: Int) {
    let (height, width) = (picture.height + 2, picture.width + 2)
    let frame = [UInt8](repeating: 160, count: height * width * 3)
    put(ImageBuffer(height: height, width: width, pixels: frame), x: x - 1, y: y - 1)
    put(picture, x: x, y: y)
  }
}

extension ImageBuffer {
  /// Every pixel as a square of `factor` pixels.
  func enlarged(by factor: Int) -> ImageBuffer {
    guard factor > 1 else { return self }
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count * factor * factor)
    for y in 0..<height {
      var row: [UInt8] = []
      for x in 0..<width {
        let start = (y * width + x) * 3
        for _ in 0..<factor { row += pixels[start..<start + 3] }
      }
      for _ in 0..<factor { result += row }
    }
    return ImageBuffer(height: height * factor, width: width * factor, pixels: result)
  }

  /// One pixel of each square of `divisor` pixels: colours of classes are not mixed.
  func thinned(by divisor: Int) -> ImageBuffer {
    guard divisor > 1 else { return self }
    let (rows, columns) = (max(1, height / divisor), max(1, width / divisor))
    var result: [UInt8] = []
    result.reserveCapacity(rows * columns * 3)
    for y in 0..<rows {
      for x in 0..<columns {
        let start =
          (min(y * divisor + divisor / 2, height - 1) * width + min(x * divisor + divisor / 2, width - 1)) * 3
        result += pixels[start..<start + 3]
      }
    }
    return ImageBuffer(height: rows, width: columns, pixels: result)
  }
}
