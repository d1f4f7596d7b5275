extension FigureMaker {
  private mutating func tyre() -> Paint { flat(RGB(0.07, 0.07, 0.08), vary: 0.02) }

  private mutating func glass() -> Paint {
    paint(RGB(0.16, 0.2, 0.25), RGB(0.42, 0.5, 0.58), .mottled(size: 1.2), vary: 0.04)
  }

  /// A disc of tyre with a lighter hub.
  private mutating func wheel(_ figure: inout Figure, _ x: Float, _ radius: Float) {
    figure.add(.ellipse(x: x, y: radius, rx: radius, ry: radius), tyre())
    figure.add(.ellipse(x: x, y: radius, rx: radius / 2, ry: radius / 2), flat(RGB(0.5, 0.5, 0.52)))
  }

  /// A car from the side, about 4.2 m long.
  mutating func carFromSide(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let body = flat(varied(), vary: 0.05)
    let half = random.float(1.9, 2.3)
    let roof = random.float(1.38, 1.55)
    figure.add(
      .polygon([
        SIMD2(-half * 0.75, 0.85), SIMD2(-half * 0.5, roof), SIMD2(half * 0.3, roof),
        SIMD2(half * 0.62, 0.85),
      ]), body)
    figure.add(
      .polygon([
        SIMD2(-half * 0.64, 0.9), SIMD2(-half * 0.46, roof - 0.09), SIMD2(half * 0.26, roof - 0.09),
        SIMD2(half * 0.5, 0.9),
      ]), glass())
    figure.add(.box(x0: -half * 0.1, y0: 0.85, x1: -half * 0.05, y1: roof - 0.05), body)
    figure.add(.limb(x0: -half + 0.3, y0: 0.6, x1: half - 0.3, y1: 0.6, radius: 0.3), body)
    figure.add(.box(x0: -half + 0.1, y0: 0.25, x1: half - 0.1, y1: 0.5), body)
    figure.add(.ellipse(x: half - 0.12, y: 0.66, rx: 0.12, ry: 0.08), flat(RGB(0.9, 0.85, 0.6)))
    figure.add(.ellipse(x: -half + 0.1, y: 0.68, rx: 0.09, ry: 0.1), flat(RGB(0.6, 0.08, 0.08)))
    wheel(&figure, -half * 0.6, 0.32)
    wheel(&figure, half * 0.6, 0.32)
    return figure
  }

  /// A car from behind, about 1.8 m wide.
  mutating func carFromBehind(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let body = flat(varied(), vary: 0.05)
    let half = random.float(0.82, 0.95)
    let roof = random.float(1.4, 1.75)
    figure.add(.box(x0: -half + 0.05, y0: 0, x1: -half + 0.3, y1: 0.5), tyre())
    figure.add(.box(x0: half - 0.3, y0: 0, x1: half - 0.05, y1: 0.5), tyre())
    figure.add(
      .polygon([
        SIMD2(-half, 0.8), SIMD2(-half * 0.72, roof), SIMD2(half * 0.72, roof), SIMD2(half, 0.8),
      ]), body)
    figure.add(
      .polygon([
        SIMD2(-half * 0.82, 0.92), SIMD2(-half * 0.64, roof - 0.1), SIMD2(half * 0.64, roof - 0.1),
        SIMD2(half * 0.82, 0.92),
      ]), glass())
    figure.add(.box(x0: -half, y0: 0.25, x1: half, y1: 0.88), body)
    let lamp = random.chance(0.6) ? RGB(0.65, 0.06, 0.06) : RGB(0.92, 0.9, 0.75)
    figure.add(.box(x0: -half + 0.03, y0: 0.62, x1: -half + 0.32, y1: 0.82), flat(lamp))
    figure.add(.box(x0: half - 0.32, y0: 0.62, x1: half - 0.03, y1: 0.82), flat(lamp))
    figure.add(.box(x0: -0.26, y0: 0.4, x1: 0.26, y1: 0.54), flat(RGB(0.85, 0.85, 0.8)))
    return figure
  }

  /// A city bus: a tall box with a band of windows.
  mutating func bus(label: UInt8, fromSide: Bool) -> Figure {
    var figure = Figure(label: label)
    let body = flat(random.pick([RGB(0.85, 0.7, 0.15), RGB(0.75, 0.15, 0.12), RGB(0.88, 0.85, 0.78)]))
    let half: Float = fromSide ? random.float(4.2, 5.2) : 1.25
    figure.add(.box(x0: -half, y0: 0.35, x1: half, y1: 3), body)
    if fromSide {
      wheel(&figure, -half * 0.62, 0.48)
      wheel(&figure, half * 0.66, 0.48)
      let windows = glass()
      var x = -half + 0.3
      while x + 1.1 < half {
        figure.add(.box(x0: x, y0: 1.35, x1: x + 1.1, y1: 2.5), windows)
        x += 1.3
      }
    } else {
      figure.add(.box(x0: -half + 0.15, y0: 0, x1: -half + 0.5, y1: 0.5), tyre())
      figure.add(.box(x0: half - 0.5, y0: 0, x1: half - 0.15, y1: 0.5), tyre())
      figure.add(.box(x0: -half + 0.14, y0: 1.25, x1: half - 0.14, y1: 2.45), glass())
      figure.add(.box(x0: -0.7, y0: 2.6, x1: 0.7, y1: 2.9), flat(RGB(0.95, 0.6, 0.1)))
      figure.add(.box(x0: -half + 0.1, y0: 0.6, x1: -half + 0.4, y1: 0.85), flat(RGB(0.9, 0.88, 0.7)))
      figure.add(.box(x0: half - 0.4, y0: 0.6, x1: half - 0.1, y1: 0.85), flat(RGB(0.9, 0.88, 0.7)))
    }
    return figure
  }

  /// A lorry: a plain, often ribbed box with a cab.
  mutating func truck(label: UInt8, fromSide: Bool) -> Figure {
    var figure = Figure(label: label)
    let box = paint(
      random.pick([RGB(0.8, 0.8, 0.78), RGB(0.3, 0.42, 0.55), RGB(0.55, 0.4, 0.25)]), RGB(0.55, 0.55, 0.55),
      .stripes(period: 0.5, direction: SIMD2(1, 0)))
    if fromSide {
      let length = random.float(5, 6.5)
      figure.add(.box(x0: -length / 2, y0: 0.9, x1: length / 2 - 1.7, y1: random.float(3, 3.5)), box)
      figure.add(.box(x0: -length / 2, y0: 0.6, x1: length / 2, y1: 0.92), flat(RGB(0.15, 0.15, 0.16)))
      let cab = flat(varied())
      figure.add(.box(x0: length / 2 - 1.6, y0: 0.6, x1: length / 2, y1: 2.6), cab)
      figure.add(.box(x0: length / 2 - 1.1, y0: 1.6, x1: length / 2 - 0.1, y1: 2.4), glass())
      wheel(&figure, -length * 0.36, 0.5)
      wheel(&figure, -length * 0.18, 0.5)
      wheel(&figure, length * 0.36, 0.5)
    } else {
      figure.add(.box(x0: -1.1, y0: 0, x1: -0.7, y1: 0.8), tyre())
      figure.add(.box(x0: 0.7, y0: 0, x1: 1.1, y1: 0.8), tyre())
      figure.add(.box(x0: -1.25, y0: 0.75, x1: 1.25, y1: 3.3), box)
      figure.add(.box(x0: -0.02, y0: 0.8, x1: 0.02, y1: 3.2), flat(RGB(0.2, 0.2, 0.2)))
      figure.add(.box(x0: -1.25, y0: 0.55, x1: 1.25, y1: 0.78), flat(RGB(0.12, 0.12, 0.13)))
      figure.add(.box(x0: -1.2, y0: 0.6, x1: -0.9, y1: 0.74), flat(RGB(0.65, 0.08, 0.08)))
      figure.add(.box(x0: 0.9, y0: 0.6, x1: 1.2, y1: 0.74), flat(RGB(0.65, 0.08, 0.08)))
    }
    return figure
  }

  /// A tram or railway carriage: long, striped, windows in a row, hardly any wheels.
  mutating func train(label: UInt8, fromSide: Bool) -> Figure {
    var figure = Figure(label: label)
    let color = random.pick([RGB(0.72, 0.74, 0.78), RGB(0.2, 0.45, 0.35), RGB(0.25, 0.35, 0.6)])
    let half: Float = fromSide ? random.float(6, 8) : 1.3
    figure.add(.box(x0: -half, y0: 0.1, x1: half, y1: 0.5), flat(RGB(0.12, 0.12, 0.13)))
    figure.add(.limb(x0: -half + 0.5, y0: 2.7, x1: half - 0.5, y1: 2.7, radius: 0.5), flat(color))
    figure.add(.box(x0: -half, y0: 0.45, x1: half, y1: 2.8), flat(color))
    figure.add(.box(x0: -half, y0: 0.95, x1: half, y1: 1.25), flat(RGB(0.75, 0.12, 0.12)))
    let windows = glass()
    if fromSide {
      var x = -half + 0.4
      while x + 1.4 < half {
        figure.add(.box(x0: x, y0: 1.5, x1: x + 1.4, y1: 2.55), windows)
        x += 1.7
      }
    } else {
      figure.add(.box(x0: -half + 0.2, y0: 1.45, x1: half - 0.2, y1: 2.6), windows)
      figure.add(.ellipse(x: -0.8, y: 0.75, rx: 0.16, ry: 0.16), flat(RGB(0.95, 0.92, 0.75)))
      figure.add(.ellipse(x: 0.8, y: 0.75, rx: 0.16, ry: 0.16), flat(RGB(0.95, 0.92, 0.75)))
    }
    return figure
  }

  /// A bicycle from the side: thin tubes, wheels seen through but labelled whole.
  mutating func bicycle(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let frame = flat(varied(), vary: 0.1)
    let tyre = tyre()
    for x: Float in [-0.55, 0.55] {
      figure.add(.ellipse(x: x, y: 0.35, rx: 0.35, ry: 0.35), nil)
      figure.add(.ring(x: x, y: 0.35, radius: 0.36, width: 0.075), tyre)
    }
    figure.add(.polygon([SIMD2(-0.5, 0.35), SIMD2(-0.15, 0.85), SIMD2(0.4, 0.85), SIMD2(0.0, 0.3)]), nil)
    for (x0, y0, x1, y1) in [
      (-0.55, 0.35, -0.15, 0.8), (-0.55, 0.35, 0, 0.32), (0, 0.32, -0.18, 0.95), (0, 0.32, 0.42, 0.85),
      (-0.15, 0.8, 0.42, 0.85), (0.55, 0.35, 0.38, 1.02), (0.3, 1.04, 0.5, 1),
    ] as [(Float, Float, Float, Float)] {
      figure.add(.limb(x0: x0, y0: y0, x1: x1, y1: y1, radius: 0.045), frame)
    }
    figure.add(.limb(x0: -0.28, y0: 0.98, x1: -0.08, y1: 0.98, radius: 0.05), tyre)
    return figure
  }

  /// A motorcycle from the side: solid, dark, with a bright tank.
  mutating func motorcycle(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let metal = paint(RGB(0.2, 0.2, 0.22), RGB(0.6, 0.6, 0.62), .mottled(size: 0.15))
    for x: Float in [-0.68, 0.68] {
      figure.add(.ellipse(x: x, y: 0.32, rx: 0.33, ry: 0.33), tyre())
      figure.add(.ellipse(x: x, y: 0.32, rx: 0.18, ry: 0.18), metal)
    }
    figure.add(.box(x0: -0.45, y0: 0.22, x1: 0.4, y1: 0.6), metal)
    figure.add(.limb(x0: 0.66, y0: 0.34, x1: 0.42, y1: 1, radius: 0.06), metal)
    let tank = flat(random.pick([RGB(0.75, 0.1, 0.1), RGB(0.1, 0.25, 0.7), RGB(0.1, 0.1, 0.1)]))
    figure.add(.ellipse(x: 0.12, y: 0.76, rx: 0.32, ry: 0.17), tank)
    figure.add(.limb(x0: -0.7, y0: 0.78, x1: -0.1, y1: 0.74, radius: 0.09), flat(RGB(0.1, 0.09, 0.09)))
    figure.add(.limb(x0: 0.3, y0: 1.05, x1: 0.5, y1: 1, radius: 0.05), metal)
    return figure
  }
}
