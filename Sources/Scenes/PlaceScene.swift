import Tensors

/// A room or a landscape: two or three large regions, one thing in front of them and sometimes clutter, which is of no
/// class. Labels are ADE20K's values.
struct PlaceScene: Sendable {
  private let height: Float
  private let width: Float
  private let stage: PlaceStage
  /// Fraction of the height where the lowest region begins.
  private let horizon: Float
  /// Where the middle region begins.
  private let skyline: Float
  private let upper: Paint
  private let middle: Paint
  private let lower: Paint
  private let edge: Noise
  /// Nearest first.
  private let figures: [PlacedFigure]

  init(height: Int, width: Int, stage: PlaceStage, object: PlaceClass?, random: RandomSource) {
    var maker = FigureMaker(random: random)
    self.height = Float(height)
    self.width = Float(width)
    self.stage = stage
    horizon = stage.middle == nil ? maker.random.float(0.42, 0.66) : maker.random.float(0.62, 0.74)
    skyline = horizon - maker.random.float(0.28, 0.4)
    upper = maker.surface(stage.upper)
    middle = maker.surface(stage.middle ?? stage.upper)
    lower = maker.surface(stage.lower)
    edge = maker.noise()
    var figures: [PlacedFigure] = []
    if maker.random.chance(0.2) {
      let bin = maker.clutter(label: 0)
      let origin = SIMD2(
        self.width * maker.random.pick([0.06, 0.94]), self.height * maker.random.float(0.94, 1.05))
      figures.append(PlacedFigure(bin, origin: origin, scale: self.height * maker.random.float(0.12, 0.18)))
    }
    if let object {
      let figure = maker.figure(object)
      let middle = (figure.bounds.x + figure.bounds.z) / 2
      let extent = SIMD2(figure.bounds.z - figure.bounds.x, figure.bounds.w - figure.bounds.y)
      let share = maker.random.float(0.58, 0.82)
      var room = self.height * share
      var bottom: Float
      switch object.stand {
      case .ground:
        bottom = maker.random.float(max(horizon + 0.1, 0.8), 0.97)
        room = min(room, self.height * (bottom - 0.04))
      case .horizon:
        bottom = horizon + 0.04
        room = min(room, self.height * (bottom - 0.03))
      case .wall:
        // The wall may be the lower region, below a ceiling.
        let (top, end) = stage.upper == .ceiling ? (horizon, Float(1)) : (0, horizon)
        room = (end - top) * self.height * maker.random.float(0.7, 0.86)
        bottom = (top + end) / 2 + room / self.height / 2
      }
      let scale = min(self.width * share / extent.x, room / extent.y)
      if object.stand == .wall {
        // What is wide is less high than there is room.
        bottom -= (room - extent.y * scale) / self.height / 2
      }
      let across = maker.random.float(0.34, 0.66)
      let mirrored = maker.random.chance(0.5)
      figures.append(
        PlacedFigure(
          figure,
          origin: SIMD2(
            across * self.width - (mirrored ? -middle : middle) * scale,
            bottom * self.height + figure.bounds.y * scale), scale: scale, mirrored: mirrored))
    }
    self.figures = figures
  }

  func callAsFunction(_ x: Float, _ y: Float) -> Sight {
    let (label, color, _) = figures.sight(x, y)
    if let color { return Sight(color: color, label: label ?? 0) }
    let behind = background(x / width, y / height)
    return Sight(color: behind.color, label: label ?? behind.label)
  }

  private func background(_ u: Float, _ v: Float) -> Sight {
    let sway = shift(u)
    if v > horizon + (stage.middle == nil ? sway : 0) {
      // Perspective: the pattern of the ground grows finer towards the horizon.
      guard stage.upper != .ceiling || stage.middle != nil else {
        return Sight(color: lower.color(at: SIMD2(u * 6, v * 6)), label: stage.lower.rawValue)
      }
      let depth = 0.35 / (max(v - horizon, 0) + 0.06)
      return Sight(
        color: lower.color(at: SIMD2((u - 0.5) * depth * 4, depth * 3)), label: stage.lower.rawValue)
    }
    if let kind = stage.middle, v > skyline + sway {
      return Sight(color: middle.color(at: SIMD2(u * 6, v * 6)), label: kind.rawValue)
    }
    return Sight(
      color: upper.color(at: SIMD2(u * 6, v * 6)) * (0.85 + 0.3 * v), label: stage.upper.rawValue)
  }

  /// How far the edge is from a straight line, a fraction of the height.
  private func shift(_ u: Float) -> Float {
    switch stage.edge {
    case .straight: 0
    case .ragged(let size): (edge.fractal(u * 7, 0) - 0.5) * 2 * size
    case .rolling(let size): (edge.value(u * 2.5, 0) - 0.5) * 2 * size
    }
  }
}

extension PlaceClass {
  fileprivate enum Stand { case ground, horizon, wall }

  /// Where a thing of this class is.
  fileprivate var stand: Stand {
    switch self {
    case .painting, .windowpane, .mirror: .wall
    case .door, .curtain, .tower, .shelf, .fireplace, .wardrobe: .horizon
    default: .ground
    }
  }
}

extension FigureMaker {
  /// How a region of a class looks.
  fileprivate mutating func surface(_ kind: PlaceClass) -> Paint {
    switch kind {
    case .wall:
      return paint(
        random.pick([RGB(0.8, 0.76, 0.68), RGB(0.62, 0.68, 0.7), RGB(0.76, 0.66, 0.6)]), RGB(0.72, 0.7, 0.64),
        random.chance(0.4) ? .stripes(period: 0.5, direction: SIMD2(1, 0)) : .mottled(size: 3))
    case .ceiling: return paint(RGB(0.92, 0.91, 0.88), RGB(0.84, 0.83, 0.8), .mottled(size: 4), vary: 0.03)
    case .floor:
      return paint(
        random.pick([RGB(0.5, 0.36, 0.22), RGB(0.42, 0.28, 0.17), RGB(0.56, 0.52, 0.48)]),
        RGB(0.3, 0.21, 0.14), .bricks(width: 1.6, height: 0.3))
    case .rug:
      return paint(
        random.pick([RGB(0.6, 0.14, 0.16), RGB(0.2, 0.22, 0.5), RGB(0.5, 0.2, 0.42)]), RGB(0.8, 0.66, 0.4),
        .cells(width: 0.5, height: 0.5, fill: 0.45))
    case .stairs:
      return paint(RGB(0.6, 0.58, 0.55), RGB(0.3, 0.28, 0.26), .stripes(period: 0.5, direction: SIMD2(0, 1)))
    case .curtain:
      return paint(
        random.pick([RGB(0.66, 0.3, 0.24), RGB(0.7, 0.66, 0.5), RGB(0.3, 0.42, 0.56)]), RGB(0.42, 0.26, 0.22),
        .stripes(period: 0.35, direction: SIMD2(1, 0)))
    case .bookcase:
      return paint(RGB(0.3, 0.19, 0.1), RGB(0.62, 0.36, 0.28), .cells(width: 0.2, height: 0.7, fill: 0.8))
    case .building, .house:
      return paint(
        random.pick([RGB(0.62, 0.54, 0.42), RGB(0.54, 0.5, 0.48), RGB(0.56, 0.32, 0.25)]),
        RGB(0.2, 0.23, 0.28), .cells(width: 0.7, height: 0.8, fill: 0.5))
    case .skyscraper:
      return paint(
        RGB(0.36, 0.46, 0.56), RGB(0.62, 0.74, 0.82), .cells(width: 0.25, height: 0.3, fill: 0.7))
    case .sky:
      return paint(
        random.pick([RGB(0.45, 0.64, 0.92), RGB(0.66, 0.76, 0.88), RGB(0.85, 0.74, 0.66)]),
        RGB(0.9, 0.91, 0.94), .mottled(size: 2.5))
    case .tree: return paint(RGB(0.07, 0.17, 0.05), RGB(0.28, 0.4, 0.14), .grain(size: 0.2), vary: 0.05)
    case .mountain: return paint(RGB(0.36, 0.4, 0.48), RGB(0.6, 0.6, 0.64), .mottled(size: 0.9), vary: 0.05)
    case .hill: return paint(RGB(0.34, 0.4, 0.2), RGB(0.5, 0.46, 0.28), .mottled(size: 1.2), vary: 0.05)
    case .fence:
      return paint(
        random.pick([RGB(0.75, 0.72, 0.66), RGB(0.5, 0.36, 0.22)]), RGB(0.18, 0.16, 0.13),
        .stripes(period: 0.3, direction: SIMD2(1, 0)))
    case .grass: return paint(RGB(0.2, 0.36, 0.08), RGB(0.42, 0.54, 0.2), .grain(size: 0.12), vary: 0.05)
    case .field:
      return paint(
        random.pick([RGB(0.72, 0.62, 0.28), RGB(0.5, 0.56, 0.2)]), RGB(0.5, 0.42, 0.18),
        .stripes(period: 0.3, direction: SIMD2(1, 0.1)))
    case .earth: return paint(RGB(0.46, 0.32, 0.2), RGB(0.32, 0.22, 0.14), .mottled(size: 0.5), vary: 0.05)
    case .sand: return paint(RGB(0.86, 0.76, 0.56), RGB(0.74, 0.64, 0.46), .grain(size: 0.2), vary: 0.04)
    case .path: return paint(RGB(0.62, 0.54, 0.42), RGB(0.48, 0.4, 0.3), .grain(size: 0.15), vary: 0.05)
    case .sidewalk:
      return paint(RGB(0.62, 0.58, 0.55), RGB(0.42, 0.4, 0.38), .bricks(width: 0.5, height: 0.5), vary: 0.05)
    case .runway:
      return paint(RGB(0.5, 0.5, 0.52), RGB(0.86, 0.86, 0.84), .cells(width: 2.5, height: 1, fill: 0.18))
    case .sea:
      return paint(
        RGB(0.08, 0.3, 0.46), RGB(0.36, 0.58, 0.7), .stripes(period: 0.3, direction: SIMD2(0.06, 1)))
    case .lake: return paint(RGB(0.14, 0.3, 0.34), RGB(0.3, 0.46, 0.46), .mottled(size: 1.2))
    case .river:
      return paint(
        RGB(0.26, 0.34, 0.26), RGB(0.42, 0.5, 0.4), .stripes(period: 0.5, direction: SIMD2(0.04, 1)))
    case .swimmingPool:
      return paint(RGB(0.2, 0.72, 0.82), RGB(0.5, 0.88, 0.92), .mottled(size: 0.5), vary: 0.04)
    case .water:
      return paint(RGB(0.24, 0.4, 0.5), RGB(0.5, 0.62, 0.7), .stripes(period: 0.25, direction: SIMD2(0.1, 1)))
    default: return paint(RGB(0.34, 0.34, 0.35), RGB(0.46, 0.45, 0.45), .grain(size: 0.1), vary: 0.05)
    }
  }

  /// A thing of a class.
  fileprivate mutating func figure(_ kind: PlaceClass) -> Figure {
    let label = kind.rawValue
    switch kind {
    case .sofa: return sofa(label: label)
    case .chair: return chair(label: label)
    case .table, .coffeeTable: return kind == .table ? diningTable(label: label) : coffeeTable(label: label)
    case .plant: return pottedPlant(label: label)
    case .person: return person(label: label)
    case .car: return random.chance(0.7) ? carFromSide(label: label) : carFromBehind(label: label)
    case .bus: return bus(label: label, fromSide: random.chance(0.7))
    case .truck: return truck(label: label, fromSide: random.chance(0.7))
    case .bicycle: return bicycle(label: label)
    case .minibike: return motorcycle(label: label)
    case .airplane: return aeroplane(label: label)
    case .boat: return boat(label: label)
    case .television: return tvMonitor(label: label)
    case .tree: return tree(label: label, bush: false)
    case .animal:
      switch random.below(4) {
      case 0: return cow(label: label)
      case 1: return horse(label: label)
      case 2: return sheep(label: label)
      default: return dog(label: label)
      }
    case .bed: return bed(label: label)
    case .armchair: return armchair(label: label)
    case .cabinet: return cupboard(label: label, width: 1.5, height: 1, doors: 3, drawers: 1)
    case .wardrobe: return cupboard(label: label, width: 1.5, height: 2, doors: 2, drawers: 0)
    case .chestOfDrawers: return cupboard(label: label, width: 1.1, height: 0.95, doors: 0, drawers: 4)
    case .refrigerator: return refrigerator(label: label)
    case .stove: return stove(label: label)
    case .bookcase, .shelf: return shelves(label: label, books: kind == .bookcase)
    case .windowpane: return window(label: label)
    case .painting: return painting(label: label)
    case .mirror: return mirror(label: label)
    case .door: return door(label: label)
    case .curtain: return curtain(label: label)
    case .lamp: return lamp(label: label)
    case .fireplace: return fireplace(label: label)
    case .bathtub: return bathtub(label: label)
    case .box: return box(label: label)
    case .house: return house(label: label)
    case .tower: return tower(label: label)
    case .rock: return rock(label: label)
    case .tent: return tent(label: label)
    case .palm: return palm(label: label)
    case .bench: return bench(label: label)
    case .signboard: return signboard(label: label)
    case .pier: return pier(label: label)
    default: preconditionFailure("PlaceScene: \(kind) is a region, no thing")
    }
  }
}
