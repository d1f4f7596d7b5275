extension FigureMaker {
  /// Body, four legs, neck and head of a grazing or standing animal facing right, about `length` long.
  private mutating func quadruped(
    label: UInt8, coat: Paint, length: Float, legs: Float, girth: Float, neck: SIMD2<Float>,
    head: SIMD2<Float>,
    headSize: Float, tail: SIMD2<Float>, legWidth: Float
  ) -> Figure {
    var figure = Figure(label: label)
    let half = length / 2
    let back = legs + girth
    let swing = random.float(-0.08, 0.08) * length
    for (x, lean) in [(-0.85, 1), (-0.6, -0.6), (0.6, 0.8), (0.85, -1)] as [(Float, Float)] {
      figure.add(
        .limb(
          x0: x * half, y0: legs + 0.3 * girth, x1: x * half + swing * lean, y1: legWidth, radius: legWidth),
        coat)
    }
    figure.add(
      .limb(x0: -half, y0: back - 0.2 * girth, x1: -half + tail.x, y1: back + tail.y, radius: legWidth * 0.6),
      coat)
    figure.add(
      .limb(
        x0: -half * 0.75, y0: legs + girth / 2, x1: half * 0.75, y1: legs + girth / 2, radius: girth / 2),
      coat)
    let face = SIMD2(half + head.x, back + head.y)
    figure.add(
      .limb(
        x0: half * 0.75, y0: back - girth * 0.3, x1: half + neck.x, y1: back + neck.y,
        radius: headSize * 0.8),
      coat)
    figure.add(
      .limb(x0: half + neck.x, y0: back + neck.y, x1: face.x, y1: face.y, radius: headSize * 0.75), coat)
    figure.add(.ellipse(x: half + neck.x, y: back + neck.y, rx: headSize, ry: headSize), coat)
    figure.add(
      .ellipse(x: half + neck.x + headSize * 0.3, y: back + neck.y + headSize * 0.25, rx: 0.04, ry: 0.04),
      flat(RGB(0.05, 0.04, 0.04), vary: 0.02))
    return figure
  }

  mutating func dog(label: UInt8) -> Figure {
    let coat = paint(
      random.pick([RGB(0.55, 0.38, 0.2), RGB(0.16, 0.13, 0.12), RGB(0.78, 0.7, 0.58)]), RGB(0.62, 0.5, 0.36),
      .patches(size: 0.3, threshold: 0.6))
    var figure = quadruped(
      label: label, coat: coat, length: 0.8, legs: 0.34, girth: 0.27, neck: SIMD2(0.12, 0.16),
      head: SIMD2(0.3, 0.08), headSize: 0.12, tail: SIMD2(-0.2, 0.2), legWidth: 0.045)
    figure.add(.limb(x0: 0.46, y0: 0.84, x1: 0.42, y1: 0.66, radius: 0.05), flat(RGB(0.2, 0.14, 0.1)))
    return figure
  }

  mutating func horse(label: UInt8) -> Figure {
    let coat = paint(RGB(0.4, 0.23, 0.12), RGB(0.3, 0.16, 0.08), .mottled(size: 0.6), vary: 0.08)
    var figure = quadruped(
      label: label, coat: coat, length: 1.7, legs: 0.9, girth: 0.55, neck: SIMD2(0.3, 0.5),
      head: SIMD2(0.62, 0.28), headSize: 0.17, tail: SIMD2(-0.2, -0.6), legWidth: 0.075)
    figure.add(.limb(x0: 0.68, y0: 1.42, x1: 1.05, y1: 2.1, radius: 0.08), flat(RGB(0.1, 0.07, 0.05)))
    return figure
  }

  mutating func cow(label: UInt8) -> Figure {
    let coat = paint(
      RGB(0.88, 0.86, 0.82), RGB(0.12, 0.1, 0.1), .patches(size: 0.55, threshold: 0.52), vary: 0.05)
    var figure = quadruped(
      label: label, coat: coat, length: 1.8, legs: 0.62, girth: 0.72, neck: SIMD2(0.22, 0.02),
      head: SIMD2(0.5, -0.12), headSize: 0.2, tail: SIMD2(-0.08, -0.75), legWidth: 0.085)
    figure.add(.limb(x0: 1.08, y0: 1.5, x1: 1.16, y1: 1.66, radius: 0.035), flat(RGB(0.8, 0.75, 0.6)))
    figure.add(.ellipse(x: 1.42, y: 1.2, rx: 0.12, ry: 0.11), flat(RGB(0.75, 0.5, 0.48)))
    return figure
  }

  mutating func sheep(label: UInt8) -> Figure {
    let wool = paint(RGB(0.9, 0.88, 0.82), RGB(0.62, 0.59, 0.53), .grain(size: 0.07), vary: 0.05)
    var figure = Figure(label: label)
    let dark = flat(RGB(0.14, 0.12, 0.11), vary: 0.06)
    for x: Float in [-0.38, -0.24, 0.24, 0.38] {
      figure.add(.limb(x0: x, y0: 0.4, x1: x, y1: 0.05, radius: 0.05), dark)
    }
    figure.add(.ellipse(x: 0.62, y: 0.72, rx: 0.19, ry: 0.13), dark)
    figure.add(.foliage(x: 0, y: 0.62, rx: 0.54, ry: 0.36, noise: noise()), wool)
    figure.add(.ellipse(x: 0.5, y: 0.84, rx: 0.14, ry: 0.1), wool)
    return figure
  }

  /// Sitting, facing the viewer.
  mutating func cat(label: UInt8) -> Figure {
    let coat = paint(
      random.pick([RGB(0.72, 0.45, 0.18), RGB(0.48, 0.46, 0.44), RGB(0.2, 0.18, 0.18)]),
      RGB(0.32, 0.24, 0.16),
      .stripes(period: 0.09, direction: SIMD2(0.3, 0.95)), vary: 0.05)
    var figure = Figure(label: label)
    figure.add(.limb(x0: 0.18, y0: 0.08, x1: 0.42, y1: random.float(0.08, 0.4), radius: 0.045), coat)
    figure.add(.ellipse(x: 0, y: 0.22, rx: 0.24, ry: 0.24), coat)
    figure.add(.ellipse(x: 0, y: 0.4, rx: 0.16, ry: 0.22), coat)
    figure.add(.polygon([SIMD2(-0.16, 0.66), SIMD2(-0.15, 0.87), SIMD2(-0.03, 0.76)]), coat)
    figure.add(.polygon([SIMD2(0.16, 0.66), SIMD2(0.15, 0.87), SIMD2(0.03, 0.76)]), coat)
    figure.add(.ellipse(x: 0, y: 0.66, rx: 0.17, ry: 0.14), coat)
    for x: Float in [-0.07, 0.07] {
      figure.add(.ellipse(x: x, y: 0.69, rx: 0.032, ry: 0.03), flat(RGB(0.75, 0.8, 0.3)))
      figure.add(.limb(x0: x, y0: 0.35, x1: x, y1: 0.05, radius: 0.05), coat)
    }
    return figure
  }

  mutating func bird(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let feathers = paint(
      random.pick([RGB(0.2, 0.35, 0.65), RGB(0.65, 0.2, 0.15), RGB(0.15, 0.15, 0.17)]), RGB(0.85, 0.82, 0.75),
      .patches(size: 0.25, threshold: 0.62))
    let dark = flat(RGB(0.12, 0.12, 0.13), vary: 0.04)
    if random.chance(0.5) {
      figure.add(.polygon([SIMD2(-0.3, 0.32), SIMD2(-0.72, 0.22), SIMD2(-0.68, 0.42)]), feathers)
      let lift = random.float(0.2, 0.45)
      figure.add(
        .polygon([SIMD2(-0.12, 0.36), SIMD2(-0.45, 0.4 + lift), SIMD2(-0.1, 0.5 + lift), SIMD2(0.2, 0.36)]),
        dark)
    } else {
      figure.add(.polygon([SIMD2(-0.25, 0.32), SIMD2(-0.7, 0.12), SIMD2(-0.62, 0.3)]), dark)
      figure.add(.limb(x0: 0.02, y0: 0.2, x1: 0.04, y1: 0.02, radius: 0.02), dark)
      figure.add(.limb(x0: 0.1, y0: 0.2, x1: 0.12, y1: 0.02, radius: 0.02), dark)
    }
    figure.add(.ellipse(x: 0, y: 0.33, rx: 0.35, ry: 0.18), feathers)
    figure.add(.ellipse(x: 0.32, y: 0.48, rx: 0.14, ry: 0.13), feathers)
    figure.add(
      .polygon([SIMD2(0.43, 0.52), SIMD2(0.43, 0.43), SIMD2(0.6, 0.46)]), flat(RGB(0.85, 0.6, 0.15)))
    return figure
  }
}
