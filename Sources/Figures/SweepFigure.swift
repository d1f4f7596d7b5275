import Foundation
import JSON

/// Curves of a sweep.
///
/// One axis (Figure 5): a panel a metric, a curve a series, the highest and the lowest mean of each curve marked. Two axes
/// (Figure 4): for each value of the first one a curve over the second, and the best value of the second with what it
/// reaches, by the first metric.
public enum SweepFigure {
  typealias Point = Drawing.Point

  private static let colours: [Drawing.Colour] = [
    .blue, .orange, .violet, .green, .red, .grey, Drawing.Colour(0, 140, 150), Drawing.Colour(150, 110, 40),
  ]

  private static func colour(_ index: Int) -> Drawing.Colour { colours[index % colours.count] }

  /// - Parameter values: with one or two axes.
  public static func figure(_ values: SweepValues) -> Figure {
    precondition((1...2).contains(values.axes.count), "SweepFigure: \(values.axes.count) axes")
    let (charts, best) =
      values.axes.count == 1 ? (curvesOfMetrics(values), nil) : bestOfEach(values)
    let columns = min(charts.count, values.axes.count == 1 ? 2 : 3)
    let rows = (charts.count + columns - 1) / columns
    let notes = captions(values)
    var drawing = Drawing(
      width: ValueChart.size.x * Double(columns),
      height: 30 + ValueChart.size.y * Double(rows) + 19 * Double(notes.count) + 10)
    drawing.add(
      "Figure \(values.number). \(values.title)", at: Point(drawing.width / 2, 22), size: 16, .ink, .middle)
    for (index, chart) in charts.enumerated() {
      chart.draw(
        on: &drawing,
        at: Point(
          ValueChart.size.x * Double(index % columns), 30 + ValueChart.size.y * Double(index / columns)))
    }
    for (line, note) in notes.enumerated() {
      drawing.add(
        note, at: Point(14, 30 + ValueChart.size.y * Double(rows) + 12 + 19 * Double(line)), size: 12)
    }
    var data = json(values)
    if let best { data["best"] = best }
    return Figure(number: values.number, drawing: drawing, data: .object(data))
  }

  // MARK: One axis

  private static func curvesOfMetrics(_ values: SweepValues) -> [ValueChart] {
    let axis = Axis(values.series.flatMap { $0.points.map { $0.coordinates[0] } })
    return values.metrics.enumerated().map { index, metric in
      ValueChart(
        title: metric.title, xLabel: values.axisTitle(0), yLabel: "\(metric.title) \(metric.unit)",
        xTicks: axis.ticks,
        curves: values.series.enumerated().map { place, series in
          curve(
            series.title, colour(place), series.points, at: 0, axis, metric: index, extremes: true,
            paper: values.showsPaper ? series.paper : [])
        })
    }
  }

  // MARK: Two axes

  private static func bestOfEach(_ values: SweepValues) -> ([ValueChart], JSONValue) {
    let metric = values.metrics[0]
    let grid = values.series.flatMap(\.points).filter { !$0.isExtra }
    let groups = Axis(grid.map { $0.coordinates[0] }, isOrdered: true)
    let axis = Axis(grid.map { $0.coordinates[1] })
    let (groupTitle, axisTitle) = (values.axisTitle(0), values.axisTitle(1))
    var charts: [ValueChart] = []
    var data: [JSONValue] = []
    for series in values.series {
      let suffix = values.series.count > 1 ? " (\(series.title))" : ""
      func points(_ group: String) -> [SweepValues.Point] {
        series.points.filter { !$0.isExtra && $0.coordinates[0] == group }
      }
      let levels = series.points.filter(\.isExtra).compactMap { point in
        point.values[0].map { (name: "\(axisTitle) \(point.coordinates[1])", y: $0.mean) }
      }
      charts.append(
        ValueChart(
          title: "\(metric.title) over \(axisTitle)\(suffix)", xLabel: axisTitle,
          yLabel: "\(metric.title) \(metric.unit)", xTicks: axis.ticks,
          curves: groups.texts.enumerated().map { place, group in
            curve("\(groupTitle) \(group)", colour(place), points(group), at: 1, axis, metric: 0)
          }, levels: levels))
      // The best point of each group, the first of equals.
      let best = groups.texts.map { group -> (point: SweepValues.Point, value: SweepValues.Value)? in
        points(group).reduce(nil) { best, point in
          guard let value = point.values[0] else { return best }
          guard let best else { return (point, value) }
          let isBetter = metric.higherIsBetter ? value.mean > best.1.mean : value.mean < best.1.mean
          return isBetter ? (point, value) : best
        }
      }
      func single(_ mark: (SweepValues.Point, SweepValues.Value) -> (Double, Double), _ paper: [Point])
        -> ValueChart.Curve
      {
        let marks = zip(groups.positions, best).compactMap { x, best in
          best.map { best in
            let (mean, std) = mark(best.point, best.value)
            return ValueChart.Mark(x: x, mean: mean, std: std)
          }
        }
        return ValueChart.Curve(
          name: series.title, colour: .blue, marks: marks, places: groups.positions, isSingle: true,
          paper: paper)
      }
      let stated = values.showsPaper ? series.paper.filter { groups[$0.coordinates[0]] != nil } : []
      charts.append(
        ValueChart(
          title: "Best \(axisTitle) by \(metric.title)\(suffix)", xLabel: groupTitle,
          yLabel: "best \(axisTitle)",
          xTicks: groups.ticks,
          curves: [
            single(
              { point, _ in (axis[point.coordinates[1]] ?? 0, 0) },
              stated.compactMap { point in
                guard let x = groups[point.coordinates[0]], let y = Double(point.coordinates[1]) else {
                  return nil
                }
                return Point(x, y)
              })
          ], showsLegend: false))
      charts.append(
        ValueChart(
          title: "\(metric.title) at the best \(axisTitle)\(suffix)", xLabel: groupTitle,
          yLabel: "\(metric.title) \(metric.unit)", xTicks: groups.ticks,
          curves: [
            single(
              { _, value in (value.mean, value.std) },
              stated.compactMap { point in
                guard let x = groups[point.coordinates[0]], let y = point.values[0] else { return nil }
                return Point(x, y)
              })
          ], levels: levels, showsLegend: !levels.isEmpty))
      data.append(
        .object([
          "series": .string(series.title), "metric": .string(metric.name),
          "groups": .array(
            zip(groups.texts, best).map { group, best in
              .object([
                values.axes[0]: .string(group),
                values.axes[1]: best.map { .string($0.point.coordinates[1]) } ?? .null,
                "mean": best.map { .number($0.value.mean) } ?? .null,
                "std": best.map { .number($0.value.std) } ?? .null,
              ])
            }),
        ]))
    }
    return (charts, .array(data))
  }

  // MARK: Parts

  /// Values of an axis as places: numbers where they are, unless one is none or they are to stand evenly.
  private struct Axis {
    let texts: [String]
    let positions: [Double]

    init(_ all: [String], isOrdered: Bool = false) {
      var seen: Set<String> = []
      let distinct = all.filter { seen.insert($0).inserted }
      let numbers = distinct.compactMap(Double.init)
      if numbers.count == distinct.count, numbers.allSatisfy(\.isFinite), !isOrdered {
        let sorted = zip(distinct, numbers).sorted { $0.1 < $1.1 }
        (texts, positions) = (sorted.map(\.0), sorted.map(\.1))
      } else {
        (texts, positions) = (distinct, distinct.indices.map(Double.init))
      }
    }

    subscript(text: String) -> Double? { texts.firstIndex(of: text).map { positions[$0] } }

    var ticks: [(x: Double, text: String)] { zip(positions, texts).map { (x: $0, text: $1) } }
  }

  private static func curve(
    _ name: String, _ colour: Drawing.Colour, _ points: [SweepValues.Point], at place: Int, _ axis: Axis,
    metric: Int, extremes: Bool = false, paper: [SweepValues.PaperPoint] = []
  ) -> ValueChart.Curve {
    let placed = points.compactMap { point in axis[point.coordinates[place]].map { (x: $0, point: point) } }
      .sorted { $0.x < $1.x }
    return ValueChart.Curve(
      name: name, colour: colour,
      marks: placed.compactMap { x, point in
        point.values[metric].map { ValueChart.Mark(x: x, mean: $0.mean, std: $0.std) }
      },
      places: placed.map(\.x), showsExtremes: extremes,
      paper: paper.compactMap { point in
        guard let x = axis[point.coordinates[place]], let y = point.values[metric] else { return nil }
        return Point(x, y)
      })
  }

  private static func captions(_ values: SweepValues) -> [String] {
    var lines = ["Mean and population deviation (band or bar) over the runs of a point."]
    if values.axes.count == 1 {
      lines[0] += " Red: highest mean of a curve, green: lowest."
    }
    if values.showsPaper, values.series.contains(where: { !$0.paper.isEmpty }) {
      lines[0] += " Diamonds: the paper."
    }
    lines += values.captions
    let count = values.series.reduce(0) { $0 + $1.points.count }
    if !values.missing.isEmpty {
      lines.append("Left out: \(values.missing.count) of \(count) points, whose runs are not finished.")
    }
    if values.partial > 0 {
      lines.append("\(values.partial) of \(count) points are of fewer runs than planned.")
    }
    return lines
  }

  private static func json(_ values: SweepValues) -> [String: JSONValue] {
    func at(_ coordinates: [String]) -> JSONValue {
      .object(Dictionary(uniqueKeysWithValues: zip(values.axes, coordinates.map { .string($0) })))
    }
    func point(_ point: SweepValues.Point) -> JSONValue {
      .object([
        "at": at(point.coordinates), "extra": .bool(point.isExtra),
        "metrics": .object(
          Dictionary(
            uniqueKeysWithValues: zip(values.metrics.map(\.name), point.values).map { name, value in
              (
                name,
                value.map {
                  .object([
                    "mean": .number($0.mean), "std": .number($0.std), "n": .int($0.count),
                    "planned": .int($0.planned),
                  ])
                } ?? .null
              )
            })),
      ])
    }
    func paper(_ point: SweepValues.PaperPoint) -> JSONValue {
      let given = zip(values.metrics.map(\.name), point.values).compactMap { name, value in
        value.map { (name, JSONValue.number($0)) }
      }
      return .object([
        "at": at(point.coordinates), "metrics": .object(Dictionary(uniqueKeysWithValues: given)),
      ])
    }
    return [
      "figure": .int(values.number), "title": .string(values.title),
      "axes": .array(values.axes.map { .string($0) }),
      "metrics": .array(
        values.metrics.map { .object(["name": .string($0.name), "unit": .string($0.unit)]) }),
      "series": .array(
        values.series.map {
          .object([
            "title": .string($0.title), "points": .array($0.points.map(point)),
            "paper": .array($0.paper.map(paper)),
          ])
        }),
      "missing": .array(values.missing.map { .string($0) }),
      "captions": .array(captions(values).map { .string($0) }),
    ]
  }
}
