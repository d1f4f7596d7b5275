/// A line of values without axes, small enough to stand in a line of text.
public enum Sparkline {
  /// Successive values and what they are around.
  public struct Level: Equatable, Sendable {
    /// Places among the values.
    public let range: Range<Int>
    public let mean: Double

    public init(range: Range<Int>, mean: Double) { (self.range, self.mean) = (range, mean) }
  }

  /// Points.
  public static let small = SIMD2<Double>(96, 24)

  /// - Parameters:
  ///   - values: in their order; nil where there is none, which breaks the line. At least one is finite.
  ///   - reference: drawn as a dashed line across.
  ///   - levels: from left to right; drawn as lines, with a dashed one where each but the first begins.
  public static func drawing(
    _ values: [Double?], reference: Double? = nil, levels: [Level] = [], size: SIMD2<Double> = small
  ) -> Drawing {
    typealias Point = Drawing.Point
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
    for level in levels.dropFirst() {
      let x = (place(level.range.lowerBound - 1, low).x + place(level.range.lowerBound, low).x) / 2
      drawing.add(.line([Point(x, 0), Point(x, size.y)], .init(.orange, width: 1.5, dash: Point(2, 2))))
    }
    for level in levels {
      let ends = [level.range.lowerBound, level.range.upperBound - 1].map { place($0, level.mean) }
      drawing.add(.line(ends, .init(.orange, width: 1.5)))
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
