extension FigureMaker {
  mutating func aeroplane(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let hull = paint(RGB(0.84, 0.85, 0.88), RGB(0.68, 0.7, 0.74), .mottled(size: 4), vary: 0.05)
    let mark = flat(random.pick([RGB(0.15, 0.25, 0.6), RGB(0.7, 0.12, 0.15), RGB(0.1, 0.45, 0.4)]))
    figure.add(.polygon([SIMD2(-5.2, 2), SIMD2(-6.2, 4.4), SIMD2(-5.2, 4.4), SIMD2(-3.6, 2)]), mark)
    figure.add(.polygon([SIMD2(-0.6, 1.9), SIMD2(-2.4, 3.4), SIMD2(-1.7, 3.4), SIMD2(1, 1.9)]), hull)
    figure.add(.limb(x0: -5, y0: 1.6, x1: 5, y1: 1.6, radius: 0.72), hull)
    figure.add(.polygon([SIMD2(4.2, 2.25), SIMD2(6.6, 1.4), SIMD2(4.2, 0.95)]), hull)
    figure.add(.box(x0: -4.8, y0: 1.4, x1: 5.2, y1: 1.6), mark)
    figure.add(
      .polygon([SIMD2(-0.8, 1.5), SIMD2(-3.4, -0.5), SIMD2(-2.4, -0.5), SIMD2(1.6, 1.4)]),
      flat(RGB(0.6, 0.62, 0.66)))
    figure.add(.limb(x0: -0.6, y0: 0.5, x1: 0.2, y1: 0.5, radius: 0.36), flat(RGB(0.35, 0.36, 0.4)))
    return figure
  }

  mutating func boat(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let hull = flat(random.pick([RGB(0.85, 0.85, 0.85), RGB(0.5, 0.25, 0.15), RGB(0.12, 0.2, 0.4)]))
    figure.add(.box(x0: -0.06, y0: 0.9, x1: 0.06, y1: 5.4), flat(RGB(0.45, 0.32, 0.2)))
    let sail = paint(RGB(0.92, 0.9, 0.85), RGB(0.8, 0.78, 0.74), .mottled(size: 1.5))
    figure.add(.polygon([SIMD2(0.2, 1.3), SIMD2(0.2, 5.2), SIMD2(2.2, 1.3)]), sail)
    figure.add(.polygon([SIMD2(-0.2, 1.3), SIMD2(-0.2, 4.6), SIMD2(-1.7, 1.3)]), sail)
    figure.add(.polygon([SIMD2(-2.4, 1), SIMD2(2.9, 1.1), SIMD2(2, 0), SIMD2(-1.9, 0)]), hull)
    figure.add(.box(x0: -2.2, y0: 0.75, x1: 2.6, y1: 0.9), flat(RGB(0.7, 0.15, 0.12)))
    return figure
  }

  mutating func bottle(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let glass = paint(
      random.pick([RGB(0.1, 0.3, 0.14), RGB(0.35, 0.2, 0.08), RGB(0.2, 0.4, 0.5)]), RGB(0.4, 0.55, 0.4),
      .stripes(period: 0.1, direction: SIMD2(1, 0)), vary: 0.04)
    figure.add(.box(x0: -0.09, y0: 0, x1: 0.09, y1: 0.5), glass)
    figure.add(.ellipse(x: 0, y: 0.5, rx: 0.09, ry: 0.12), glass)
    figure.add(.box(x0: -0.035, y0: 0.55, x1: 0.035, y1: 0.8), glass)
    figure.add(.box(x0: -0.042, y0: 0.77, x1: 0.042, y1: 0.83), flat(RGB(0.7, 0.6, 0.3)))
    figure.add(
      .box(x0: -0.09, y0: 0.14, x1: 0.09, y1: 0.38),
      flat(random.pick([RGB(0.9, 0.88, 0.8), RGB(0.75, 0.2, 0.15)])))
    return figure
  }

  private mutating func wood() -> Paint {
    paint(
      RGB(0.5, 0.33, 0.18), RGB(0.38, 0.24, 0.12), .stripes(period: 0.12, direction: SIMD2(0.1, 1)),
      vary: 0.07)
  }

  mutating func chair(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let wood = wood()
    let seat = random.chance(0.5) ? flat(varied()) : wood
    for x: Float in [-0.24, -0.12, 0.16, 0.27] {
      figure.add(.box(x0: x - 0.03, y0: 0, x1: x + 0.03, y1: 0.48), wood)
    }
    figure.add(.polygon([SIMD2(-0.3, 0.44), SIMD2(0.3, 0.44), SIMD2(0.22, 0.58), SIMD2(-0.24, 0.58)]), seat)
    figure.add(.box(x0: -0.27, y0: 0.5, x1: -0.2, y1: 1.1), wood)
    figure.add(.box(x0: 0.14, y0: 0.5, x1: 0.21, y1: 1.1), wood)
    figure.add(.box(x0: -0.24, y0: 0.74, x1: 0.18, y1: 1.06), seat)
    return figure
  }

  mutating func diningTable(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let wood = wood()
    let cloth = random.chance(0.5) ? flat(RGB(0.86, 0.84, 0.8)) : wood
    for x: Float in [-0.85, -0.6, 0.6, 0.85] {
      figure.add(.box(x0: x - 0.045, y0: 0, x1: x + 0.045, y1: 0.72), wood)
    }
    figure.add(.polygon([SIMD2(-1, 0.72), SIMD2(1, 0.72), SIMD2(0.78, 1.02), SIMD2(-0.78, 1.02)]), cloth)
    figure.add(.box(x0: -1, y0: 0.62, x1: 1, y1: 0.73), wood)
    figure.add(.ellipse(x: -0.3, y: 0.87, rx: 0.2, ry: 0.06), flat(RGB(0.92, 0.92, 0.95)))
    figure.add(.ellipse(x: 0.35, y: 0.89, rx: 0.18, ry: 0.055), flat(RGB(0.3, 0.45, 0.65)))
    return figure
  }

  mutating func pottedPlant(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let leaves = paint(RGB(0.08, 0.24, 0.08), RGB(0.28, 0.5, 0.16), .grain(size: 0.05))
    figure.add(.foliage(x: 0, y: 0.62, rx: 0.26, ry: 0.26, noise: noise()), leaves)
    for _ in 0..<4 {
      figure.add(
        .limb(x0: 0, y0: 0.3, x1: random.float(-0.38, 0.38), y1: random.float(0.55, 0.95), radius: 0.035),
        leaves)
    }
    figure.add(
      .polygon([SIMD2(-0.2, 0.34), SIMD2(0.2, 0.34), SIMD2(0.14, 0), SIMD2(-0.14, 0)]),
      flat(random.pick([RGB(0.68, 0.35, 0.2), RGB(0.8, 0.78, 0.74)])))
    figure.add(.box(x0: -0.23, y0: 0.3, x1: 0.23, y1: 0.38), flat(RGB(0.6, 0.3, 0.18)))
    return figure
  }

  mutating func sofa(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let cloth = paint(
      random.pick([RGB(0.5, 0.15, 0.18), RGB(0.25, 0.32, 0.45), RGB(0.6, 0.52, 0.4)]), RGB(0.4, 0.3, 0.28),
      .mottled(size: 0.3), vary: 0.05)
    figure.add(.limb(x0: -0.75, y0: 0.68, x1: 0.75, y1: 0.68, radius: 0.22), cloth)
    figure.add(.box(x0: -0.9, y0: 0.1, x1: 0.9, y1: 0.7), cloth)
    let cushion = flat(cloth.color * 1.2)
    figure.add(.limb(x0: -0.6, y0: 0.44, x1: -0.12, y1: 0.44, radius: 0.1), cushion)
    figure.add(.limb(x0: 0.12, y0: 0.44, x1: 0.6, y1: 0.44, radius: 0.1), cushion)
    figure.add(.limb(x0: -0.92, y0: 0.16, x1: -0.92, y1: 0.55, radius: 0.14), cloth)
    figure.add(.limb(x0: 0.92, y0: 0.16, x1: 0.92, y1: 0.55, radius: 0.14), cloth)
    figure.add(.box(x0: -0.9, y0: 0, x1: -0.8, y1: 0.1), wood())
    figure.add(.box(x0: 0.8, y0: 0, x1: 0.9, y1: 0.1), wood())
    return figure
  }

  mutating func tvMonitor(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let frame = flat(RGB(0.07, 0.07, 0.08), vary: 0.04)
    figure.add(.box(x0: -0.06, y0: 0.04, x1: 0.06, y1: 0.2), frame)
    figure.add(.box(x0: -0.2, y0: 0, x1: 0.2, y1: 0.05), frame)
    figure.add(.box(x0: -0.45, y0: 0.16, x1: 0.45, y1: 0.72), frame)
    let picture = paint(
      random.pick([RGB(0.15, 0.35, 0.75), RGB(0.1, 0.12, 0.15), RGB(0.3, 0.55, 0.4)]), RGB(0.65, 0.72, 0.8),
      .mottled(size: 0.35), vary: 0.08)
    figure.add(.box(x0: -0.4, y0: 0.22, x1: 0.4, y1: 0.67), picture)
    return figure
  }
}
