extension FigureMaker {
  private mutating func skin() -> Paint { flat(RGB(0.72, 0.52, 0.4), vary: 0.12) }

  /// Standing or walking, 1.5 to 1.9 m.
  mutating func person(label: UInt8) -> Figure {
    var figure = Figure(label: label)
    let height = random.float(1.5, 1.9)
    let stride = random.float(0.05, 0.32)
    let (hip, shoulder) = (0.5 * height, 0.8 * height)
    let trousers = paint(RGB(0.16, 0.18, 0.28), RGB(0.1, 0.1, 0.14), .mottled(size: 0.3), vary: 0.1)
    let coat = flat(varied(), vary: 0.08)
    let skin = skin()
    figure.add(.limb(x0: -0.06, y0: hip, x1: -stride, y1: 0.07, radius: 0.085), trousers)
    figure.add(.limb(x0: 0.06, y0: hip, x1: stride, y1: 0.07, radius: 0.085), trousers)
    let swing = random.float(-0.2, 0.2)
    figure.add(.limb(x0: -0.2, y0: shoulder - 0.04, x1: -0.24 - swing, y1: hip, radius: 0.06), coat)
    figure.add(.limb(x0: 0.2, y0: shoulder - 0.04, x1: 0.24 - swing, y1: hip, radius: 0.06), coat)
    figure.add(.limb(x0: 0, y0: hip + 0.06, x1: 0, y1: shoulder - 0.08, radius: 0.19), coat)
    figure.add(.ellipse(x: 0, y: 0.9 * height, rx: 0.11, ry: 0.14), skin)
    figure.add(.ellipse(x: 0, y: 0.945 * height, rx: 0.115, ry: 0.09), flat(RGB(0.2, 0.14, 0.1), vary: 0.1))
    return figure
  }

  /// Somebody seated on a two-wheeler whose saddle is at x = 0.
  mutating func rider(label: UInt8, saddle: Float) -> Figure {
    var figure = Figure(label: label)
    let coat = flat(varied(), vary: 0.08)
    let trousers = flat(RGB(0.18, 0.18, 0.25), vary: 0.08)
    figure.add(.limb(x0: -0.1, y0: saddle + 0.05, x1: 0.22, y1: saddle - 0.1, radius: 0.1), trousers)
    figure.add(.limb(x0: 0.22, y0: saddle - 0.1, x1: 0.12, y1: saddle - 0.55, radius: 0.08), trousers)
    figure.add(.limb(x0: -0.1, y0: saddle + 0.1, x1: 0.12, y1: saddle + 0.6, radius: 0.18), coat)
    figure.add(.limb(x0: 0.12, y0: saddle + 0.55, x1: 0.5, y1: saddle + 0.3, radius: 0.065), coat)
    figure.add(.ellipse(x: 0.2, y: saddle + 0.88, rx: 0.12, ry: 0.15), skin())
    figure.add(.ellipse(x: 0.2, y: saddle + 0.95, rx: 0.15, ry: 0.11), flat(varied(), vary: 0.05))
    return figure
  }
}
