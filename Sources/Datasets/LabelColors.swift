import Images
import Tensors

/// Classes by colour.
struct LabelColors: Sendable {
  /// Packed colours with their class or `LabelMap.ignore`, classes in order first.
  private let entries: [(color: UInt32, value: UInt8)]
  private let threshold: UInt8?

  init(_ colors: [[UInt8]], ignored: [[UInt8]], threshold: UInt8?) {
    precondition((1...254).contains(colors.count), "LabelMapping: \(colors.count) classes do not fit")
    precondition(threshold != 0, "LabelMapping: a threshold of 0 makes every pixel white")
    let all = colors + ignored
    precondition(
      all.allSatisfy { $0.count == 3 } && Set(all).count == all.count,
      "LabelMapping: colours are [C, 3] and distinct, got \(all)")
    precondition(
      threshold == nil || all.allSatisfy { $0.allSatisfy { $0 == 0 || $0 == 255 } },
      "LabelMapping: with a threshold colours are of 0 and 255, got \(all)")
    entries = all.enumerated().map { index, color in
      (
        LabelColors.pack(color[0], color[1], color[2]),
        index < colors.count ? UInt8(index) : LabelMap.ignore
      )
    }
    self.threshold = threshold
  }

  private static func pack(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt32 {
    UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
  }

  /// - Returns: classes, and how many pixels have a colour that was not named; those are ignored.
  func apply(_ image: ImageBuffer) -> (label: LabelMap, unmatched: Int) {
    var unmatched = 0
    let area = image.height * image.width
    let values = [UInt8](unsafeUninitializedCapacity: area) { target, count in
      image.pixels.withUnsafeBufferPointer { source in
        // Neighbours mostly have one colour.
        var (last, value, isMatched) = (UInt32.max, LabelMap.ignore, true)
        for index in 0..<area {
          var color = LabelColors.pack(source[3 &* index], source[3 &* index &+ 1], source[3 &* index &+ 2])
          if color != last {
            last = color
            if let threshold {
              func level(_ value: UInt8) -> UInt8 { value >= threshold ? 255 : 0 }
              color = LabelColors.pack(
                level(source[3 &* index]), level(source[3 &* index &+ 1]), level(source[3 &* index &+ 2]))
            }
            let found = entries.first { $0.color == color }
            (value, isMatched) = (found?.value ?? LabelMap.ignore, found != nil)
          }
          target[index] = value
          if !isMatched { unmatched += 1 }
        }
      }
      count = area
    }
    return (LabelMap(height: image.height, width: image.width, values: values), unmatched)
  }
}
