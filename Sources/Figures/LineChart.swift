/// A chart of curves over [0, 1].
struct LineChart {
  typealias Point = Drawing.Point

  struct Curve {
    let name: String
    /// (x, value), x increasing; a value that is not finite is left out.
    let points: [Point]
    let stroke: Drawing.Stroke
  }

  let title: String
  let xLabel: String
  let yLabel: String
  /// Top of the vertical axis, which begins at 0; curves are cut off there.
  let top: Double
  /// Distance of the vertical axis's ticks.
  let step: Double
  let curves: [Curve]

  static let size = Point(430, 340)
  private static let left = 58.0
  private static let right = 16.0
  private static let above = 36.0
  private static let below = 52.0

  private func place(_ point: Point, _ origin: Point) -> Point {
    let width = LineChart.size.x - LineChart.left - LineChart.right
    let height = LineChart.size.y - LineChart.above - LineChart.below
    return origin
      + Point(LineChart.left + point.x * width, LineChart.above + (1 - point.y / top) * height)
  }

  func draw(on drawing: inout Drawing, at origin: Point) {
    for tick in 0...5 {
      let x = Double(tick) / 5
      let foot = place(Point(x, 0), origin)
      drawing.add(.line([foot, place(Point(x, top), origin)], .init(.grid, width: 1)))
      drawing.add(LineChart.text(x, decimals: 1), at: foot + Point(0, 18), size: 12, .ink, .middle)
    }
    for tick in 0...Int((top / step).rounded(.down)) {
      let y = Double(tick) * step
      let foot = place(Point(0, y), origin)
      drawing.add(.line([foot, place(Point(1, y), origin)], .init(.grid, width: 1)))
      drawing.add(LineChart.text(y, decimals: 2), at: foot + Point(-8, 4), size: 12, .ink, .end)
    }
    for curve in curves {
      drawing.add(.line(visible(curve.points).map { place($0, origin) }, curve.stroke))
    }
    let corners = [Point(0, top), Point(0, 0), Point(1, 0)].map { place($0, origin) }
    drawing.add(.line(corners, .init(.ink, width: 1.2)))
    let middle = place(Point(0.5, top / 2), origin)
    drawing.add(title, at: Point(middle.x, origin.y + 20), size: 15, .ink, .middle)
    drawing.add(xLabel, at: Point(middle.x, origin.y + LineChart.size.y - 12), size: 13, .ink, .middle)
    drawing.add(yLabel, at: Point(origin.x + 16, middle.y), size: 13, .ink, .middle, isVertical: true)
    drawLegend(on: &drawing, origin)
  }

  private func drawLegend(on drawing: inout Drawing, _ origin: Point) {
    for (row, curve) in curves.enumerated() {
      let start = place(Point(0.40, top), origin) + Point(0, 14 + 18 * Double(row))
      drawing.add(.line([start, start + Point(30, 0)], curve.stroke))
      drawing.add(curve.name, at: start + Point(38, 4.5))
    }
  }

  /// What is at or below the top, up to where it crosses it.
  private func visible(_ points: [Point]) -> [Point] {
    var result: [Point] = []
    let finite = points.filter { $0.y.isFinite }
    for (index, point) in finite.enumerated() {
      if index > 0, (finite[index - 1].y > top) != (point.y > top) {
        let before = finite[index - 1]
        result.append(before + (point - before) * ((top - before.y) / (point.y - before.y)))
      }
      if point.y <= top { result.append(point) }
    }
    return result
  }

  private static func text(_ value: Double, decimals: Int) -> String {
    let digits = String(Int((value * 100).rounded()))
    let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    let text = padded.dropLast(2) + "." + padded.suffix(2)
    return decimals == 2 ? String(text) : String(text.dropLast())
  }
}
