/// How a surface looks: one or two colours and a pattern in the surface's own coordinates (units of the
/// figure).
struct Paint: Sendable {
  enum Pattern: Sendable {
    case plain
    /// Two colours mixed by fractal noise.
    case mottled(size: Float)
    /// Second colour where fractal noise exceeds a threshold: a cow's patches.
    case patches(size: Float, threshold: Float)
    /// Parallel stripes across a direction.
    case stripes(period: Float, direction: SIMD2<Float>)
    /// Second colour inside the cells of a grid: windows. Sizes of a cell; `fill` is the fraction of it that
    /// is window.
    case cells(width: Float, height: Float, fill: Float)
    /// Second colour in the joints between offset rows.
    case bricks(width: Float, height: Float)
    /// Fine grain: fur, leaves, asphalt. Contrast between the colours is full.
    case grain(size: Float)
  }

  var color: RGB
  var second: RGB
  var pattern: Pattern
  var noise: Noise

  func color(at point: SIMD2<Float>) -> RGB {
    switch pattern {
    case .plain:
      return color * (0.92 + 0.16 * noise.value(point.x * 2, point.y * 2))
    case .mottled(let size):
      return mix(noise.fractal(point.x / size, point.y / size))
    case .patches(let size, let threshold):
      return noise.fractal(point.x / size, point.y / size) > threshold ? second : color
    case .stripes(let period, let direction):
      let phase =
        (point * direction).sum() / period + 0.3 * noise.value(point.x / period / 4, point.y / period / 4)
      return phase - phase.rounded(.down) < 0.5 ? color : second
    case .cells(let width, let height, let fill):
      let (across, up) = (point.x / width, point.y / height)
      let (column, row) = (across.rounded(.down), up.rounded(.down))
      let inside = abs(across - column - 0.5) < fill / 2 && abs(up - row - 0.5) < fill / 2
      let glow = 0.7 + 0.6 * noise.lattice(Int(column), Int(row))
      return inside ? second * glow : color * (0.9 + 0.2 * noise.value(point.x, point.y))
    case .bricks(let width, let height):
      let up = point.y / height
      let row = up.rounded(.down)
      let across = point.x / width + (Int(row) % 2 == 0 ? 0 : 0.5)
      let column = across.rounded(.down)
      if up - row < 0.15 || across - column < 0.1 { return second }
      return color * (0.85 + 0.3 * noise.lattice(Int(column), Int(row)))
    case .grain(let size):
      let fine = noise.value(point.x / size, point.y / size)
      return mix(0.7 * fine + 0.3 * noise.value(point.x / size / 4, point.y / size / 4))
    }
  }

  private func mix(_ fraction: Float) -> RGB { color * (1 - fraction) + second * fraction }
}
