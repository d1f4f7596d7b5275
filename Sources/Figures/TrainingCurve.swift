/// A number of a run against its iterations.
public enum TrainingCurve {
  typealias Point = Drawing.Point

  /// - Parameters:
  ///   - points: (iteration, value), iterations increasing; what is not finite breaks the line.
  ///   - name: of the number.
  public static func drawing(_ points: [(iteration: Int, value: Double)], name: String) -> Drawing {
    let size = Point(520, 250)
    let (left, right, above, below) = (64.0, 16.0, 16.0, 46.0)
    var drawing = Drawing(width: size.x, height: size.y)
    let values = points.map(\.value).filter(\.isFinite)
    guard let first = points.first?.iteration, let last = points.last?.iteration,
      let low = values.min(), let high = values.max()
    else { return drawing }
    let ticks = Ticks(around: min(0, low)...high)
    let span = max(1, last - first)
    func place(_ iteration: Double, _ value: Double) -> Point {
      Point(
        left + (iteration - Double(first)) / Double(span) * (size.x - left - right),
        above + (ticks.top - value) / (ticks.top - ticks.bottom) * (size.y - above - below))
    }
    for (value, text) in ticks.all {
      let foot = place(Double(first), value)
      drawing.add(.line([foot, place(Double(last), value)], .init(.grid, width: 1)))
      drawing.add(text, at: foot + Point(-8, 4), size: 12, .ink, .end)
    }
    for (iteration, anchor) in [(first, Drawing.Anchor.start), (first + span / 2, .middle), (last, .end)] {
      drawing.add(
        "\(iteration)", at: place(Double(iteration), ticks.bottom) + Point(0, 18), size: 12, .ink, anchor)
    }
    var piece: [Point] = []
    func flush() {
      if piece.count > 1 { drawing.add(.line(piece, .init(.blue, width: 1.8))) }
      if piece.count == 1 { drawing.add(.disc(piece[0], radius: 2, .blue)) }
      piece = []
    }
    for point in points {
      if point.value.isFinite { piece.append(place(Double(point.iteration), point.value)) } else { flush() }
    }
    flush()
    drawing.add(
      "iteration", at: Point((left + size.x - right) / 2, size.y - 8), size: 13, .ink, .middle)
    drawing.add(
      name, at: Point(14, (above + size.y - below) / 2), size: 13, .ink, .middle, isVertical: true)
    return drawing
  }
}
