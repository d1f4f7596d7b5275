/// A vertical surface along the street, seen from the road: a house front, a wall, a fence, a hedge. Lengths
/// are metres; the camera looks along z.
struct StreetSurface: Sendable {
  /// Raw id.
  let label: UInt8
  /// Distance from the camera's axis.
  let offset: Float
  let nearEnd: Float
  let farEnd: Float
  let height: Float
  /// How far it reaches away from the street; 0 for a wall.
  let depth: Float
  let paint: Paint
  /// Width of a bar and of its period, where there are gaps between bars.
  let bars: (width: Float, period: Float)?
  /// Where the top is ragged.
  let ragged: Noise?

  /// What a ray meets: the distance and the colour, nil where it passes through a gap.
  /// - Parameters:
  ///   - across: metres sideways per metre ahead, towards this side of the street.
  ///   - fall: metres downwards per metre ahead.
  func hit(across: Float, fall: Float, cameraHeight: Float) -> (distance: Float, color: RGB?)? {
    guard across > 1e-4 else { return nil }
    let along = offset / across
    if along > nearEnd && along < farEnd {
      let up = cameraHeight - fall * along
      if up > 0 && up < top(along) { return (along, color(SIMD2(along, up))) }
    }
    let sideways = across * nearEnd
    if depth > 0 && sideways > offset && sideways < offset + depth {
      let up = cameraHeight - fall * nearEnd
      if up > 0 && up < height {
        // The front facing the camera stands in other light than the one along the street.
        return (nearEnd, color(SIMD2(sideways, up)).map { $0 * 0.82 })
      }
    }
    return nil
  }

  private func top(_ along: Float) -> Float {
    guard let ragged else { return height }
    return height * (0.55 + 0.7 * ragged.fractal(along / 3, 0))
  }

  private func color(_ point: SIMD2<Float>) -> RGB? {
    if let bars {
      let phase = point.x / bars.period
      let upright = (phase - phase.rounded(.down)) * bars.period < bars.width
      let rail = abs(point.y - 0.25 * height) < bars.width || abs(point.y - 0.92 * height) < bars.width
      if !upright && !rail { return nil }
    }
    return paint.color(at: point)
  }
}
