import Images

/// Paints drawings in pixels, with smooth edges: a pixel's share of a shape follows from its centre's
/// distance to it.
struct Raster {
  typealias Point = Drawing.Point

  let width: Int
  let height: Int
  private let scale: Double
  /// RGB, [height, width, 3].
  private var pixels: [Double]
  /// Share of the shape at hand, [height, width].
  private var coverage: [Double]

  /// - Parameter scale: pixels a point.
  static func image(_ drawing: Drawing, scale: Double) -> ImageBuffer {
    var raster = Raster(drawing, scale)
    for shape in drawing.shapes { raster.paint(shape) }
    return ImageBuffer(
      height: raster.height, width: raster.width,
      pixels: raster.pixels.map { UInt8(min(max($0.rounded(), 0), 255)) })
  }

  private init(_ drawing: Drawing, _ scale: Double) {
    width = Int((drawing.width * scale).rounded(.up))
    height = Int((drawing.height * scale).rounded(.up))
    self.scale = scale
    pixels = [Double](repeating: 255, count: width * height * 3)
    coverage = [Double](repeating: 0, count: width * height)
  }

  private mutating func paint(_ shape: Drawing.Shape) {
    switch shape {
    case .line(let points, let stroke):
      let lines = stroke.dash.map { Raster.dashes(points, $0.x, $0.y) } ?? [points]
      for line in lines { draw(line, width: stroke.width) }
      fill(stroke.colour)
    case .polygon(let points, let colour):
      draw(polygon: points.map { $0 * scale })
      fill(colour)
    case .band(let upper, let lower, let colour, let opacity):
      draw(upper: upper.map { $0 * scale }, lower: lower.map { $0 * scale })
      fill(colour, opacity: opacity)
    case .disc(let centre, let radius, let colour):
      draw([centre, centre], width: 2 * radius)
      fill(colour)
    case .text(let text, let point, let size, let colour, let anchor, let isVertical):
      let (strokes, width) = StrokeFont.strokes(text)
      // Capitals are about 0.7 of a font's size.
      let unit = 0.7 * size
      let shift = anchor == .start ? 0 : anchor == .middle ? width / 2 : width
      for stroke in strokes {
        let line = stroke.map { glyph -> Point in
          let (along, up) = ((glyph.x - shift) * unit, glyph.y * unit)
          return isVertical ? Point(point.x - up, point.y - along) : Point(point.x + along, point.y - up)
        }
        draw(line, width: size / 10)
      }
      fill(colour)
    }
  }

  /// The share of a line with round ends and joins.
  private mutating func draw(_ points: [Point], width lineWidth: Double) {
    let radius = lineWidth * scale / 2
    let line = points.map { $0 * scale }
    for (from, to) in zip(line, line.dropFirst()) {
      let along = to - from
      let length = (along * along).sum()
      visit(
        min(from.x, to.x) - radius, max(from.x, to.x) + radius, min(from.y, to.y) - radius,
        max(from.y, to.y) + radius
      ) { pixel in
        let offset = pixel - from
        let position = length > 0 ? min(max((offset * along).sum() / length, 0), 1) : 0
        let apart = offset - along * position
        return radius - (apart * apart).sum().squareRoot()
      }
    }
  }

  /// A convex polygon: how far inside the nearest edge.
  private mutating func draw(polygon corners: [Point]) {
    let area = zip(corners, corners.dropFirst() + corners.prefix(1)).reduce(0) {
      $0 + $1.0.x * $1.1.y - $1.1.x * $1.0.y
    }
    let turn: Double = area < 0 ? -1 : 1
    visit(
      corners.map(\.x).min() ?? 0, corners.map(\.x).max() ?? 0, corners.map(\.y).min() ?? 0,
      corners.map(\.y).max() ?? 0
    ) { pixel in
      zip(corners, corners.dropFirst() + corners.prefix(1)).reduce(.infinity) { depth, edge in
        let along = edge.1 - edge.0
        let offset = pixel - edge.0
        return min(
          depth, turn * (along.x * offset.y - along.y * offset.x) / (along * along).sum().squareRoot())
      }
    }
  }

  /// What lies between two lines over the same x.
  private mutating func draw(upper: [Point], lower: [Point]) {
    for index in upper.indices.dropFirst() {
      let (left, right) = (upper[index - 1].x, upper[index].x)
      guard right > left else { continue }
      visit(
        left, right, min(upper[index - 1].y, upper[index].y), max(lower[index - 1].y, lower[index].y)
      ) { pixel in
        // Pieces meet at whole pixels, so that no seam shows.
        guard pixel.x >= left, pixel.x < right else { return -1 }
        let share = (pixel.x - left) / (right - left)
        let top = upper[index - 1].y + (upper[index].y - upper[index - 1].y) * share
        let bottom = lower[index - 1].y + (lower[index].y - lower[index - 1].y) * share
        return min(pixel.y - top, bottom - pixel.y)
      }
    }
  }

  /// `depth`: how far inside the shape a pixel's centre is, in pixels.
  private mutating func visit(
    _ left: Double, _ right: Double, _ top: Double, _ bottom: Double, depth: (Point) -> Double
  ) {
    let columns = max(0, Int(left) - 1)..<max(0, min(width, Int(right) + 2))
    let rows = max(0, Int(top) - 1)..<max(0, min(height, Int(bottom) + 2))
    guard columns.lowerBound < columns.upperBound else { return }
    for y in rows {
      for x in columns {
        let share = min(max(depth(Point(Double(x) + 0.5, Double(y) + 0.5)) + 0.5, 0), 1)
        coverage[y * width + x] = max(coverage[y * width + x], share)
      }
    }
  }

  private mutating func fill(_ colour: Drawing.Colour, opacity: Double = 1) {
    let paint = [Double(colour.red), Double(colour.green), Double(colour.blue)]
    for place in coverage.indices where coverage[place] > 0 {
      for channel in 0..<3 {
        pixels[place * 3 + channel] +=
          coverage[place] * opacity * (paint[channel] - pixels[place * 3 + channel])
      }
      coverage[place] = 0
    }
  }

  /// Pieces of a line: `dash` long, with gaps between.
  private static func dashes(_ points: [Point], _ dash: Double, _ gap: Double) -> [[Point]] {
    var pieces: [[Point]] = []
    var current = points.prefix(1).map { $0 }
    var isDrawn = true
    var left = dash
    for (from, to) in zip(points, points.dropFirst()) {
      let along = to - from
      let length = (along * along).sum().squareRoot()
      var done = 0.0
      while length - done > left {
        done += left
        let point = from + along * (done / length)
        if isDrawn { pieces.append(current + [point]) }
        isDrawn.toggle()
        left = isDrawn ? dash : gap
        current = [point]
      }
      left -= length - done
      current.append(to)
    }
    return isDrawn && current.count > 1 ? pieces + [current] : pieces
  }
}
