import Tensors

/// Draws figures with varied proportions and colours. Lengths are metres.
struct FigureMaker {
  var random: RandomSource

  init(random: RandomSource) { self.random = random }

  /// One colour near `color`, with slow shading.
  mutating func flat(_ color: RGB, vary amount: Float = 0.06) -> Paint {
    let chosen = random.near(color, amount)
    return Paint(color: chosen, second: chosen, pattern: .plain, noise: Noise(using: &random))
  }

  mutating func paint(_ color: RGB, _ second: RGB, _ pattern: Paint.Pattern, vary amount: Float = 0.05)
    -> Paint
  {
    Paint(
      color: random.near(color, amount), second: random.near(second, amount), pattern: pattern,
      noise: Noise(using: &random))
  }

  mutating func noise() -> Noise { Noise(using: &random) }

  /// A colour as clothes and car bodies have them: mostly muted, sometimes bright.
  mutating func varied() -> RGB {
    let muted: [RGB] = [
      RGB(0.12, 0.12, 0.14), RGB(0.75, 0.76, 0.78), RGB(0.45, 0.46, 0.5), RGB(0.2, 0.25, 0.4),
      RGB(0.4, 0.3, 0.22),
      RGB(0.88, 0.88, 0.86),
    ]
    let bright: [RGB] = [
      RGB(0.7, 0.12, 0.12), RGB(0.15, 0.3, 0.65), RGB(0.8, 0.65, 0.15), RGB(0.15, 0.45, 0.3),
    ]
    return random.chance(0.65) ? random.pick(muted) : random.pick(bright)
  }
}
