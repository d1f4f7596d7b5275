import Tensors

/// Lays out a street: sides, fronts, furniture, traffic. Lengths are metres, x to the right of the camera, z
/// ahead.
struct StreetBuilder {
  private var maker: FigureMaker
  private var scene: StreetScene
  private let features: Set<StreetScene.Feature>
  private var placed: [(distance: Float, figure: PlacedFigure)] = []
  private typealias Raw = StreetScene.Raw

  /// - Parameter forced: what must be in the picture; other features come by chance.
  static func scene(
    height: Int, width: Int, forced: [StreetScene.Feature], random: RandomSource
  ) -> StreetScene {
    var builder = StreetBuilder(height: height, width: width, forced: forced, random: random)
    builder.addRows()
    builder.addTraffic()
    builder.addFurniture()
    builder.addPeople()
    builder.scene.figures = builder.placed.sorted { $0.distance < $1.distance }.map(\.figure)
    return builder.scene
  }

  private init(height: Int, width: Int, forced: [StreetScene.Feature], random: RandomSource) {
    maker = FigureMaker(random: random)
    var features = Set(forced)
    for feature in StreetScene.Feature.allCases where maker.random.chance(feature.frequency) {
      features.insert(feature)
    }
    self.features = features
    let paints = GroundPaints(using: &maker)
    func side(_ maker: inout FigureMaker, curb: Float, grass: Bool) -> StreetScene.Side {
      StreetScene.Side(
        curb: curb, sidewalkEnd: curb + (grass ? maker.random.float(1.2, 2) : maker.random.float(1.8, 3.5)),
        surfaces: [], grass: grass)
    }
    let grassSide = maker.random.below(3)
    let hasGrass = features.contains(.terrain)
    let left = side(&maker, curb: maker.random.float(4, 6.5), grass: hasGrass && grassSide != 1)
    let right = side(&maker, curb: maker.random.float(2.2, 3.6), grass: hasGrass && grassSide != 0)
    scene = StreetScene(
      height: height, width: width, focalLength: Float(width) * maker.random.float(0.85, 1.05),
      horizon: Float(height) * maker.random.float(0.38, 0.48),
      vanishing: Float(width) * maker.random.float(0.38, 0.62), cameraHeight: maker.random.float(1.25, 1.6),
      left: left, right: right, paints: paints, hasHood: maker.random.chance(0.8))
  }

  // MARK: - House fronts, walls, fences, hedges

  private mutating func addRows() {
    let wallLeft = maker.random.chance(0.5)
    for isLeft in [true, false] {
      var side = isLeft ? scene.left : scene.right
      let edge = side.sidewalkEnd + (side.grass ? maker.random.float(4, 9) : 0)
      var barriers: [StreetSurface] = []
      if features.contains(.wall) && wallLeft == isLeft { barriers.append(wall(at: edge)) }
      if features.contains(.fence) && wallLeft != isLeft { barriers.append(fence(at: edge)) }
      side.surfaces = barriers + houses(behind: edge + (barriers.isEmpty ? 0 : maker.random.float(0.5, 3)))
      if isLeft { scene.left = side } else { scene.right = side }
    }
  }

  private mutating func wall(at offset: Float) -> StreetSurface {
    let paint =
      maker.random.chance(0.5)
      ? maker.paint(RGB(0.5, 0.47, 0.45), RGB(0.62, 0.6, 0.57), .mottled(size: 1.5), vary: 0.08)
      : maker.paint(RGB(0.52, 0.33, 0.26), RGB(0.66, 0.6, 0.54), .bricks(width: 0.7, height: 0.35))
    let near = maker.random.float(3, 6)
    return StreetSurface(
      label: Raw.wall, offset: offset, nearEnd: near, farEnd: near + maker.random.float(12, 30),
      height: maker.random.float(1.6, 2.8), depth: 0, paint: paint, bars: nil, ragged: nil)
  }

  private mutating func fence(at offset: Float) -> StreetSurface {
    let near = maker.random.float(3, 6)
    let paint = maker.flat(
      maker.random.pick([RGB(0.2, 0.26, 0.22), RGB(0.5, 0.4, 0.3), RGB(0.6, 0.62, 0.63)]))
    return StreetSurface(
      label: Raw.fence, offset: offset, nearEnd: near, farEnd: near + maker.random.float(12, 26),
      height: maker.random.float(1.2, 2), depth: 0, paint: paint,
      bars: (width: maker.random.float(0.09, 0.14), period: maker.random.float(0.28, 0.5)), ragged: nil)
  }

  private mutating func houses(behind edge: Float) -> [StreetSurface] {
    let fronts = [
      RGB(0.66, 0.58, 0.46), RGB(0.5, 0.3, 0.24), RGB(0.6, 0.6, 0.58), RGB(0.45, 0.44, 0.42),
      RGB(0.76, 0.72, 0.62),
      RGB(0.4, 0.42, 0.48),
    ]
    var rows: [StreetSurface] = []
    var position = maker.random.float(-4, 6)
    while position < 90 {
      let length = maker.random.float(14, 30)
      let offset = edge + maker.random.float(0, 1.5)
      if maker.random.chance(0.2) {
        let leaves = maker.paint(RGB(0.1, 0.19, 0.07), RGB(0.33, 0.42, 0.17), .grain(size: 0.2), vary: 0.06)
        rows.append(
          StreetSurface(
            label: Raw.vegetation, offset: offset, nearEnd: max(position, 0.5), farEnd: position + length,
            height: maker.random.float(3, 7), depth: 3, paint: leaves, bars: nil, ragged: maker.noise()))
      } else {
        let windows = maker.paint(
          maker.random.pick(fronts), RGB(0.2, 0.24, 0.28),
          .cells(
            width: maker.random.float(1.6, 2.8), height: maker.random.float(2.6, 3.4),
            fill: maker.random.float(0.4, 0.6)), vary: 0.06)
        rows.append(
          StreetSurface(
            label: Raw.building, offset: offset, nearEnd: max(position, 0.5), farEnd: position + length,
            height: maker.random.float(5, 15), depth: 12, paint: windows, bars: nil, ragged: nil))
      }
      position += length + (maker.random.chance(0.3) ? maker.random.float(2, 6) : 0)
    }
    return rows
  }

  // MARK: - Figures

  private mutating func place(_ figure: Figure, x: Float, z: Float, mirrored: Bool = false) {
    let scale = scene.focalLength / z
    let origin = SIMD2(scene.vanishing + x * scale, scene.horizon + scene.cameraHeight * scale)
    placed.append(
      (z, PlacedFigure(figure, origin: origin, scale: scale, mirrored: mirrored, haze: min(z / 220, 0.5))))
  }

  private mutating func shadow(x: Float, z: Float, halfWidth: Float, halfLength: Float) {
    scene.shadows.append(SIMD4(x, z + halfLength * 0.7, halfWidth, halfLength))
  }

  private mutating func addTraffic() {
    let ahead = scene.right.curb * 0.3
    let oncoming = -scene.left.curb * 0.55
    var lanes: [(x: Float, z: Float)] = []
    for lane in [ahead, oncoming] {
      var z = maker.random.float(7, 12)
      while z < 32 {
        lanes.append((lane + maker.random.float(-0.3, 0.3), z))
        z += maker.random.float(12, 20)
      }
    }
    lanes.sort { $0.z < $1.z }
    var wanted: [StreetScene.Feature] = []
    for feature in [StreetScene.Feature.train, .bus, .truck] where features.contains(feature) {
      wanted.append(feature)
    }
    for (index, spot) in lanes.enumerated() {
      // The nearest places go to what is rare; the others are cars, with gaps.
      let feature = index < wanted.count ? wanted[index] : nil
      if feature == nil && maker.random.chance(0.35) { continue }
      let fromSide = feature != nil && spot.z > 11 && maker.random.chance(0.35)
      let figure: Figure
      switch feature {
      case .train?:
        scene.rails = spot.x
        figure = maker.train(label: Raw.train, fromSide: fromSide)
      case .bus?: figure = maker.bus(label: Raw.bus, fromSide: fromSide)
      case .truck?: figure = maker.truck(label: Raw.truck, fromSide: fromSide)
      default: figure = maker.carFromBehind(label: Raw.car)
      }
      place(figure, x: spot.x, z: spot.z, mirrored: maker.random.chance(0.5))
      shadow(x: spot.x, z: spot.z, halfWidth: fromSide ? 4 : 1.3, halfLength: fromSide ? 1.2 : 2.2)
    }
    for side in [-scene.left.curb, scene.right.curb] where maker.random.chance(0.4) {
      var z = maker.random.float(6, 14)
      while z < 26 {
        if maker.random.chance(0.55) {
          let x = side > 0 ? side + 0.2 : side - 0.2
          place(maker.carFromBehind(label: Raw.car), x: x, z: z)
          shadow(x: x, z: z, halfWidth: 1.2, halfLength: 2)
        }
        z += maker.random.float(5.5, 7)
      }
    }
  }

  private mutating func addFurniture() {
    for isLeft in [true, false] {
      let side = isLeft ? scene.left : scene.right
      let sign: Float = isLeft ? -1 : 1
      var z = maker.random.float(5, 10)
      while z < 30 {
        let x = sign * (side.curb + 0.45)
        let kind = maker.random.below(10)
        if kind < 4 {
          place(
            maker.pole(
              label: Raw.pole, height: maker.random.float(4, 6.5), radius: maker.random.float(0.12, 0.18)),
            x: x, z: z, mirrored: isLeft == false)
        } else if kind < 7 {
          place(
            maker.tree(label: Raw.vegetation, bush: maker.random.chance(0.3)), x: sign * side.sidewalkEnd,
            z: z)
        } else if kind == 7 {
          place(maker.clutter(label: Raw.clutter), x: sign * (side.curb + 0.9), z: z)
        }
        z += maker.random.float(9, 16)
      }
    }
    for feature in [StreetScene.Feature.trafficLight, .trafficSign] where features.contains(feature) {
      for _ in 0..<(1 + maker.random.below(2)) {
        let z = maker.random.float(6, 15)
        let isLeft = maker.random.chance(0.35)
        let x = isLeft ? -(scene.left.curb + 0.5) : scene.right.curb + 0.5
        let bottom = maker.random.float(2.2, 2.9)
        place(maker.pole(label: Raw.pole, height: bottom + 0.6, radius: 0.11), x: x, z: z)
        if feature == .trafficLight {
          place(maker.trafficLight(label: Raw.trafficLight, bottom: bottom), x: x, z: z - 0.05)
        } else {
          place(maker.trafficSign(label: Raw.trafficSign, centre: bottom), x: x, z: z - 0.05)
        }
      }
    }
  }

  private mutating func addPeople() {
    if features.contains(.person) {
      for _ in 0..<(1 + maker.random.below(3)) {
        let isLeft = maker.random.chance(0.45)
        let side = isLeft ? scene.left : scene.right
        let x = side.curb + maker.random.float(0.3, max(side.sidewalkEnd - side.curb - 0.3, 0.5))
        place(
          maker.person(label: Raw.person), x: isLeft ? -x : x, z: maker.random.float(4, 14),
          mirrored: maker.random.chance(0.5))
      }
    }
    if features.contains(.rider) {
      let (x, z) = (
        maker.random.float(-scene.left.curb * 0.5, scene.right.curb * 0.8), maker.random.float(5, 9)
      )
      let mirrored = maker.random.chance(0.5)
      let motorised = features.contains(.motorcycle) && maker.random.chance(0.6)
      place(
        motorised ? maker.motorcycle(label: Raw.motorcycle) : maker.bicycle(label: Raw.bicycle), x: x, z: z,
        mirrored: mirrored)
      place(
        maker.rider(label: Raw.rider, saddle: motorised ? 0.82 : 0.98), x: mirrored ? x + 0.2 : x - 0.2,
        z: z - 0.05,
        mirrored: mirrored)
      shadow(x: x, z: z, halfWidth: 0.9, halfLength: 0.4)
    }
    for feature in [StreetScene.Feature.bicycle, .motorcycle] where features.contains(feature) {
      let isLeft = maker.random.chance(0.4)
      let curb = isLeft ? scene.left.curb : scene.right.curb
      let x = curb + maker.random.float(-0.6, 0.9)
      let figure =
        feature == .bicycle ? maker.bicycle(label: Raw.bicycle) : maker.motorcycle(label: Raw.motorcycle)
      place(figure, x: isLeft ? -x : x, z: maker.random.float(4.5, 9), mirrored: maker.random.chance(0.5))
    }
  }
}

extension StreetScene.Feature {
  /// How many streets have it, a fraction 0...1.
  fileprivate var frequency: Double {
    switch self {
    case .person: return 0.6
    case .terrain, .trafficSign, .trafficLight: return 0.45
    case .wall, .fence, .rider, .bicycle: return 0.3
    case .truck, .bus, .train, .motorcycle: return 0.2
    }
  }
}
