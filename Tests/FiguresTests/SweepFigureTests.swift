import Figures
import Foundation
import JSON
import TestSupport
import Testing

/// Curves of sweeps, from numbers that look like results.
@Suite struct SweepFigureTests {
  private static let metrics = [
    SweepValues.Metric(name: "miou", title: "mIoU", unit: "%", higherIsBetter: true),
    SweepValues.Metric(name: "ece", title: "ECE", unit: "%", higherIsBetter: false),
  ]

  /// Two networks over epsilon; one point is missing, one is of fewer runs than planned.
  private func curves(showsPaper: Bool = true) -> SweepValues {
    let epsilons = ["0", "0.1", "0.3", "0.5", "0.7"]
    let series = [("DL3-R50", 79.0, 4.2), ("DL3-R18", 74.4, 4.9)].enumerated().map { place, network in
      SweepValues.Series(
        title: network.0,
        points: epsilons.enumerated().map { index, epsilon in
          let isMissing = place == 1 && index == 2
          let bump = 1 - pow((Double(index) - 2.5) / 2.5, 2)
          func value(_ mean: Double, _ std: Double) -> SweepValues.Value? {
            isMissing
              ? nil : SweepValues.Value(mean: mean, std: std, count: index == 4 ? 2 : 3, planned: 3)
          }
          return SweepValues.Point(
            coordinates: [epsilon], values: [value(network.1 + bump, 0.3), value(network.2 - bump, 0.2)],
            isExtra: index == 0)
        },
        paper: place == 1 ? [SweepValues.PaperPoint(coordinates: ["0.5"], values: [75.6, nil])] : [])
    }
    return SweepValues(
      number: 5, title: "Effects of epsilon", axes: ["label.epsilon"], metrics: Self.metrics, series: series,
      showsPaper: showsPaper, captions: ["Profile test."])
  }

  /// Best at epsilon 0.5 for kernel 3, at 0.3 for kernel 5 and at 0.1 for all pixels.
  private func kernels() -> SweepValues {
    func value(_ mean: Double) -> SweepValues.Value {
      SweepValues.Value(mean: mean, std: 0.25, count: 3, planned: 3)
    }
    let grid = [
      ("3", [74.6, 75.1, 75.6]), ("5", [74.7, 75.2, 74.9]), ("infinity", [74.8, 74.2, 73.5]),
    ]
    let baseline = SweepValues.Point(coordinates: ["3", "0"], values: [value(74.4), nil], isExtra: true)
    let points = grid.flatMap { kernel, means in
      zip(["0.1", "0.3", "0.5"], means).map {
        SweepValues.Point(coordinates: [kernel, $0], values: [value($1), nil], isExtra: false)
      }
    }
    return SweepValues(
      number: 4, title: "The best epsilon", axes: ["label.kernel", "label.epsilon"], metrics: Self.metrics,
      series: [SweepValues.Series(title: "DL3-R18", points: [baseline] + points, paper: [])],
      showsPaper: false, captions: [])
  }

  @Test func snapshots() throws {
    for (values, name) in [(curves(), "curves"), (kernels(), "kernels")] {
      let figure = SweepFigure.figure(values)
      try expectSnapshot(figure.drawing.svg, "\(name).svg")
      try expectSnapshot(figure.data.pretty, "\(name).json")
    }
  }

  private func count(_ drawing: Drawing, _ isWanted: (Drawing.Shape) -> Bool) -> Int {
    drawing.shapes.count(where: isWanted)
  }

  /// A missing point splits its curve, is named, and nothing is drawn in its place.
  @Test func missingPointsAreLeftOut() {
    let values = curves()
    #expect(values.missing == ["DL3-R18 at epsilon 0.3"])
    let drawing = SweepFigure.figure(values).drawing
    // Of two metrics: five points and four.
    #expect(count(drawing) { if case .disc = $0 { true } else { false } } == 2 * (5 + 4))
    // One band of the whole curve, two of the split one.
    #expect(count(drawing) { if case .band = $0 { true } else { false } } == 2 * (1 + 2))
    #expect(
      drawing.svg.contains("Left out: 1 of 10 points") && drawing.svg.contains("2 of 10 points are of fewer"))
  }

  /// The paper's points are drawn where numbers can be compared, and stand in the JSON always.
  @Test func paperPoints() {
    func diamonds(_ showsPaper: Bool) -> Int {
      count(SweepFigure.figure(curves(showsPaper: showsPaper)).drawing) {
        if case .polygon = $0 { true } else { false }
      }
    }
    #expect(diamonds(true) == 2 && diamonds(false) == 0)
    #expect(SweepFigure.figure(curves(showsPaper: false)).data.pretty.contains("75.6"))
  }

  @Test func bestOfEachKernel() throws {
    let data = try #require(
      try JSONSerialization.jsonObject(with: Data(SweepFigure.figure(kernels()).data.pretty.utf8))
        as? [String: Any])
    let best = try #require((data["best"] as? [[String: Any]])?.first?["groups"] as? [[String: Any]])
    #expect(best.map { $0["label.kernel"] as? String } == ["3", "5", "infinity"])
    #expect(best.map { $0["label.epsilon"] as? String } == ["0.5", "0.3", "0.1"])
    #expect(best.map { $0["mean"] as? Double } == [75.6, 75.2, 74.8])
  }

  /// Nothing at all is a chart as well.
  @Test func noRuns() {
    let empty = SweepValues(
      number: 5, title: "Nothing", axes: ["label.epsilon"], metrics: Self.metrics,
      series: [
        SweepValues.Series(
          title: "A",
          points: ["0", "1"].map {
            SweepValues.Point(coordinates: [$0], values: [nil, nil], isExtra: false)
          },
          paper: [])
      ], showsPaper: false, captions: [])
    #expect(SweepFigure.figure(empty).drawing.svg.contains("no finished runs"))
  }
}
