import Foundation

/// A chart of measured values: curves with bands of deviation, single points with bars, and lines across.
struct ValueChart {
  typealias Point = Drawing.Point

  struct Mark {
    let x: Double
    let mean: Double
    let std: Double
  }

  struct Curve {
    let name: String
    let colour: Drawing.Colour
    /// By x, increasing; an x of `places` without mark ends the line, and another one begins after it.
    let marks: [Mark]
    /// Places that the curve should have marks at.
    let places: [Double]
    /// Whether a mean's deviation is a bar and the marks are not joined.
    var isSingle = false
    /// Mark the highest mean by a red and the lowest by a green line.
    var showsExtremes = false
    /// Values of the paper.
    var paper: [Point] = []
  }

  let title: String
  let xLabel: String
  let yLabel: String
  let xTicks: [(x: Double, text: String)]
  let curves: [Curve]
  /// Named lines over the whole width.
  var levels: [(name: String, y: Double)] = []
  var showsLegend = true

  static let size = Point(430, 350)
  private static let left = 66.0
  private static let right = 16.0
  private static let above = 36.0
  private static let below = 52.0
  private static let row = 17.0

  private var legend: [(name: String, colour: Drawing.Colour, dash: Point?)] {
    guard showsLegend else { return [] }
    return curves.map { (name: $0.name, colour: $0.colour, dash: nil) }
      + levels.map { (name: $0.name, colour: .grey, dash: Point(6, 4)) }
  }

  /// Legend entries stand two a line, above the curves.
  private var legendLines: Int { (legend.count + 1) / 2 }

  private var xRange: ClosedRange<Double> {
    let (low, high) = (xTicks.map(\.x).min() ?? 0, xTicks.map(\.x).max() ?? 1)
    let pad = high > low ? 0.05 * (high - low) : 0.5
    return low - pad...high + pad
  }

  /// Of the values with their deviations, and the ticks' distance: 1, 2 or 5 times a power of ten.
  private var yScale: (range: ClosedRange<Double>, step: Double) {
    let values =
      curves.flatMap { $0.marks.flatMap { [$0.mean - $0.std, $0.mean + $0.std] } + $0.paper.map(\.y) }
      + levels.map(\.y)
    guard var low = values.min(), var high = values.max() else { return (0...1, 0.2) }
    // One value alone has no extent of its own.
    let least = max(0.005 * max(abs(low), abs(high)), 1e-6)
    if high - low < least { (low, high) = ((low + high - least) / 2, (low + high + least) / 2) }
    let extent = high - low
    let power = pow(10, (log10(extent / 5)).rounded(.down))
    let step = [1.0, 2, 5, 10].map { $0 * power }.first { extent / $0 <= 5 } ?? 10 * power
    return (low - 0.08 * extent...high + 0.08 * extent, step)
  }

  func draw(on drawing: inout Drawing, at origin: Point) {
    let (xs, (ys, step)) = (xRange, yScale)
    let top = Self.above + Self.row * Double(legendLines)
    let width = Self.size.x - Self.left - Self.right
    let height = Self.size.y - top - Self.below
    func place(_ x: Double, _ y: Double) -> Point {
      origin
        + Point(
          Self.left + (x - xs.lowerBound) / (xs.upperBound - xs.lowerBound) * width,
          top + (ys.upperBound - y) / (ys.upperBound - ys.lowerBound) * height)
    }
    for tick in xTicks {
      let foot = place(tick.x, ys.lowerBound)
      drawing.add(.line([foot, place(tick.x, ys.upperBound)], .init(.grid, width: 1)))
      drawing.add(tick.text, at: foot + Point(0, 18), size: 12, .ink, .middle)
    }
    let decimals = max(0, Int((-log10(step)).rounded(.up)))
    for tick in Int(
      (ys.lowerBound / step).rounded(.up))...max(
        Int((ys.lowerBound / step).rounded(.up)), Int((ys.upperBound / step).rounded(.down)))
    {
      let y = Double(tick) * step
      let foot = place(xs.lowerBound, y)
      drawing.add(.line([foot, place(xs.upperBound, y)], .init(.grid, width: 1)))
      drawing.add(String(format: "%.\(decimals)f", y), at: foot + Point(-8, 4), size: 12, .ink, .end)
    }
    for level in levels {
      drawing.add(
        .line(
          [place(xs.lowerBound, level.y), place(xs.upperBound, level.y)],
          .init(.grey, width: 1.6, dash: Point(6, 4))))
    }
    drawExtremes(on: &drawing, place, xs)
    for curve in curves where !curve.isSingle { drawBands(curve, on: &drawing, place) }
    for curve in curves { draw(curve, on: &drawing, place) }
    let corners = [
      place(xs.lowerBound, ys.upperBound), place(xs.lowerBound, ys.lowerBound),
      place(xs.upperBound, ys.lowerBound),
    ]
    drawing.add(.line(corners, .init(.ink, width: 1.2)))
    let middle = (corners[1] + corners[2]) / 2
    drawing.add(title, at: Point(middle.x, origin.y + 20), size: 15, .ink, .middle)
    drawing.add(xLabel, at: Point(middle.x, origin.y + Self.size.y - 12), size: 13, .ink, .middle)
    drawing.add(
      yLabel, at: Point(origin.x + 16, (corners[0].y + corners[1].y) / 2), size: 13, .ink, .middle,
      isVertical: true)
    if curves.allSatisfy({ $0.marks.isEmpty && $0.paper.isEmpty }) {
      drawing.add(
        "no finished runs", at: Point(middle.x, (corners[0].y + corners[1].y) / 2), size: 14, .grey, .middle)
    }
    for (index, entry) in legend.enumerated() {
      let start =
        origin
        + Point(
          Self.left + (index % 2 == 0 ? 4 : width / 2 + 4), Self.above + 4 + Self.row * Double(index / 2))
      drawing.add(.line([start, start + Point(24, 0)], .init(entry.colour, width: 2.2, dash: entry.dash)))
      drawing.add(entry.name, at: start + Point(31, 4.5), size: 12)
    }
  }

  /// Neighbouring places whose marks are there.
  private func pieces(_ curve: Curve) -> [[Mark]] {
    var result: [[Mark]] = [[]]
    for x in curve.places {
      if let mark = curve.marks.first(where: { $0.x == x }) {
        result[result.count - 1].append(mark)
      } else {
        result.append([])
      }
    }
    return result.filter { !$0.isEmpty }
  }

  private func drawBands(_ curve: Curve, on drawing: inout Drawing, _ place: (Double, Double) -> Point) {
    for piece in pieces(curve) where piece.count > 1 && piece.contains(where: { $0.std > 0 }) {
      drawing.add(
        .band(
          upper: piece.map { place($0.x, $0.mean + $0.std) },
          lower: piece.map { place($0.x, $0.mean - $0.std) },
          curve.colour, opacity: 0.18))
    }
  }

  private func draw(_ curve: Curve, on drawing: inout Drawing, _ place: (Double, Double) -> Point) {
    for piece in pieces(curve) {
      if !curve.isSingle, piece.count > 1 {
        drawing.add(.line(piece.map { place($0.x, $0.mean) }, .init(curve.colour, width: 2.2)))
      }
      for mark in piece {
        if mark.std > 0, curve.isSingle || piece.count == 1 {
          let ends = [mark.mean - mark.std, mark.mean + mark.std].map { place(mark.x, $0) }
          drawing.add(.line(ends, .init(curve.colour, width: 1.6)))
          for end in ends {
            drawing.add(.line([end - Point(4, 0), end + Point(4, 0)], .init(curve.colour, width: 1.6)))
          }
        }
        drawing.add(.disc(place(mark.x, mark.mean), radius: 3.4, curve.colour))
      }
    }
    for point in curve.paper {
      let centre = place(point.x, point.y)
      for (radius, colour) in [(6.0, curve.colour), (3.6, Drawing.Colour.white)] {
        drawing.add(
          .polygon(
            [Point(0, -radius), Point(radius, 0), Point(0, radius), Point(-radius, 0)].map { centre + $0 },
            colour))
      }
    }
  }

  private func drawExtremes(
    on drawing: inout Drawing, _ place: (Double, Double) -> Point, _ xs: ClosedRange<Double>
  ) {
    for curve in curves where curve.showsExtremes && curve.marks.count > 1 {
      let means = curve.marks.map(\.mean)
      for (value, colour) in [(means.max(), Drawing.Colour.red), (means.min(), .green)] {
        guard let value else { continue }
        drawing.add(
          .line([place(xs.lowerBound, value), place(xs.upperBound, value)], .init(colour, width: 1.2)))
      }
    }
  }
}
