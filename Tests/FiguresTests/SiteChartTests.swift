import Figures
import Foundation
import Testing

/// Charts that stand in pages.
@Suite struct SiteChartTests {
  @Test func anInlineDrawingIsNamedAndHasNoGround() {
    let chart = BarChart(
      rows: [.init(label: "a < b", parts: [.init(30, .blue), .init(20, .red)], note: "50 & more")], top: 100)
    let text = chart.drawing.inline(id: "x", title: "T & t", description: "<d>")
    #expect(text.hasPrefix("<svg class=\"chart\" role=\"img\" aria-labelledby=\"x-t x-d\""))
    #expect(text.contains("<title id=\"x-t\">T &amp; t</title><desc id=\"x-d\">&lt;d&gt;</desc>"))
    #expect(text.contains("a &lt; b") && text.contains("50 &amp; more"))
    #expect(text.contains("class=\"fill-blue\"") && text.contains("class=\"fill-red\""))
    #expect(!text.contains("<rect") && !text.contains("xmlns"))
    #expect(text == chart.drawing.inline(id: "x", title: "T & t", description: "<d>"))
  }

  /// Parts follow one another, in proportion; what goes beyond the axis ends there.
  @Test func barsAreInProportion() throws {
    let chart = BarChart(
      rows: [
        .init(label: "a", parts: [.init(25, .blue), .init(50, .orange)], note: ""),
        .init(label: "b", parts: [.init(300, .green)], note: ""),
      ], top: 100)
    func extent(_ colour: Drawing.Colour) throws -> ClosedRange<Double> {
      for case .polygon(let points, colour) in chart.drawing.shapes {
        let xs = points.map(\.x)
        return try #require(xs.min())...(try #require(xs.max()))
      }
      throw Missing()
    }
    let (whole, blue, orange, green) = (
      try extent(.shade), try extent(.blue), try extent(.orange), try extent(.green)
    )
    let width = whole.upperBound - whole.lowerBound
    #expect(blue.lowerBound == whole.lowerBound)
    #expect(abs(blue.upperBound - blue.lowerBound - 0.25 * width) < 1e-9)
    #expect(abs(orange.lowerBound - blue.upperBound) < 1e-9)
    #expect(abs(orange.upperBound - orange.lowerBound - 0.5 * width) < 1e-9)
    #expect(green == whole)
  }

  private struct Missing: Error {}

  @Test func aSparklineBreaksWhereAValueIsMissing() {
    let drawing = Sparkline.drawing([1, 2, nil, 3, 2.5], reference: 2)
    let lines = drawing.shapes.compactMap { shape -> Int? in
      if case .line(let points, _) = shape { points.count } else { nil }
    }
    // The reference, and the two pieces.
    #expect(lines == [2, 2, 2])
    #expect(drawing.shapes.contains { if case .disc = $0 { true } else { false } })
    // One value, equal values, none: nothing is divided by zero.
    for values in [[4.0], [4, 4, 4], []] as [[Double?]] {
      let text = Sparkline.drawing(values).inline(id: "s", title: "t", description: "d")
      #expect(!text.contains("nan") && !text.contains("inf"))
    }
  }

  @Test func aSparklineHasItsLevels() {
    let drawing = Sparkline.drawing(
      [4, 4, nil, 4, 1, 1],
      levels: [Sparkline.Level(range: 0..<4, mean: 4), Sparkline.Level(range: 4..<6, mean: 1)],
      size: [104, 32])
    let orange = drawing.shapes.compactMap { shape -> [Drawing.Point]? in
      if case .line(let points, let stroke) = shape, stroke.colour == .orange { points } else { nil }
    }
    // Where the second begins, between two nights; then the levels, from the first night of each to its last.
    let rounded = orange.map { points in
      points.map { [($0.x * 100).rounded() / 100, ($0.y * 100).rounded() / 100] }
    }
    #expect(rounded == [[[71.2, 0], [71.2, 32]], [[4, 4], [61.6, 4]], [[80.8, 28], [100, 28]]])
  }

  @Test func aMatrixIsShadedByShares() {
    let drawing = ConfusionChart.drawing([[3, 1], [0, 0]], classes: ["road", "sky"])
    let bands = drawing.shapes.compactMap { shape -> (Drawing.Colour, Double)? in
      if case .band(_, _, let colour, let opacity) = shape { (colour, opacity) } else { nil }
    }
    #expect(bands.map(\.1) == [0.75, 0.25])
    #expect(bands.map(\.0) == [.blue, .orange])
  }

  @Test func aTrainingCurveLeavesOutWhatIsNoNumber() {
    let drawing = TrainingCurve.drawing(
      [(0, 3), (10, .nan), (20, 2), (30, 1.5)].map { (iteration: $0.0, value: $0.1) }, name: "loss")
    let text = drawing.inline(id: "c", title: "t", description: "d")
    #expect(!text.contains("nan"))
    let curves = drawing.shapes.filter {
      if case .line(_, let stroke) = $0 { stroke.colour == .blue } else { false }
    }
    #expect(curves.count == 1)
    #expect(TrainingCurve.drawing([], name: "loss").shapes.isEmpty)
  }

  /// A dot stands at its value, its bar reaches one deviation to both sides, and a seventh series is told from the first.
  @Test func dotsStandAtTheirValues() throws {
    let dots = [(0, 1.0), (3, 2.0), (6, 3.0)].map { DotChart.Dot(series: $0.0, mean: $0.1, std: 0.25) }
    let chart = DotChart(
      rows: [.init(label: "a", dots: dots)], series: (0..<7).map { "s\($0)" }, unit: "%")
    let discs = chart.drawing.shapes.compactMap { shape -> (SIMD2<Double>, Drawing.Colour)? in
      if case .disc(let centre, _, let colour) = shape { (centre, colour) } else { nil }
    }
    // Seven in the legend, with the seventh's hole; then three in the row, with one hole.
    #expect(discs.count == 12)
    let row = discs.suffix(4).map(\.0.x)
    #expect(abs((row[1] - row[0]) - (row[2] - row[1])) < 1e-9 && row[2] == row[3])
    let bars = chart.drawing.shapes.compactMap { shape -> Double? in
      guard case .line(let points, let stroke) = shape, stroke.width == 1.6 else { return nil }
      return points[1].x - points[0].x
    }
    #expect(bars.count == 3 && bars.allSatisfy { abs($0 - (row[1] - row[0]) / 2) < 1e-9 })
    #expect(DotChart(rows: [], series: ["s"], unit: "").drawing.shapes.isEmpty)
  }
}
