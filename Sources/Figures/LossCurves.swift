import Foundation
import JSON
import Losses

/// Figures 1 and 2: losses of one pixel against its prediction x, for a label y.
enum LossCurves {
  typealias Point = Drawing.Point

  /// Predictions at which curves are computed: 0, 0.001, ..., 1.
  static let grid = (0...1000).map { Double($0) / 1000 }

  static func metric(_ form: JaccardMetricLoss.Form) -> JaccardMetricLoss {
    JaccardMetricLoss(form: form, alpha: 1, beta: 1, smooth: 0, averaging: .dataset, active: .all)
  }

  static func value(_ form: JaccardMetricLoss.Form, _ x: Double, _ y: Double) -> Double {
    metric(form).ofClass(prediction: [x], label: [y]).value
  }

  /// Binary cross entropy with natural logarithms; infinite at 0 and 1 unless the label is the same.
  static func crossEntropy(_ x: Double, _ y: Double) -> Double {
    (y > 0 ? -y * log(x) : 0) + (y < 1 ? -(1 - y) * log(1 - x) : 0)
  }

  /// Figure 1: JML1 and cross entropy for y = 0.1 and y = 0.9. The paper says "cross-entropy loss for soft
  /// labels"; both terms of it are taken, since -y log x alone has no minimum at x = y.
  static func labels() -> Figure {
    var drawing = Drawing(width: 2 * LineChart.size.x, height: LineChart.size.y)
    var panels: [JSONValue] = []
    for (index, y) in [0.1, 0.9].enumerated() {
      let metric = grid.map { Point($0, value(.jml1, $0, y)) }
      let entropy = grid.map { Point($0, crossEntropy($0, y)) }
      LineChart(
        title: "y = \(y)", xLabel: "x", yLabel: "loss", top: 2, step: 0.5,
        curves: [
          .init(name: "JML1", points: metric, stroke: .init(.blue, width: 2.2)),
          .init(name: "CE", points: entropy, stroke: .init(.orange, width: 2.2)),
        ]
      ).draw(on: &drawing, at: Point(LineChart.size.x * Double(index), 0))
      panels.append(
        .object([
          "label": .number(y),
          "curves": .array([
            curve("JML1", "|x - y| / max(x, y)", metric),
            curve("CE", "-y ln x - (1 - y) ln(1 - x); null where it is infinite", entropy),
          ]),
          "slopes_at_label": .object(["left": .number(-1 / y), "right": .number(1 / y)]),
        ]))
    }
    return Figure(
      number: 1, drawing: drawing,
      data: .object([
        "figure": .int(1), "title": .string("Loss value against prediction with y = 0.1 and y = 0.9"),
        "panels": .array(panels),
      ]))
  }

  /// Figure 2: JML1, JML2 and the convex closure of SJL-L1 for y = 0.5. The closure is taken on [0, y] and on
  /// [y, 1], with the value 0 at x = y: only then does JML1 lie on it for x <= y, as the text says.
  static func closure() -> Figure {
    let y = 0.5
    let metric = grid.map { Point($0, value(.jml1, $0, y)) }
    let other = grid.map { Point($0, value(.jml2, $0, y)) }
    let ends = [value(.sjlL1, 0, y), value(.sjlL1, 1, y)]
    let closure = grid.map { x in
      Point(x, x <= y ? ends[0] * (y - x) / y : ends[1] * (x - y) / (1 - y))
    }
    var drawing = Drawing(width: LineChart.size.x, height: LineChart.size.y)
    LineChart(
      title: "y = 0.5", xLabel: "x", yLabel: "loss", top: 1, step: 0.25,
      curves: [
        .init(name: "JML1", points: metric, stroke: .init(.blue, width: 2.2)),
        .init(name: "JML2", points: other, stroke: .init(.green, width: 2.2)),
        .init(
          name: "convex closure", points: closure, stroke: .init(.orange, width: 2.2, dash: Point(7, 6))),
      ]
    ).draw(on: &drawing, at: Point(0, 0))
    return Figure(
      number: 2, drawing: drawing,
      data: .object([
        "figure": .int(2), "title": .string("JML1, JML2 and the convex closure with y = 0.5"),
        "label": .number(y),
        "curves": .array([
          curve("JML1", "1 - 2x up to 0.5, 1 - 1 / (2x) above", metric),
          curve("JML2", "(1 - 2x) / (1 - x) up to 0.5, (2x - 1) / (3x - 1) above", other),
          curve("closure", "linear between (0, 1), (0.5, 0) and (1, 0.5)", closure),
        ]),
      ]))
  }

  private static func curve(_ name: String, _ formula: String, _ points: [Point]) -> JSONValue {
    .object([
      "name": .string(name), "formula": .string(formula), "x": .array(points.map { .number($0.x) }),
      "value": .array(points.map { $0.y.isFinite ? .number($0.y) : .null }),
    ])
  }
}
