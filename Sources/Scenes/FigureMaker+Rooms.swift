extension FigureMaker {
  private mutating func wood(dark: Bool = false) -> Paint {
    paint(
      dark ? RGB(0.3, 0.18, 0.1) : RGB(0.56, 0.38, 0.21), dark ? RGB(0.22, 0.13, 0.07) : RGB(0.44, 0.28, 0.15),
      .stripes(period: 0.15, direction: SIMD2(1, 0.1)), vary: 0.06)
  }

  /// From its foot end.
  mutating func bed(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let wood = wood()
    figure.add(.box(x0: -1, y0: 0.3, x1: 1, y1: 1.25), wood)
    let pillow = flat(RGB(0.92, 0.91, 0.88), vary: 0.03)
    figure.add(.ellipse(x: -0.45, y: 0.95, rx: 0.4, ry: 0.18), pillow)
    figure.add(.ellipse(x: 0.45, y: 0.95, rx: 0.4, ry: 0.18), pillow)
    let blanket = paint(
      random.pick([RGB(0.3, 0.4, 0.62), RGB(0.7, 0.3, 0.3), RGB(0.84, 0.8, 0.72)]), RGB(0.6, 0.58, 0.6),
      .cells(width: 0.3, height: 0.3, fill: 0.5))
    figure.add(.polygon([SIMD2(-1.15, 0.3), SIMD2(1.15, 0.3), SIMD2(0.98, 0.88), SIMD2(-0.98, 0.88)]), blanket)
    figure.add(.box(x0: -1.15, y0: 0, x1: 1.15, y1: 0.34), flat(blanket.color * 0.75))
    return figure
  }

  mutating func armchair(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let cloth = paint(
      random.pick([RGB(0.55, 0.42, 0.25), RGB(0.2, 0.42, 0.36), RGB(0.42, 0.2, 0.3)]), RGB(0.4, 0.32, 0.24),
      .mottled(size: 0.25))
    figure.add(.limb(x0: -0.2, y0: 0.9, x1: 0.2, y1: 0.9, radius: 0.22), cloth)
    figure.add(.box(x0: -0.42, y0: 0.08, x1: 0.42, y1: 0.95), cloth)
    figure.add(.limb(x0: -0.2, y0: 0.46, x1: 0.2, y1: 0.46, radius: 0.11), flat(cloth.color * 1.25))
    figure.add(.limb(x0: -0.46, y0: 0.14, x1: -0.46, y1: 0.58, radius: 0.13), cloth)
    figure.add(.limb(x0: 0.46, y0: 0.14, x1: 0.46, y1: 0.58, radius: 0.13), cloth)
    return figure
  }

  /// Low, with a solid front.
  mutating func coffeeTable(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let wood = wood(dark: random.chance(0.5))
    figure.add(.box(x0: -0.75, y0: 0, x1: 0.75, y1: 0.34), flat(wood.second * 0.8))
    figure.add(.polygon([SIMD2(-0.9, 0.34), SIMD2(0.9, 0.34), SIMD2(0.68, 0.66), SIMD2(-0.68, 0.66)]), wood)
    figure.add(.ellipse(x: 0.1, y: 0.5, rx: 0.2, ry: 0.07), flat(RGB(0.85, 0.85, 0.88)))
    return figure
  }

  /// A cupboard of doors above drawers.
  mutating func cupboard(label: UInt8, width: Float, height: Float, doors: Int, drawers: Int) -> Figure {
    var figure = Figure(label: label)
    let wood = random.chance(0.3) ? flat(RGB(0.86, 0.85, 0.82)) : wood(dark: random.chance(0.4))
    let (line, knob) = (flat(wood.second * 0.55, vary: 0.01), flat(RGB(0.8, 0.72, 0.45)))
    figure.add(.box(x0: -width / 2, y0: 0, x1: width / 2, y1: height), wood)
    let split = doors == 0 ? height : drawers == 0 ? 0.05 : height * 0.3
    for drawer in 0..<drawers {
      let top = split * Float(drawer + 1) / Float(drawers)
      figure.add(.box(x0: -width / 2 + 0.03, y0: top - 0.04, x1: width / 2 - 0.03, y1: top - 0.01), line)
      let middle = top - split / Float(drawers) / 2
      figure.add(.ellipse(x: -width / 4, y: middle, rx: 0.04, ry: 0.03), knob)
      figure.add(.ellipse(x: width / 4, y: middle, rx: 0.04, ry: 0.03), knob)
    }
    for door in 0..<doors {
      let left = -width / 2 + width * Float(door) / Float(doors)
      figure.add(.box(x0: left - 0.015, y0: split, x1: left + 0.015, y1: height), line)
      figure.add(.ellipse(x: left + 0.09, y: (split + height) / 2, rx: 0.03, ry: 0.05), knob)
    }
    return figure
  }

  mutating func refrigerator(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let metal = flat(random.pick([RGB(0.88, 0.89, 0.9), RGB(0.6, 0.62, 0.64)]), vary: 0.03)
    let dark = flat(RGB(0.25, 0.26, 0.28))
    figure.add(.box(x0: -0.42, y0: 0, x1: 0.42, y1: 1.75), metal)
    figure.add(.box(x0: -0.42, y0: 1.16, x1: 0.42, y1: 1.19), dark)
    figure.add(.box(x0: 0.3, y0: 0.7, x1: 0.35, y1: 1.08), dark)
    figure.add(.box(x0: 0.3, y0: 1.27, x1: 0.35, y1: 1.5), dark)
    return figure
  }

  mutating func stove(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let metal = flat(random.pick([RGB(0.8, 0.8, 0.8), RGB(0.3, 0.3, 0.32)]), vary: 0.04)
    figure.add(.box(x0: -0.42, y0: 0, x1: 0.42, y1: 0.95), metal)
    figure.add(.box(x0: -0.42, y0: 0.78, x1: 0.42, y1: 0.95), flat(RGB(0.12, 0.12, 0.13)))
    for x: Float in [-0.28, -0.1, 0.1, 0.28] {
      figure.add(.ellipse(x: x, y: 0.86, rx: 0.05, ry: 0.04), flat(RGB(0.8, 0.3, 0.2)))
    }
    figure.add(.box(x0: -0.3, y0: 0.16, x1: 0.3, y1: 0.6), flat(RGB(0.1, 0.08, 0.08)))
    figure.add(.box(x0: -0.3, y0: 0.65, x1: 0.3, y1: 0.69), flat(RGB(0.6, 0.6, 0.62)))
    return figure
  }

  mutating func shelves(label: UInt8, books: Bool) -> Figure {
    var figure = Figure(label: label)
    let wood = wood(dark: books)
    let height: Float = books ? 1.9 : 1.3
    figure.add(.box(x0: -0.8, y0: 0, x1: 0.8, y1: height), wood)
    let rows = books ? 4 : 3
    for row in 0..<rows {
      let bottom = height * Float(row) / Float(rows) + 0.06
      let top = height * Float(row + 1) / Float(rows) - 0.04
      let content =
        books
        ? paint(
          random.pick([RGB(0.6, 0.2, 0.16), RGB(0.2, 0.3, 0.5), RGB(0.7, 0.6, 0.4)]), RGB(0.24, 0.36, 0.26),
          .stripes(period: 0.16, direction: SIMD2(1, 0)))
        : paint(RGB(0.86, 0.84, 0.8), RGB(0.4, 0.5, 0.6), .patches(size: 0.25, threshold: 0.55))
      figure.add(.box(x0: -0.72, y0: bottom, x1: 0.72, y1: top), content)
    }
    return figure
  }

  mutating func window(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    figure.add(.box(x0: -0.8, y0: 0, x1: 0.8, y1: 1.2), flat(RGB(0.93, 0.92, 0.9), vary: 0.03))
    let glass = paint(
      random.pick([RGB(0.7, 0.85, 0.98), RGB(0.1, 0.12, 0.22), RGB(0.5, 0.66, 0.5)]), RGB(0.85, 0.92, 0.98),
      .mottled(size: 0.7))
    for x: Float in [-0.74, 0.04] {
      figure.add(.box(x0: x, y0: 0.06, x1: x + 0.7, y1: 0.56), glass)
      figure.add(.box(x0: x, y0: 0.62, x1: x + 0.7, y1: 1.14), glass)
    }
    return figure
  }

  mutating func painting(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let (half, height) = (random.float(0.5, 0.9), random.float(0.8, 1.1))
    figure.add(.box(x0: -half, y0: 0, x1: half, y1: height), flat(RGB(0.62, 0.48, 0.2), vary: 0.1))
    let canvas = paint(varied(), varied(), .patches(size: 0.4, threshold: 0.5), vary: 0.1)
    figure.add(.box(x0: -half + 0.08, y0: 0.08, x1: half - 0.08, y1: height - 0.08), canvas)
    figure.add(
      .ellipse(x: 0, y: height / 2, rx: half * 0.4, ry: height * 0.25), flat(varied(), vary: 0.1))
    return figure
  }

  mutating func mirror(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    figure.add(.ellipse(x: 0, y: 0.6, rx: 0.6, ry: 0.6), flat(RGB(0.4, 0.26, 0.12), vary: 0.08))
    figure.add(
      .ellipse(x: 0, y: 0.6, rx: 0.52, ry: 0.52),
      paint(
        RGB(0.78, 0.84, 0.86), RGB(0.56, 0.62, 0.66), .stripes(period: 0.5, direction: SIMD2(0.7, 0.7))))
    return figure
  }

  mutating func door(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let wood = random.chance(0.4) ? flat(RGB(0.88, 0.87, 0.84)) : wood(dark: true)
    figure.add(.box(x0: -0.48, y0: 0, x1: 0.48, y1: 2), wood)
    let panel = flat(wood.color * 0.8, vary: 0.02)
    for y: Float in [0.2, 1.1] {
      figure.add(.box(x0: -0.34, y0: y, x1: -0.06, y1: y + 0.7), panel)
      figure.add(.box(x0: 0.06, y0: y, x1: 0.34, y1: y + 0.7), panel)
    }
    figure.add(.ellipse(x: 0.4, y: 1, rx: 0.05, ry: 0.05), flat(RGB(0.85, 0.75, 0.4)))
    return figure
  }

  mutating func curtain(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let cloth = paint(
      random.pick([RGB(0.66, 0.3, 0.24), RGB(0.7, 0.66, 0.5), RGB(0.3, 0.42, 0.56)]), RGB(0.42, 0.26, 0.22),
      .stripes(period: 0.2, direction: SIMD2(1, 0)))
    figure.add(
      .polygon([
        SIMD2(-0.75, 0), SIMD2(0.75, 0), SIMD2(0.65, 0.9), SIMD2(0.75, 1.8), SIMD2(-0.75, 1.8),
        SIMD2(-0.65, 0.9),
      ]), cloth)
    return figure
  }

  /// A floor lamp with a large shade.
  mutating func lamp(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let metal = flat(RGB(0.2, 0.18, 0.16))
    figure.add(.box(x0: -0.05, y0: 0, x1: 0.05, y1: 1), metal)
    figure.add(.ellipse(x: 0, y: 0.06, rx: 0.24, ry: 0.07), metal)
    figure.add(
      .polygon([SIMD2(-0.42, 0.85), SIMD2(0.42, 0.85), SIMD2(0.24, 1.45), SIMD2(-0.24, 1.45)]),
      flat(RGB(0.98, 0.88, 0.6), vary: 0.05))
    return figure
  }

  mutating func fireplace(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    figure.add(
      .box(x0: -0.9, y0: 0, x1: 0.9, y1: 1.3),
      paint(RGB(0.56, 0.26, 0.2), RGB(0.74, 0.7, 0.66), .bricks(width: 0.3, height: 0.14)))
    figure.add(.box(x0: -1, y0: 1.14, x1: 1, y1: 1.3), flat(RGB(0.9, 0.88, 0.84)))
    figure.add(.box(x0: -0.5, y0: 0, x1: 0.5, y1: 0.8), flat(RGB(0.06, 0.05, 0.05), vary: 0.02))
    figure.add(.polygon([SIMD2(-0.34, 0), SIMD2(0.34, 0), SIMD2(0.05, 0.5)]), flat(RGB(0.95, 0.5, 0.12)))
    return figure
  }

  mutating func bathtub(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let white = flat(RGB(0.93, 0.94, 0.95), vary: 0.03)
    figure.add(.limb(x0: -0.6, y0: 0.4, x1: 0.6, y1: 0.4, radius: 0.38), white)
    figure.add(.box(x0: -1, y0: 0.42, x1: 1, y1: 0.78), white)
    figure.add(.ellipse(x: 0, y: 0.72, rx: 0.88, ry: 0.12), flat(RGB(0.55, 0.78, 0.84)))
    return figure
  }

  mutating func box(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let card = flat(RGB(0.72, 0.54, 0.34), vary: 0.05)
    figure.add(.box(x0: -0.5, y0: 0, x1: 0.5, y1: 0.7), card)
    figure.add(.polygon([SIMD2(-0.5, 0.7), SIMD2(0.5, 0.7), SIMD2(0.34, 0.95), SIMD2(-0.34, 0.95)]),
      flat(card.color * 1.15))
    figure.add(.box(x0: -0.06, y0: 0, x1: 0.06, y1: 0.7), flat(RGB(0.85, 0.78, 0.6)))
    return figure
  }
}
