import Tensors

/// Red, green, blue, 0...1.
typealias RGB = SIMD3<Float>

/// Smooth random fields over the plane, a function of a key and the position only.
struct Noise: Sendable {
  private let key: UInt64

  init(using random: inout RandomSource) { key = random.next() }

  /// Uniform in 0..<1, one number per integer point.
  func lattice(_ x: Int, _ y: Int) -> Float {
    let mixed = RandomSource.mix(
      key ^ (UInt64(bitPattern: Int64(x)) &* 0x9E37_79B9_7F4A_7C15) ^ (UInt64(bitPattern: Int64(y)) << 32))
    return Float(mixed >> 40) * 0x1p-24
  }

  /// Smoothly interpolated lattice values, 0...1, features of size 1.
  func value(_ x: Float, _ y: Float) -> Float {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (column, row) = (Int(left), Int(top))
    let (fx, fy) = (ease(x - left), ease(y - top))
    let upper = lattice(column, row) * (1 - fx) + lattice(column + 1, row) * fx
    let lower = lattice(column, row + 1) * (1 - fx) + lattice(column + 1, row + 1) * fx
    return upper * (1 - fy) + lower * fy
  }

  /// Three octaves of `value`, 0...1, largest features of size 1.
  func fractal(_ x: Float, _ y: Float) -> Float {
    (4 * value(x, y) + 2 * value(2 * x + 17, 2 * y + 5) + value(4 * x + 31, 4 * y + 11)) / 7
  }

  private func ease(_ t: Float) -> Float { t * t * (3 - 2 * t) }
}

extension RandomSource {
  mutating func float(_ low: Float, _ high: Float) -> Float { low + (high - low) * Float(uniform()) }

  mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// A colour near another, brightness and hue both varied by up to `amount`.
  mutating func near(_ color: RGB, _ amount: Float) -> RGB {
    let shift = float(-amount, amount)
    let moved = RGB(
      color.x + shift + float(-amount, amount) / 2, color.y + shift + float(-amount, amount) / 2,
      color.z + shift + float(-amount, amount) / 2)
    return moved.clamped(lowerBound: RGB(repeating: 0.02), upperBound: RGB(repeating: 0.98))
  }
}
