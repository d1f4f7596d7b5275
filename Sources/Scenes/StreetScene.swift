import Datasets
import Tensors

/// A street as a car's camera sees it, in the 19 Cityscapes classes plus ignored ids: ground, house fronts
/// and vehicles stand in one perspective, so that place, size and neighbours tell as much as colour does.
struct StreetScene: Sendable {
  /// What not every street has.
  enum Feature: Int, CaseIterable, Sendable {
    case wall, fence, terrain, trafficLight, trafficSign, person, rider, truck, bus, train, motorcycle,
      bicycle
  }

  /// Raw ids of Cityscapes.
  enum Raw {
    static let ego: UInt8 = 1
    static let clutter: UInt8 = 4
    static let road: UInt8 = 7
    static let sidewalk: UInt8 = 8
    static let railTrack: UInt8 = 10
    static let building: UInt8 = 11
    static let wall: UInt8 = 12
    static let fence: UInt8 = 13
    static let pole: UInt8 = 17
    static let trafficLight: UInt8 = 19
    static let trafficSign: UInt8 = 20
    static let vegetation: UInt8 = 21
    static let terrain: UInt8 = 22
    static let sky: UInt8 = 23
    static let person: UInt8 = 24
    static let rider: UInt8 = 25
    static let car: UInt8 = 26
    static let truck: UInt8 = 27
    static let bus: UInt8 = 28
    static let train: UInt8 = 31
    static let motorcycle: UInt8 = 32
    static let bicycle: UInt8 = 33
  }

  /// One side of the street; distances from the camera's axis, metres.
  struct Side: Sendable {
    var curb: Float
    var sidewalkEnd: Float
    /// Nearest first.
    var surfaces: [StreetSurface]
    /// Whether grass follows the sidewalk; paving otherwise.
    var grass: Bool
  }

  let height: Int
  let width: Int
  /// Pixels.
  let focalLength: Float
  let horizon: Float
  let vanishing: Float
  /// Metres.
  let cameraHeight: Float
  var left: Side
  var right: Side
  /// Nearest first, placed in the picture.
  var figures: [PlacedFigure] = []
  /// Ground under vehicles lies in shadow: centre x, z and half sizes, metres.
  var shadows: [SIMD4<Float>] = []
  /// Middle of the rails, metres, where there are any.
  var rails: Float?
  let paints: GroundPaints
  let hasHood: Bool

  func callAsFunction(_ x: Float, _ y: Float) -> Sight {
    if hasHood, let hood = hood(x, y) { return hood }
    let (label, color, haze) = figures.sight(x, y)
    if let color { return Sight(color: hazy(color, haze), label: label ?? 0) }
    let behind = background(x, y)
    return Sight(color: behind.color, label: label ?? behind.label)
  }

  private func hazy(_ color: RGB, _ haze: Float) -> RGB { color * (1 - haze) + paints.haze * haze }

  /// The bonnet of the car that carries the camera.
  private func hood(_ x: Float, _ y: Float) -> Sight? {
    let (dx, dy) = ((x / Float(width) - 0.5) / 0.52, (y / Float(height) - 1.04) / 0.13)
    guard dx * dx + dy * dy < 1 else { return nil }
    return Sight(color: paints.hood.color(at: SIMD2(dx * 2, dy)) * (0.7 - 0.5 * dy), label: Raw.ego)
  }

  private func background(_ x: Float, _ y: Float) -> Sight {
    let across = (x - vanishing) / focalLength
    let fall = (y - horizon) / focalLength
    var label: UInt8?
    for surface in (across < 0 ? left : right).surfaces {
      guard
        let (distance, color) = surface.hit(across: abs(across), fall: fall, cameraHeight: cameraHeight)
      else { continue }
      label = label ?? surface.label
      if let color {
        return Sight(color: hazy(color, min(distance / 220, 0.5)), label: label ?? surface.label)
      }
    }
    let open = fall > 0.004 ? ground(across, fall) : sky(x, y)
    return Sight(color: open.color, label: label ?? open.label)
  }

  private func ground(_ across: Float, _ fall: Float) -> Sight {
    let distance = min(cameraHeight / fall, 400)
    let sideways = across * distance
    let point = SIMD2(sideways, distance)
    let side = sideways < 0 ? left : right
    var color: RGB
    var label: UInt8
    if abs(sideways) < side.curb {
      label = Raw.road
      color = paints.road.color(at: point)
      let dash = distance / 6 - (distance / 6).rounded(.down)
      let middle = (right.curb - left.curb) / 2
      if abs(sideways - middle) < 0.09 && dash < 0.5 { color = paints.marking.color(at: point) }
      if let rails, abs(sideways - rails) < 1.2 {
        label = Raw.railTrack
        color = color * 0.8 + RGB(0.06, 0.04, 0.02)
        if abs(abs(sideways - rails) - 0.75) < 0.08 { color = RGB(0.6, 0.6, 0.62) }
      }
    } else if abs(sideways) < side.curb + 0.15 {
      label = Raw.sidewalk
      color = paints.curb.color(at: point)
    } else if abs(sideways) < side.sidewalkEnd || !side.grass {
      label = Raw.sidewalk
      color = paints.sidewalk.color(at: point)
    } else {
      label = Raw.terrain
      color = paints.grass.color(at: point)
    }
    for shadow in shadows {
      let (dx, dz) = ((sideways - shadow.x) / shadow.z, (distance - shadow.y) / shadow.w)
      let square = dx * dx + dz * dz
      if square < 1 { color *= 0.45 + 0.55 * square }
    }
    return Sight(color: hazy(color, min(distance / 220, 0.5)), label: label)
  }

  private func sky(_ x: Float, _ y: Float) -> Sight {
    // A skyline of trees closes the street.
    let skyline = 0.05 + 0.16 * paints.skyline.fractal(x / Float(width) * 9, 0)
    if horizon - y < skyline * Float(height) {
      let leaves = paints.distantTrees.color(at: SIMD2(x, y))
      return Sight(color: hazy(leaves, 0.35), label: Raw.vegetation)
    }
    let up = (horizon - y) / Float(height)
    let cloud = paints.clouds.fractal(x / 60, y / 22 + 40)
    let clear = paints.sky * (1.05 - 0.5 * up)
    let cover = min(max((cloud - 0.45) * 3, 0), 1)
    return Sight(color: clear * (1 - cover) + RGB(0.88, 0.88, 0.9) * cover, label: Raw.sky)
  }
}

/// The looks of what has no outline.
struct GroundPaints: Sendable {
  let road: Paint
  let marking: Paint
  let curb: Paint
  let sidewalk: Paint
  let grass: Paint
  let hood: Paint
  let distantTrees: Paint
  let sky: RGB
  let haze: RGB
  let skyline: Noise
  let clouds: Noise

  init(using maker: inout FigureMaker) {
    road = maker.paint(RGB(0.32, 0.32, 0.34), RGB(0.42, 0.42, 0.43), .grain(size: 0.25), vary: 0.06)
    marking = maker.flat(RGB(0.82, 0.82, 0.78))
    curb = maker.flat(RGB(0.62, 0.61, 0.58))
    sidewalk = maker.paint(
      RGB(0.52, 0.49, 0.47), RGB(0.4, 0.38, 0.37), .bricks(width: 0.9, height: 0.9), vary: 0.07)
    grass = maker.paint(RGB(0.3, 0.36, 0.14), RGB(0.5, 0.48, 0.26), .grain(size: 0.3), vary: 0.07)
    hood = maker.flat(RGB(0.14, 0.15, 0.17), vary: 0.05)
    distantTrees = maker.paint(RGB(0.12, 0.2, 0.1), RGB(0.26, 0.34, 0.18), .grain(size: 4), vary: 0.05)
    sky = maker.random.pick([RGB(0.5, 0.68, 0.92), RGB(0.72, 0.78, 0.85), RGB(0.85, 0.8, 0.74)])
    haze = sky * 0.5 + RGB(repeating: 0.38)
    skyline = maker.noise()
    clouds = maker.noise()
  }
}
