extension FigureMaker {
  mutating func house(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let wall = flat(random.pick([RGB(0.86, 0.82, 0.72), RGB(0.7, 0.42, 0.32), RGB(0.6, 0.66, 0.7)]))
    figure.add(.box(x0: -3, y0: 0, x1: 3, y1: 2.8), wall)
    figure.add(
      .polygon([SIMD2(-3.4, 2.7), SIMD2(3.4, 2.7), SIMD2(2.2, 4.8), SIMD2(-2.2, 4.8)]),
      paint(RGB(0.5, 0.22, 0.16), RGB(0.36, 0.16, 0.12), .bricks(width: 0.4, height: 0.3)))
    figure.add(.box(x0: -0.5, y0: 0, x1: 0.5, y1: 1.9), flat(RGB(0.3, 0.2, 0.14)))
    for x: Float in [-2.3, 1.2] {
      figure.add(.box(x0: x, y0: 1, x1: x + 1.1, y1: 2.1), flat(RGB(0.2, 0.26, 0.34)))
    }
    return figure
  }

  mutating func tower(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let stone = paint(
      random.pick([RGB(0.66, 0.6, 0.5), RGB(0.5, 0.5, 0.52)]), RGB(0.4, 0.36, 0.3),
      .bricks(width: 0.7, height: 0.4))
    figure.add(.polygon([SIMD2(-1.3, 0), SIMD2(1.3, 0), SIMD2(1, 7), SIMD2(-1, 7)]), stone)
    figure.add(.box(x0: -1.35, y0: 6.4, x1: 1.35, y1: 7.4), stone)
    figure.add(.polygon([SIMD2(-1.4, 7.4), SIMD2(1.4, 7.4), SIMD2(0, 9.4)]), flat(RGB(0.34, 0.2, 0.2)))
    figure.add(.ellipse(x: 0, y: 5, rx: 0.5, ry: 0.5), flat(RGB(0.92, 0.9, 0.84)))
    return figure
  }

  mutating func rock(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let stone = paint(RGB(0.36, 0.34, 0.33), RGB(0.62, 0.58, 0.55), .mottled(size: 0.35), vary: 0.06)
    figure.add(
      .polygon([
        SIMD2(-1.2, 0), SIMD2(-1.05, random.float(0.4, 0.7)), SIMD2(-0.5, random.float(0.8, 1.1)),
        SIMD2(0.25, random.float(0.95, 1.25)), SIMD2(0.9, random.float(0.5, 0.8)), SIMD2(1.25, 0),
      ]), stone)
    return figure
  }

  mutating func tent(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let cloth = flat(random.pick([RGB(0.9, 0.5, 0.12), RGB(0.15, 0.45, 0.6), RGB(0.55, 0.6, 0.25)]))
    figure.add(.polygon([SIMD2(-1.6, 0), SIMD2(1.6, 0), SIMD2(0.5, 1.7), SIMD2(-0.5, 1.7)]), cloth)
    figure.add(.polygon([SIMD2(-0.9, 0), SIMD2(0.5, 0), SIMD2(-0.4, 1.6)]), flat(cloth.color * 0.55))
    return figure
  }

  mutating func palm(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let bark = paint(RGB(0.46, 0.34, 0.22), RGB(0.3, 0.22, 0.14), .stripes(period: 0.4, direction: SIMD2(0, 1)))
    figure.add(.limb(x0: 0, y0: 0, x1: 0.4, y1: 4.2, radius: 0.22), bark)
    let leaves = paint(RGB(0.1, 0.3, 0.08), RGB(0.3, 0.5, 0.16), .grain(size: 0.2))
    figure.add(.foliage(x: 0.4, y: 4.4, rx: 0.9, ry: 0.7, noise: noise()), leaves)
    for (x, y) in [(-1.5, 3.7), (-1.2, 4.9), (0.5, 5.6), (2.0, 4.9), (2.3, 3.7)] as [(Float, Float)] {
      figure.add(.limb(x0: 0.4, y0: 4.4, x1: x, y1: y, radius: 0.26), leaves)
    }
    return figure
  }

  mutating func bench(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let wood = paint(
      RGB(0.52, 0.34, 0.18), RGB(0.34, 0.21, 0.11), .stripes(period: 0.14, direction: SIMD2(0, 1)))
    figure.add(.box(x0: -0.85, y0: 0, x1: -0.68, y1: 0.5), flat(RGB(0.2, 0.2, 0.2)))
    figure.add(.box(x0: 0.68, y0: 0, x1: 0.85, y1: 0.5), flat(RGB(0.2, 0.2, 0.2)))
    figure.add(.box(x0: -1, y0: 0.36, x1: 1, y1: 1), wood)
    return figure
  }

  mutating func signboard(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let board = flat(random.pick([RGB(0.1, 0.4, 0.25), RGB(0.75, 0.15, 0.15), RGB(0.9, 0.85, 0.3)]))
    figure.add(.box(x0: -0.08, y0: 0, x1: 0.08, y1: 1), flat(RGB(0.4, 0.4, 0.42)))
    figure.add(.box(x0: -0.9, y0: 0.8, x1: 0.9, y1: 1.9), board)
    for y: Float in [1.15, 1.5] {
      figure.add(.box(x0: -0.65, y0: y, x1: 0.65, y1: y + 0.12), flat(RGB(0.95, 0.95, 0.92)))
    }
    return figure
  }

  /// Planks that reach into water.
  mutating func pier(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    figure.add(
      .polygon([SIMD2(-1.2, 0), SIMD2(1.2, 0), SIMD2(0.35, 1.6), SIMD2(-0.35, 1.6)]),
      paint(RGB(0.56, 0.44, 0.3), RGB(0.36, 0.27, 0.18), .stripes(period: 0.16, direction: SIMD2(0, 1))))
    return figure
  }
}
