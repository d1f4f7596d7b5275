/// Means with their deviations along one axis: a line a row, a dot a series.
public struct DotChart: Sendable {
  public struct Dot: Sendable {
    /// Place among the series.
    public let series: Int
    public let mean: Double
    public let std: Double

    public init(series: Int, mean: Double, std: Double) {
      (self.series, self.mean, self.std) = (series, mean, std)
    }
  }

  public struct Row: Sendable {
    public let label: String
    public let dots: [Dot]

    public init(label: String, dots: [Dot]) { (self.label, self.dots) = (label, dots) }
  }

  public let rows: [Row]
  public let series: [String]
  /// Of the axis.
  public let unit: String

  public init(rows: [Row], series: [String], unit: String) {
    precondition(
      rows.allSatisfy { $0.dots.allSatisfy { series.indices.contains($0.series) } },
      "DotChart: a dot of no series")
    (self.rows, self.series, self.unit) = (rows, series, unit)
  }

  typealias Point = Drawing.Point

  private static let colours: [Drawing.Colour] = [.blue, .orange, .green, .violet, .red, .grey]
  private static let row = 30.0
  private static let axis = 400.0
  private static let letter = 7.6
  private static let legendLine = 20.0

  /// Series beyond the number of colours are rings.
  private func draw(_ series: Int, at point: Point, on drawing: inout Drawing) {
    drawing.add(.disc(point, radius: 4.5, Self.colours[series % Self.colours.count]))
    if series >= Self.colours.count { drawing.add(.disc(point, radius: 2.4, .white)) }
  }

  public var drawing: Drawing {
    let left = 12 + Self.letter * Double(rows.map(\.label.count).max() ?? 0)
    let width = left + Self.axis + 24
    // Places of the legend's entries: as many a line as there is room for.
    var entries: [Point] = []
    var (x, line) = (left, 0)
    for name in series {
      let length = 34 + Self.letter * Double(name.count)
      if x + length > width, x > left { (x, line) = (left, line + 1) }
      entries.append(Point(x, 12 + Self.legendLine * Double(line)))
      x += length
    }
    let above = 16 + Self.legendLine * Double(line + 1)
    let below = above + Self.row * Double(rows.count)
    var drawing = Drawing(width: width, height: below + 42)
    let dots = rows.flatMap(\.dots)
    let ends = dots.flatMap { [$0.mean - $0.std, $0.mean + $0.std] }
    guard let low = ends.min(), let high = ends.max() else { return drawing }
    let ticks = Ticks(around: low...high)
    func place(_ value: Double) -> Double {
      left + (value - ticks.bottom) / (ticks.top - ticks.bottom) * Self.axis
    }
    for (name, entry) in zip(series.indices, entries) {
      draw(name, at: entry, on: &drawing)
      drawing.add(series[name], at: entry + Point(11, 4.5), size: 13)
    }
    for (value, text) in ticks.all {
      drawing.add(.line([Point(place(value), above), Point(place(value), below)], .init(.grid, width: 1)))
      drawing.add(text, at: Point(place(value), below + 17), size: 12, .grey, .middle)
    }
    drawing.add(unit, at: Point(left + Self.axis / 2, below + 36), size: 12, .grey, .middle)
    for (index, row) in rows.enumerated() {
      let y = above + Self.row * (Double(index) + 0.5)
      drawing.add(.line([Point(left, y), Point(left + Self.axis, y)], .init(.grid, width: 1)))
      drawing.add(row.label, at: Point(left - 10, y + 4.5), size: 13, .ink, .end)
      for dot in row.dots where dot.std > 0 {
        drawing.add(
          .line(
            [Point(place(dot.mean - dot.std), y), Point(place(dot.mean + dot.std), y)],
            .init(Self.colours[dot.series % Self.colours.count], width: 1.6)))
      }
      for dot in row.dots { draw(dot.series, at: Point(place(dot.mean), y), on: &drawing) }
    }
    return drawing
  }
}
