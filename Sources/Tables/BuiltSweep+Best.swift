import Experiments

/// The best value of one axis at each combination of the others, as Figure 4 draws it.
extension BuiltSweep {
  struct BestPoint {
    let series: String
    let point: Point
    /// Place of the metric.
    let metric: Int
    /// Whether every point that it was compared with has all of its runs.
    let isDecided: Bool
  }

  /// In the order of series and points; the first of equal ones. Extra points are no rivals, combinations of which no point
  /// is finished are left out, and so is everything in a sweep that asks for no best.
  var bestPoints: [BestPoint] {
    guard let best = spec.best, let metric = spec.metrics.firstIndex(of: best.metric) else { return [] }
    var found: [BestPoint] = []
    for (series, points) in zip(spec.series, points) {
      let swept = Array(points.dropFirst(spec.extra.count))
      var groups: [(others: [String], points: [Point])] = []
      for point in swept {
        var others = point.planned.coordinates
        others.remove(at: best.axis)
        if let place = groups.firstIndex(where: { $0.others == others }) {
          groups[place].points.append(point)
        } else {
          groups.append((others, [point]))
        }
      }
      for group in groups {
        var winner: (point: Point, mean: Double)?
        var isDecided = true
        for point in group.points {
          guard case .value(let aggregate, let planned) = point.cells[metric] else {
            isDecided = false
            continue
          }
          if aggregate.count < planned { isDecided = false }
          let wins = winner.map {
            best.metric.higherIsBetter ? aggregate.mean > $0.mean : aggregate.mean < $0.mean
          }
          if wins ?? true { winner = (point, aggregate.mean) }
        }
        if let winner {
          found.append(
            BestPoint(series: series.title, point: winner.point, metric: metric, isDecided: isDecided))
        }
      }
    }
    return found
  }

  var bestMarkdown: String {
    guard let best = spec.best else { return "" }
    let points = bestPoints
    let axis = spec.axes[best.axis].key
    let heading = "Best `\(axis)` by mean \(best.metric.title):"
    guard !points.isEmpty else { return "\(heading) no point is finished." }
    let others = spec.axes.indices.filter { $0 != best.axis }
    let titles =
      ["Series"] + others.map { "`\(spec.axes[$0].key)`" } + ["best `\(axis)`", best.metric.title]
    var lines = [
      MarkdownTable.line(titles.map(MarkdownTable.escaped)),
      MarkdownTable.line(["---"] + [String](repeating: "---:", count: titles.count - 1)),
    ]
    for one in points {
      let coordinates = one.point.planned.coordinates
      guard case .value(let aggregate, let planned) = one.point.cells[one.metric] else { continue }
      lines.append(
        MarkdownTable.line(
          ([one.series] + others.map { coordinates[$0] } + [coordinates[best.axis]]).map(
            MarkdownTable.escaped)
            + [
              NumberText.text(aggregate, planned: planned) + (one.isDecided ? "" : ", of the finished points")
            ]))
    }
    return heading + "\n\n" + lines.joined(separator: "\n")
  }
}
