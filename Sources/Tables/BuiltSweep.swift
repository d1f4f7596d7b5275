import Experiments
import JSON

/// The points of a sweep filled with results, and how they are written.
struct BuiltSweep {
  let spec: SweepSpec
  let runs: RunSet
  /// Series x points.
  let points: [[Point]]

  struct Point {
    let planned: PlannedPoint
    /// One for each metric of the sweep.
    let cells: [Cell]
  }

  init(_ spec: SweepSpec, plan: Plan, summary: (RunID) -> RunSummary) {
    guard let planned = plan.points[spec.name] else {
      preconditionFailure("BuiltSweep: \(spec.name) is not in the plan of \(plan.sweeps.map(\.name))")
    }
    self.spec = spec
    let reports = planned.joined().flatMap { point in
      spec.metrics.map { RunSet.Report(runs: point.runs, metric: $0, evaluation: point.evaluation) }
    }
    let runs = RunSet(plan, reports, summary: summary)
    self.runs = runs
    points = planned.map { series in
      series.map { point in
        Point(
          planned: point,
          cells: spec.metrics.map { metric in
            Cell(runs: point.runs.map { runs[$0] }, metric: metric, evaluation: point.evaluation)
          })
      }
    }
  }

  private var usedRuns: [RunID] { points.joined().flatMap(\.planned.runs) }

  /// What the runs are and where they were made, as the lines of a caption.
  var provenance: [String] {
    Caption.runs(runs, used: usedRuns) + [
      Caption.metrics(spec.metrics, points.joined().map(\.planned.evaluation), unit: nil)
    ]
  }

  var legend: String {
    "- Points: mean ± population standard deviation (divided by n) over \(Caption.replicates(runs))."
  }

  var markdown: String {
    let caption = provenance + [legend]
    let titles = ["Series"] + spec.axes.map { "`\($0.key)`" } + spec.metrics.map(\.title)
    let rule = ["---"] + [String](repeating: "---:", count: titles.count - 1)
    var grid = [MarkdownTable.line(titles.map(MarkdownTable.escaped)), MarkdownTable.line(rule)]
    var ids: [String] = []
    for (series, points) in zip(spec.series, points) {
      for point in points {
        let numbers = point.cells.map { cell in
          switch cell {
          case .value(let aggregate, let planned): NumberText.text(aggregate, planned: planned)
          case .failed: "failed"
          case .pending, .cost, .notYetRun, .absent: "pending"
          }
        }
        grid.append(
          MarkdownTable.line(
            ([series.title] + point.planned.coordinates).map(MarkdownTable.escaped) + numbers))
        ids.append(
          "- \(series.title), \(point.planned.coordinates.joined(separator: ", ")): "
            + MarkdownTable.short(point.planned.runs, runs))
      }
    }
    let blocks = [
      "# Figure \(spec.number). \(spec.title)", caption.joined(separator: "\n"), grid.joined(separator: "\n"),
      bestMarkdown,
      MarkdownTable.notes(spec.notes), MarkdownTable.runs(ids, runs), MarkdownTable.failures(runs),
    ]
    return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  var json: String {
    var members: [String: JSONValue] = [
      "figure": .string(spec.name), "number": .int(spec.number), "title": .string(spec.title),
      "axes": .array(spec.axes.map { .string($0.key) }), "metrics": JSONTable.metrics(spec.metrics),
      "series": .array(
        zip(spec.series, points).map { series, points in
          .object(["title": .string(series.title), "points": .array(points.map(point))])
        }),
      "notes": .array(spec.notes.map { .string($0) }),
    ]
    if let best = spec.best {
      members["best"] = .object([
        "of": .string(spec.axes[best.axis].key), "metric": .string(best.metric.name),
        "points": .array(
          bestPoints.map { one in
            .object([
              "series": .string(one.series), "at": at(one.point.planned.coordinates),
              "decided": .bool(one.isDecided),
            ])
          }),
      ])
    }
    members.merge(JSONTable.runs(runs, used: usedRuns)) { own, _ in own }
    return JSONValue.object(members).pretty
  }

  private func at(_ coordinates: [String]) -> JSONValue {
    .object(
      Dictionary(uniqueKeysWithValues: zip(spec.axes.map(\.key), coordinates.map { .string($0) })))
  }

  private func point(_ point: Point) -> JSONValue {
    let values = zip(spec.metrics, point.cells).map { ($0.name, JSONValue.object(JSONTable.ours($1))) }
    var members: [String: JSONValue] = [
      "at": at(point.planned.coordinates),
      "point": .string(point.planned.evaluation.point.rawValue),
      "runs": .array(point.planned.runs.map { .string($0.text) }),
      "metrics": .object(Dictionary(uniqueKeysWithValues: values)),
    ]
    if let network = point.planned.evaluation.network { members["network"] = .string(network) }
    return .object(members)
  }
}
