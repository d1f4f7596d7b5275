/// Tables of 256 levels for the operations that look at one level at a time.
enum LevelTable {
  /// Every level as it is.
  static let unchanged = (0..<256).map { UInt8($0) }

  /// - Parameter histogram: how often each of the 256 levels occurs.
  static func autocontrast(_ histogram: [Int]) -> [UInt8] {
    guard let low = histogram.firstIndex(where: { $0 > 0 }),
      let high = histogram.lastIndex(where: { $0 > 0 }), low < high
    else { return unchanged }
    let scale = 255 / Double(high - low)
    let offset = -Double(low) * scale
    return (0..<256).map { UInt8(min(max(Int(Double($0) * scale + offset), 0), 255)) }
  }

  /// - Parameter histogram: how often each of the 256 levels occurs.
  static func equalize(_ histogram: [Int]) -> [UInt8] {
    guard let high = histogram.lastIndex(where: { $0 > 0 }) else { return unchanged }
    // Of all pixels but those of the highest level, which has nothing above it.
    let step = histogram[..<high].reduce(0, +) / 255
    guard step > 0 else { return unchanged }
    var below = step / 2
    return histogram.map { count in
      defer { below += count }
      return UInt8(min(below / step, 255))
    }
  }

  /// - Parameter bits: 1 to 8.
  static func posterize(bits: Int) -> [UInt8] {
    precondition((1...8).contains(bits), "posterize: \(bits) bits are not in 1...8")
    let mask = UInt8.max << UInt8(8 - bits)
    return unchanged.map { $0 & mask }
  }

  /// - Parameter threshold: the lowest level that is inverted, 0 to 256.
  static func solarize(threshold: Int) -> [UInt8] {
    precondition((0...256).contains(threshold), "solarize: threshold \(threshold) is not in 0...256")
    return (0..<256).map { UInt8($0 < threshold ? $0 : 255 - $0) }
  }

  /// From one level (factor 0) to each level itself (1) and beyond, cut off.
  static func blended(from level: Int, _ factor: Float) -> [UInt8] {
    (0..<256).map { UInt8(min(max(Float(level) + factor * Float($0 - level), 0), 255)) }
  }
}
