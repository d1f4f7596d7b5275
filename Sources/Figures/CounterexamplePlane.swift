import JSON
import Losses

/// Figure 3: two points in one part of the plane of two-pixel predictions between which JML1 and JML2 dip
/// below their chord, so that neither is piece-wise concave (equations 60 and 61).
enum CounterexamplePlane {
  typealias Point = Drawing.Point

  static let label = Point(0.5, 0.5)
  static let first = Point(0.4087, 0.7855)
  static let second = Point(0.6285, 0.7551)
  static var middle: Point { (first + second) / 2 }
  /// Corners of the part; the paper does not define a and b, and these are the corners of the part that x and
  /// x' lie in.
  static let a = Point(0, 1)
  static let b = Point(1, 1)

  static func value(_ form: JaccardMetricLoss.Form, _ point: Point) -> Double {
    LossCurves.metric(form).ofClass(prediction: [point.x, point.y], label: [label.x, label.y]).value
  }

  static func figure() -> Figure {
    let named = [
      ("y", label), ("x", first), ("x'", second), ("midpoint", middle), ("a", a), ("b", b),
    ]
    let points: [JSONValue] = named.map { name, point in
      .object([
        "name": .string(name), "at": .array([.number(point.x), .number(point.y)]),
        "JML1": .number(value(.jml1, point)), "JML2": .number(value(.jml2, point)),
      ])
    }
    func chord(_ form: JaccardMetricLoss.Form) -> JSONValue {
      .object([
        "mean_of_ends": .number((value(form, first) + value(form, second)) / 2),
        "midpoint": .number(value(form, middle)),
      ])
    }
    return Figure(
      number: 3, drawing: drawing(),
      data: .object([
        "figure": .int(3),
        "title": .string("A counterexample: JML1 and JML2 are not piece-wise concave in two dimensions"),
        "points": .array(points), "JML1": chord(.jml1), "JML2": chord(.jml2),
      ]))
  }

  private static func drawing() -> Drawing {
    let side = 340.0
    let origin = Point(56, 24)
    var drawing = Drawing(width: side + 96, height: side + 84)
    func place(_ point: Point) -> Point { origin + Point(point.x, 1 - point.y) * side }
    drawing.add(.polygon([label, a, b].map(place), .shade))
    let corners = [a, b, Point(1, 0), Point(0, 0)]
    for corner in corners { drawing.add(.line([place(label), place(corner)], .init(.grey, width: 1.2))) }
    drawing.add(.line((corners + [a]).map(place), .init(.ink, width: 1.4)))
    drawing.add(.line([place(first), place(second)], .init(.blue, width: 1.8)))
    for (point, colour) in [
      (label, Drawing.Colour.ink), (first, .blue), (second, .blue), (middle, .orange),
    ] {
      drawing.add(.disc(place(point), radius: 4, colour))
    }
    for (text, point, shift, anchor) in [
      ("y", label, Point(0, 22), Drawing.Anchor.middle), ("x", first, Point(-10, 2), .end),
      ("x'", second, Point(10, 6), .start), ("(x + x') / 2", middle, Point(0, -12), .middle),
      ("a", a, Point(-10, 4), .end), ("b", b, Point(10, 4), .start),
    ] {
      drawing.add(text, at: place(point) + shift, size: 15, .ink, anchor)
    }
    for tick in [0.0, 0.5, 1.0] {
      drawing.add("\(tick)", at: place(Point(tick, 0)) + Point(0, 18), size: 12, .ink, .middle)
      if tick < 1 { drawing.add("\(tick)", at: place(Point(0, tick)) + Point(-8, 4), size: 12, .ink, .end) }
    }
    drawing.add("first pixel", at: place(Point(0.5, 0)) + Point(0, 42), size: 13, .ink, .middle)
    drawing.add(
      "second pixel", at: place(Point(0, 0.5)) + Point(-38, 0), size: 13, .ink, .middle, isVertical: true)
    return drawing
  }
}
