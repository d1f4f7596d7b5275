import Tensors

/// One to three objects of PASCAL VOC's 20 classes before a background that suits them. Sizes vary, objects
/// may be cut by the edge of the picture or cover each other.
struct ObjectScene: Sendable {
  enum Setting: Sendable {
    case meadow, road, room, water, air
  }

  private let height: Float
  private let width: Float
  private let setting: Setting
  /// Fraction of the height where the ground begins.
  private let horizon: Float
  private let ground: Paint
  private let wall: Paint
  private let scenery: [PlacedFigure]
  /// Nearest first.
  private let objects: [PlacedFigure]

  /// - Parameters:
  ///   - classes: what the picture is of, 1...20.
  init(height: Int, width: Int, classes: [Int], random: RandomSource) {
    var maker = FigureMaker(random: random)
    self.height = Float(height)
    self.width = Float(width)
    let main = classes.first ?? 15
    setting = ObjectScene.setting(of: main, &maker)
    horizon = maker.random.float(0.4, 0.62)
    (ground, wall) = ObjectScene.paints(setting, &maker)
    let size = Float(min(height, width))

    var scenery: [PlacedFigure] = []
    if setting == .meadow || setting == .road {
      for _ in 0..<maker.random.below(4) {
        let tree = maker.tree(label: 0, bush: maker.random.chance(0.4))
        let origin = SIMD2(maker.random.float(0, 1) * self.width, (horizon + 0.02) * self.height)
        scenery.append(
          PlacedFigure(tree, origin: origin, scale: size * maker.random.float(0.03, 0.07), haze: 0.25))
      }
    }
    self.scenery = scenery

    var wanted = classes
    if maker.random.chance(0.3) { wanted.append(main) }
    if setting != .air && maker.random.chance(0.3) { wanted.append(15) }
    var objects: [(bottom: Float, figure: PlacedFigure)] = []
    for (index, kind) in wanted.enumerated() {
      let figure = maker.object(kind)
      let extent = SIMD2(figure.bounds.z - figure.bounds.x, figure.bounds.w - figure.bounds.y)
      let share = maker.random.float(0.65, 1.05) * (index == 0 ? 1 : 0.7)
      let scale = min(self.width * share / extent.x, self.height * share / extent.y)
      let isFlying = setting == .air
      let bottom =
        isFlying
        ? maker.random.float(0.55, 0.85) : maker.random.float(max(horizon + 0.1, 0.72), 0.98)
      let across = maker.random.float(index == 0 ? 0.35 : 0.15, index == 0 ? 0.65 : 0.85)
      let middle = (figure.bounds.x + figure.bounds.z) / 2
      let mirrored = maker.random.chance(0.5)
      let tilt = isFlying ? maker.random.float(-0.35, 0.35) : maker.random.float(-0.05, 0.05)
      let norm = (1 + tilt * tilt).squareRoot()
      objects.append(
        (
          bottom,
          PlacedFigure(
            figure,
            origin: SIMD2(across * self.width - (mirrored ? -middle : middle) * scale, bottom * self.height),
            scale: scale, mirrored: mirrored, turn: SIMD2(1 / norm, tilt / norm))
        ))
    }
    self.objects = objects.sorted { $0.bottom > $1.bottom }.map(\.figure)
  }

  func callAsFunction(_ x: Float, _ y: Float) -> Sight {
    let (label, color, _) = objects.sight(x, y)
    if let color { return Sight(color: color, label: label ?? 0) }
    for figure in scenery {
      if let color = figure.hit(x, y).color {
        return Sight(color: color * (1 - figure.haze) + RGB(repeating: 0.7) * figure.haze, label: label ?? 0)
      }
    }
    return Sight(color: background(x, y), label: label ?? 0)
  }

  private func background(_ x: Float, _ y: Float) -> RGB {
    let (u, v) = (x / width, y / height)
    guard setting != .air, v > horizon else {
      return wall.color(at: SIMD2(u * 6, v * 6)) * (setting == .room ? 1 : 0.8 + 0.4 * v)
    }
    // Perspective: the pattern of the ground grows finer towards the horizon.
    let depth = 0.35 / (v - horizon + 0.05)
    let color = ground.color(at: SIMD2((u - 0.5) * depth * 4, depth * 3))
    return color * shade(x, y)
  }

  /// Contact shadows on the ground under the objects.
  private func shade(_ x: Float, _ y: Float) -> Float {
    guard setting != .water else { return 1 }
    var light: Float = 1
    for object in objects {
      let scale = abs(object.scale.x)
      let half = (object.figure.bounds.z - object.figure.bounds.x) * scale * 0.5
      let middle = object.origin.x + (object.figure.bounds.x + object.figure.bounds.z) / 2 * object.scale.x
      let (dx, dy) = ((x - middle) / half, (y - object.origin.y) / (0.16 * half + 2))
      let square = dx * dx + dy * dy
      if square < 1 { light *= 0.55 + 0.45 * square }
    }
    return light
  }

  private static func setting(of kind: Int, _ maker: inout FigureMaker) -> Setting {
    switch kind {
    case 1: return .air
    case 3: return maker.random.chance(0.5) ? .air : .meadow
    case 4: return .water
    case 2, 6, 7, 14, 19: return maker.random.chance(0.8) ? .road : .meadow
    case 10, 13, 17: return .meadow
    case 5, 8, 9, 11, 16, 18, 20: return maker.random.chance(0.85) ? .room : .meadow
    default: return maker.random.pick([.meadow, .road, .room])
    }
  }

  /// Ground and what is behind it.
  private static func paints(_ setting: Setting, _ maker: inout FigureMaker) -> (Paint, Paint) {
    let sky = maker.paint(
      maker.random.pick([RGB(0.5, 0.66, 0.9), RGB(0.7, 0.76, 0.84)]), RGB(0.88, 0.89, 0.92),
      .mottled(size: 2.5))
    switch setting {
    case .meadow:
      return (maker.paint(RGB(0.22, 0.34, 0.1), RGB(0.46, 0.52, 0.22), .grain(size: 0.12), vary: 0.06), sky)
    case .road:
      let houses = maker.paint(
        maker.random.pick([RGB(0.6, 0.52, 0.42), RGB(0.52, 0.5, 0.48), RGB(0.5, 0.32, 0.26)]),
        RGB(0.22, 0.25, 0.3),
        .cells(width: 0.7, height: 0.8, fill: 0.5))
      return (
        maker.paint(RGB(0.34, 0.34, 0.35), RGB(0.46, 0.45, 0.45), .grain(size: 0.1), vary: 0.06),
        maker.random.chance(0.6) ? houses : sky
      )
    case .room:
      let wall = maker.paint(
        maker.random.pick([RGB(0.78, 0.74, 0.66), RGB(0.6, 0.66, 0.7), RGB(0.72, 0.6, 0.52)]),
        RGB(0.7, 0.68, 0.62),
        maker.random.chance(0.4) ? .stripes(period: 0.5, direction: SIMD2(1, 0)) : .mottled(size: 3))
      let floor = maker.paint(
        maker.random.pick([RGB(0.5, 0.36, 0.22), RGB(0.55, 0.54, 0.52)]), RGB(0.36, 0.26, 0.18),
        .bricks(width: 1.6, height: 0.3))
      return (floor, wall)
    case .water:
      return (
        maker.paint(
          RGB(0.14, 0.3, 0.42), RGB(0.4, 0.55, 0.64), .stripes(period: 0.3, direction: SIMD2(0.08, 1))), sky
      )
    case .air: return (sky, sky)
    }
  }
}

extension FigureMaker {
  /// An object of a PASCAL VOC class, 1...20.
  fileprivate mutating func object(_ kind: Int) -> Figure {
    let label = UInt8(kind)
    switch kind {
    case 1: return aeroplane(label: label)
    case 2: return bicycle(label: label)
    case 3: return bird(label: label)
    case 4: return boat(label: label)
    case 5: return bottle(label: label)
    case 6: return bus(label: label, fromSide: random.chance(0.6))
    case 7: return random.chance(0.7) ? carFromSide(label: label) : carFromBehind(label: label)
    case 8: return cat(label: label)
    case 9: return chair(label: label)
    case 10: return cow(label: label)
    case 11: return diningTable(label: label)
    case 12: return dog(label: label)
    case 13: return horse(label: label)
    case 14: return motorcycle(label: label)
    case 15: return person(label: label)
    case 16: return pottedPlant(label: label)
    case 17: return sheep(label: label)
    case 18: return sofa(label: label)
    case 19: return train(label: label, fromSide: random.chance(0.5))
    case 20: return tvMonitor(label: label)
    default: preconditionFailure("ObjectScene: class \(kind) is not in 1...20")
    }
  }
}
