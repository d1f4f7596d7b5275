/// A shape in figure coordinates: x to the right, y up, y = 0 on the ground.
enum Outline: Sendable {
  case ellipse(x: Float, y: Float, rx: Float, ry: Float)
  case box(x0: Float, y0: Float, x1: Float, y1: Float)
  /// A thick line with round ends.
  case limb(x0: Float, y0: Float, x1: Float, y1: Float, radius: Float)
  case ring(x: Float, y: Float, radius: Float, width: Float)
  case polygon([SIMD2<Float>])
  /// An ellipse with a ragged edge.
  case foliage(x: Float, y: Float, rx: Float, ry: Float, noise: Noise)

  func contains(_ point: SIMD2<Float>) -> Bool {
    switch self {
    case .ellipse(let x, let y, let rx, let ry):
      let (dx, dy) = ((point.x - x) / rx, (point.y - y) / ry)
      return dx * dx + dy * dy < 1
    case .box(let x0, let y0, let x1, let y1):
      return point.x > x0 && point.x < x1 && point.y > y0 && point.y < y1
    case .limb(let x0, let y0, let x1, let y1, let radius):
      let (along, offset) = (SIMD2(x1 - x0, y1 - y0), point - SIMD2(x0, y0))
      let length = (along * along).sum()
      let t = length > 0 ? min(max((along * offset).sum() / length, 0), 1) : 0
      let away = offset - along * t
      return (away * away).sum() < radius * radius
    case .ring(let x, let y, let radius, let width):
      let (dx, dy) = (point.x - x, point.y - y)
      let square = dx * dx + dy * dy
      return square < radius * radius && square > (radius - width) * (radius - width)
    case .polygon(let corners):
      var inside = false
      var previous = corners[corners.count - 1]
      for corner in corners {
        if (corner.y > point.y) != (previous.y > point.y) {
          let crossing = (previous.x - corner.x) * (point.y - corner.y) / (previous.y - corner.y) + corner.x
          if point.x < crossing { inside.toggle() }
        }
        previous = corner
      }
      return inside
    case .foliage(let x, let y, let rx, let ry, let noise):
      let (dx, dy) = ((point.x - x) / rx, (point.y - y) / ry)
      let ragged = 0.6 + 0.8 * noise.fractal(dx * 4, dy * 4)
      return dx * dx + dy * dy < ragged * ragged
    }
  }

  /// Least x, least y, greatest x, greatest y.
  var bounds: SIMD4<Float> {
    switch self {
    case .ellipse(let x, let y, let rx, let ry): return SIMD4(x - rx, y - ry, x + rx, y + ry)
    case .box(let x0, let y0, let x1, let y1): return SIMD4(x0, y0, x1, y1)
    case .limb(let x0, let y0, let x1, let y1, let radius):
      return SIMD4(min(x0, x1) - radius, min(y0, y1) - radius, max(x0, x1) + radius, max(y0, y1) + radius)
    case .ring(let x, let y, let radius, _): return SIMD4(x - radius, y - radius, x + radius, y + radius)
    case .polygon(let corners):
      return corners.reduce(SIMD4(corners[0].x, corners[0].y, corners[0].x, corners[0].y)) {
        SIMD4(min($0.x, $1.x), min($0.y, $1.y), max($0.z, $1.x), max($0.w, $1.y))
      }
    case .foliage(let x, let y, let rx, let ry, _):
      return SIMD4(x - 1.4 * rx, y - 1.4 * ry, x + 1.4 * rx, y + 1.4 * ry)
    }
  }
}

/// One piece of a figure. Without paint it is seen through but still labelled, as annotators label a fence
/// with its gaps and a wheel with its spokes.
struct Part: Sendable {
  let outline: Outline
  let paint: Paint?
}

/// A flat drawing of one object, later parts in front of earlier ones.
struct Figure: Sendable {
  let label: UInt8
  private(set) var parts: [Part] = []
  private(set) var bounds = SIMD4<Float>(.infinity, .infinity, -.infinity, -.infinity)

  init(label: UInt8) { self.label = label }

  mutating func add(_ outline: Outline, _ paint: Paint?) {
    parts.append(Part(outline: outline, paint: paint))
    let box = outline.bounds
    bounds = SIMD4(min(bounds.x, box.x), min(bounds.y, box.y), max(bounds.z, box.z), max(bounds.w, box.w))
  }

  /// What is seen at a point: nothing, the figure without a colour of its own (seen through), or with one.
  func hit(_ point: SIMD2<Float>) -> (inside: Bool, color: RGB?) {
    guard point.x > bounds.x && point.y > bounds.y && point.x < bounds.z && point.y < bounds.w else {
      return (false, nil)
    }
    var inside = false
    for part in parts.reversed() where part.outline.contains(point) {
      if let paint = part.paint { return (true, paint.color(at: point)) }
      inside = true
    }
    return (inside, nil)
  }
}

/// A figure at its place in the picture.
struct PlacedFigure: Sendable {
  let figure: Figure
  /// The picture position of the figure's origin, pixels from the top left.
  let origin: SIMD2<Float>
  /// Pixels per unit of the figure; negative along x to mirror it.
  let scale: SIMD2<Float>
  /// Cosine and sine of the rotation.
  let turn: SIMD2<Float>
  /// Fraction 0...1 of the light that haze replaces.
  let haze: Float

  init(
    _ figure: Figure, origin: SIMD2<Float>, scale: Float, mirrored: Bool = false,
    turn: SIMD2<Float> = SIMD2(1, 0), haze: Float = 0
  ) {
    self.figure = figure
    self.origin = origin
    self.scale = SIMD2(mirrored ? -scale : scale, scale)
    self.turn = turn
    self.haze = haze
  }

  func hit(_ x: Float, _ y: Float) -> (inside: Bool, color: RGB?) {
    let (dx, dy) = (x - origin.x, origin.y - y)
    let turned = SIMD2(dx * turn.x + dy * turn.y, dy * turn.x - dx * turn.y)
    return figure.hit(turned / scale)
  }
}

extension [PlacedFigure] {
  /// What figures, nearest first, show at a point: the label of the first whose outline holds it, and the first colour,
  /// which may be seen through others, with its figure's haze.
  func sight(_ x: Float, _ y: Float) -> (label: UInt8?, color: RGB?, haze: Float) {
    var label: UInt8?
    for figure in self {
      let (inside, color) = figure.hit(x, y)
      guard inside else { continue }
      label = label ?? figure.figure.label
      if let color { return (label, color, figure.haze) }
    }
    return (label, nil, 0)
  }
}
