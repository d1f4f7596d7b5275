import Experiments
import Figures
import Foundation
import Results
import Runner
import Tables

/// Figures 4 and 5: curves of a sweep, from the counts of finished runs.
struct SweepChart {
  private let values: SweepValues

  /// Says what is missing.
  /// - Throws: `ResultsError` for results that cannot be read or were changed; `RegistryError` for a sweep that no chart
  ///   can show.
  init(_ workspace: Workspace) throws {
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    for notice in try workspace.otherResultsNotices(plan) { Console.say(notice) }
    guard let sweep = plan.sweeps.first, let planned = plan.points[sweep.name] else {
      preconditionFailure("SweepChart: no sweep of \(workspace.figures) is in the plan")
    }
    guard sweep.axes.count <= 2 else {
      throw RegistryError.outOfRange(
        file: "figures/\(sweep.name).yaml", path: "sweep", value: "\(sweep.axes.count) keys",
        allowed: "1 or 2 keys, for a figure that is drawn")
    }
    let summaries = try RunSummary.all(of: plan, in: workspace.store)
    values = SweepValues(
      number: sweep.number, title: sweep.title, axes: sweep.axes.map(\.key),
      metrics: sweep.metrics.map {
        SweepValues.Metric(
          name: $0.name, title: $0.title, unit: $0.unit.rawValue, higherIsBetter: $0.higherIsBetter)
      },
      series: zip(sweep.series.indices, planned).map { index, points in
        SweepValues.Series(
          title: sweep.series[index].title,
          points: points.enumerated().map { place, point in
            SweepValues.Point(
              coordinates: point.coordinates,
              values: sweep.metrics.map { SweepChart.value(point, $0, summaries) },
              isExtra: place < sweep.extra.count)
          },
          paper: sweep.paper.filter { $0.series == index }.map { point in
            SweepValues.PaperPoint(
              coordinates: point.coordinates, values: sweep.metrics.map { point.values[$0.name] })
          })
      },
      showsPaper: plan.profile.comparableWithPaper,
      captions: [
        "Profile \(plan.profile.name)"
          + (plan.profile.comparableWithPaper ? "." : ": numbers are not comparable with the paper's.")
      ])
  }

  private static func value(
    _ point: PlannedPoint, _ metric: Metric, _ summaries: [RunID: RunSummary]
  ) -> SweepValues.Value? {
    let cell = Cell(
      runs: point.runs.map { summaries[$0] ?? .pending }, metric: metric, evaluation: point.evaluation)
    guard case .value(let aggregate, let planned) = cell else { return nil }
    return SweepValues.Value(
      mean: aggregate.mean, std: aggregate.std, count: aggregate.count, planned: planned)
  }

  /// - Returns: figure<n>.svg, .png and .json.
  func write(to folder: URL) throws -> [URL] {
    let missing = values.missing
    if !missing.isEmpty {
      Console.say("left out, not finished: \(missing.joined(separator: "; "))")
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try SweepFigure.figure(values).write(to: folder)
  }
}
