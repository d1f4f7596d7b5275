extension FigureMaker {
  /// A tree: trunk and crown, or a bush without a trunk.
  mutating func tree(label: UInt8, bush: Bool) -> Figure {
    var figure = Figure(label: label)
    let leaves = paint(RGB(0.1, 0.2, 0.07), RGB(0.34, 0.44, 0.18), .grain(size: 0.16), vary: 0.07)
    if bush {
      let width = random.float(0.6, 1.4)
      figure.add(.foliage(x: 0, y: 0.6, rx: width, ry: random.float(0.6, 1), noise: noise()), leaves)
      return figure
    }
    let top = random.float(4.5, 8)
    let radius = random.float(1.2, 2.4)
    figure.add(
      .limb(x0: 0, y0: 0, x1: random.float(-0.2, 0.2), y1: top - radius, radius: random.float(0.1, 0.2)),
      paint(RGB(0.25, 0.18, 0.12), RGB(0.4, 0.32, 0.25), .grain(size: 0.1)))
    figure.add(.foliage(x: 0, y: top - radius, rx: radius, ry: radius, noise: noise()), leaves)
    figure.add(
      .foliage(
        x: random.float(-0.7, 0.7) * radius, y: top - 1.4 * radius, rx: 0.7 * radius, ry: 0.6 * radius,
        noise: noise()),
      leaves)
    return figure
  }

  mutating func pole(label: UInt8, height: Float, radius: Float) -> Figure {
    var figure = Figure(label: label)
    let metal = flat(random.pick([RGB(0.4, 0.42, 0.43), RGB(0.25, 0.27, 0.26), RGB(0.55, 0.55, 0.52)]))
    figure.add(.box(x0: -radius, y0: 0, x1: radius, y1: height), metal)
    if height > 4.5 {
      figure.add(.limb(x0: 0, y0: height, x1: 1.2, y1: height + 0.2, radius: radius * 0.8), metal)
    }
    return figure
  }

  /// The lamp box only; it hangs on a pole of its own.
  mutating func trafficLight(label: UInt8, bottom: Float) -> Figure {
    var figure = Figure(label: label)
    figure.add(
      .box(x0: -0.24, y0: bottom, x1: 0.24, y1: bottom + 1.15), flat(RGB(0.06, 0.07, 0.07), vary: 0.03))
    let lit = random.below(3)
    let colors = [RGB(0.15, 0.9, 0.45), RGB(0.95, 0.7, 0.15), RGB(0.95, 0.15, 0.12)]
    for (index, color) in colors.enumerated() {
      let shown = index == lit ? color : color * 0.25
      figure.add(
        .ellipse(x: 0, y: bottom + 0.22 + 0.35 * Float(index), rx: 0.15, ry: 0.15), flat(shown, vary: 0.02))
    }
    return figure
  }

  /// The sign only; it stands on a pole of its own.
  mutating func trafficSign(label: UInt8, centre: Float) -> Figure {
    var figure = Figure(label: label)
    let red = flat(RGB(0.78, 0.1, 0.1))
    let white = flat(RGB(0.92, 0.92, 0.9))
    switch random.below(3) {
    case 0:
      figure.add(.ellipse(x: 0, y: centre, rx: 0.42, ry: 0.42), red)
      figure.add(.ellipse(x: 0, y: centre, rx: 0.29, ry: 0.29), white)
    case 1:
      figure.add(
        .polygon([SIMD2(-0.5, centre - 0.4), SIMD2(0.5, centre - 0.4), SIMD2(0, centre + 0.48)]), red)
      figure.add(
        .polygon([SIMD2(-0.28, centre - 0.28), SIMD2(0.28, centre - 0.28), SIMD2(0, centre + 0.24)]), white)
    default:
      figure.add(.box(x0: -0.45, y0: centre - 0.4, x1: 0.45, y1: centre + 0.4), flat(RGB(0.1, 0.25, 0.75)))
      figure.add(.limb(x0: -0.2, y0: centre - 0.15, x1: 0.2, y1: centre + 0.15, radius: 0.08), white)
    }
    return figure
  }

  /// A bin or a box at the roadside: labelled, but of no class.
  mutating func clutter(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    figure.add(
      .box(x0: -0.35, y0: 0, x1: 0.35, y1: random.float(0.8, 1.3)), flat(RGB(0.25, 0.4, 0.3), vary: 0.12))
    figure.add(.box(x0: -0.4, y0: 0.75, x1: 0.4, y1: 0.85), flat(RGB(0.15, 0.15, 0.15)))
    return figure
  }
}
