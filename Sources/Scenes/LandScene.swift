import Tensors

/// DeepGlobe Land Cover's classes in its order.
enum LandClass: UInt8, CaseIterable {
  case urban, agriculture, rangeland, forest, water, barren

  /// Of the masks.
  static let colors: [[UInt8]] = [
    [0, 255, 255], [255, 255, 0], [255, 0, 255], [0, 255, 0], [0, 0, 255], [255, 255, 255],
  ]
  /// In masks, what nobody could tell.
  static let unknown: [UInt8] = [0, 0, 0]
}

/// Land from above: a few large areas, each the surroundings of a point, between borders that wander. Labels are
/// `LandClass`, or `LabelMap.ignore` where a cloud hides the land.
struct LandScene: Sendable {
  private struct Area {
    let center: SIMD2<Float>
    let kind: LandClass
    let paint: LandPaint
  }

  private let side: Float
  private let areas: [Area]
  private let warp: Noise
  /// Centre and radius of a cloud, fractions of the side.
  private let cloud: SIMD3<Float>?

  /// - Parameter classes: what the picture shows, one area each.
  init(side: Int, classes: [LandClass], isClouded: Bool, random: RandomSource) {
    var maker = FigureMaker(random: random)
    self.side = Float(side)
    // Points on a circle, so that areas are large and meet near the middle.
    let start = maker.random.float(0, 4)
    areas = classes.enumerated().map { index, kind in
      let turn = LandScene.direction(start + 4 * Float(index) / Float(classes.count))
      let radius = maker.random.float(0.22, 0.4)
      return Area(
        center: SIMD2(0.5, 0.5) + turn * radius, kind: kind, paint: LandPaint(kind, using: &maker))
    }
    warp = maker.noise()
    cloud =
      isClouded
      ? SIMD3(
        maker.random.pick([0, 1]), maker.random.pick([0, 1]), maker.random.float(0.16, 0.24))
      : nil
  }

  /// A unit vector for a turn, 0..<4, without a library's sine, whose last bits differ between systems.
  private static func direction(_ turn: Float) -> SIMD2<Float> {
    let quarter = turn.rounded(.down)
    let t = turn - quarter
    let chord = SIMD2(1 - t, t)
    let unit = chord / (chord * chord).sum().squareRoot()
    switch Int(quarter) % 4 {
    case 0: return unit
    case 1: return SIMD2(-unit.y, unit.x)
    case 2: return -unit
    default: return SIMD2(unit.y, -unit.x)
    }
  }

  func callAsFunction(_ x: Float, _ y: Float) -> Sight {
    let place = SIMD2(x, y) / side
    if let cloud {
      let away = place - SIMD2(cloud.x, cloud.y)
      let radius = cloud.z * (0.85 + 0.3 * warp.value(place.x * 4 + 60, place.y * 4))
      if (away * away).sum() < radius * radius {
        return Sight(
          color: RGB(repeating: 0.86 + 0.12 * warp.fractal(place.x * 9, place.y * 9)), label: LabelMap.ignore)
      }
    }
    let moved =
      place + SIMD2(
        warp.fractal(place.x * 3.5, place.y * 3.5) - 0.5, warp.fractal(place.x * 3.5 + 40, place.y * 3.5) - 0.5)
      * 0.22
    var nearest = areas[0]
    var least = Float.infinity
    for area in areas {
      let away = moved - area.center
      let square = (away * away).sum()
      if square < least { (nearest, least) = (area, square) }
    }
    return Sight(color: nearest.paint.color(at: place), label: nearest.kind.rawValue)
  }
}

/// How an area of a class looks from above. Places are fractions of the picture's side.
struct LandPaint: Sendable {
  private let kind: LandClass
  private let base: Paint
  private let turn: SIMD2<Float>
  private let noise: Noise

  init(_ kind: LandClass, using maker: inout FigureMaker) {
    self.kind = kind
    let tilt = maker.random.float(-0.6, 0.6)
    turn = SIMD2(1, tilt) / (1 + tilt * tilt).squareRoot()
    noise = maker.noise()
    switch kind {
    case .urban: base = maker.paint(RGB(0.5, 0.5, 0.5), RGB(0.42, 0.42, 0.4), .grain(size: 0.02))
    case .agriculture: base = maker.paint(RGB(0.5, 0.48, 0.26), RGB(0.36, 0.42, 0.18), .mottled(size: 0.2))
    case .rangeland: base = maker.paint(RGB(0.5, 0.5, 0.34), RGB(0.34, 0.38, 0.22), .mottled(size: 0.07))
    case .forest: base = maker.paint(RGB(0.04, 0.12, 0.05), RGB(0.16, 0.26, 0.1), .grain(size: 0.025))
    case .water: base = maker.paint(RGB(0.06, 0.16, 0.24), RGB(0.12, 0.26, 0.32), .mottled(size: 0.5))
    case .barren: base = maker.paint(RGB(0.76, 0.64, 0.5), RGB(0.6, 0.48, 0.36), .mottled(size: 0.16))
    }
  }

  func color(at place: SIMD2<Float>) -> RGB {
    let turned = SIMD2((place * turn).sum(), place.y * turn.x - place.x * turn.y)
    switch kind {
    case .agriculture: return field(turned)
    case .urban: return town(turned)
    default: return base.color(at: place)
    }
  }

  /// Fields of different crops, with rows.
  private func field(_ place: SIMD2<Float>) -> RGB {
    let (across, along) = (place.x / 0.24, place.y / 0.17)
    let (column, row) = (Int(across.rounded(.down)), Int(along.rounded(.down)))
    let crop = noise.lattice(column, row)
    let color = base.color(at: place) * (0.75 + 0.6 * crop) + RGB(0.12 * crop, 0, -0.04 * crop)
    let phase = (noise.lattice(column + 50, row) < 0.5 ? place.x : place.y) / 0.035
    return color * (phase - phase.rounded(.down) < 0.5 ? 1.1 : 0.9)
  }

  /// Blocks of roofs between roads.
  private func town(_ place: SIMD2<Float>) -> RGB {
    let (across, along) = (place.x / 0.15, place.y / 0.15)
    let road = min(across - across.rounded(.down), along - along.rounded(.down))
    if road < 0.16 { return RGB(0.34, 0.34, 0.36) }
    let (roofX, roofY) = (place.x / 0.05, place.y / 0.05)
    let (column, row) = (Int(roofX.rounded(.down)), Int(roofY.rounded(.down)))
    let inside =
      abs(roofX - roofX.rounded(.down) - 0.5) < 0.36 && abs(roofY - roofY.rounded(.down) - 0.5) < 0.36
    guard inside else { return base.color(at: place) }
    let shade = noise.lattice(column, row)
    let roof =
      noise.lattice(column, row + 90) < 0.45 ? RGB(0.66, 0.36, 0.28) : RGB(0.8, 0.8, 0.8)
    return roof * (0.7 + 0.5 * shade)
  }
}
