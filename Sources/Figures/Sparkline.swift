/// A line of values without axes, small enough to stand in a line of text.
public enum Sparkline {
  /// - Parameters:
  ///   - values: in their order; nil where there is none, which breaks the line. At least one is finite.
  ///   - reference: drawn as a dashed line across.
  public static func drawing(_ values: [Double?], reference: Double? = nil) -> Drawing {
    typealias Point = Drawing.Point
    let size = Point(96, 24)
    let known = values.map { $0.flatMap { $0.isFinite ? $0 : nil } }
    var drawing = Drawing(width: size.x, height: size.y)
    let extremes = known.compactMap { $0 } + [reference].compactMap { $0 }
    guard let low = extremes.min(), let high = extremes.max() else { return drawing }
    func place(_ index: Int, _ value: Double) -> Point {
      let x = known.count > 1 ? Double(index) / Double(known.count - 1) : 0.5
      let y = high > low ? (value - low) / (high - low) : 0.5
      return Point(4 + x * (size.x - 8), 4 + (1 - y) * (size.y - 8))
    }
    if let reference {
      let y = place(0, reference).y
      drawing.add(.line([Point(0, y), Point(size.x, y)], .init(.grey, width: 1, dash: Point(3, 3))))
    }
    var piece: [Point] = []
    for (index, value) in known.enumerated() {
      if let value {
        piece.append(place(index, value))
      } else {
        if piece.count > 1 { drawing.add(.line(piece, .init(.blue, width: 1.5))) }
        piece = []
      }
    }
    if piece.count > 1 { drawing.add(.line(piece, .init(.blue, width: 1.5))) }
    if let last = known.lastIndex(where: { $0 != nil }), let value = known[last] {
      drawing.add(.disc(place(last, value), radius: 2.5, .blue))
    }
    return drawing
  }
}
