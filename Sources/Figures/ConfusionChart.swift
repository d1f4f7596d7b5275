/// A confusion matrix: a row a class of the label, a column a class of the prediction, each cell as dark as its share of
/// the row's pixels.
public enum ConfusionChart {
  typealias Point = Drawing.Point

  private static let cell = 26.0
  private static let letter = 6.4

  /// - Parameters:
  ///   - counts: pixels, [classes, classes], label by prediction.
  ///   - classes: names.
  public static func drawing(_ counts: [[Int64]], classes: [String]) -> Drawing {
    precondition(
      counts.count == classes.count && counts.allSatisfy { $0.count == classes.count },
      "ConfusionChart: \(counts.count) rows for \(classes.count) classes")
    let margin = 18 + letter * Double(classes.map(\.count).max() ?? 0)
    let side = cell * Double(classes.count)
    var drawing = Drawing(width: margin + side + 20, height: margin + side + 28)
    let corner = Point(margin, margin)
    drawing.add("label", at: Point(6, margin - 8), size: 12, .grey)
    drawing.add("prediction", at: corner + Point(side / 2, side + 20), size: 12, .grey, .middle)
    for (row, values) in counts.enumerated() {
      let total = values.reduce(0, +)
      let y = margin + cell * Double(row)
      drawing.add(classes[row], at: Point(margin - 8, y + cell / 2 + 4), size: 12, .ink, .end)
      drawing.add(
        classes[row], at: Point(margin + cell * Double(row) + cell / 2 + 4, margin - 8), size: 12, .ink,
        .start,
        isVertical: true)
      for (column, count) in values.enumerated() {
        let x = margin + cell * Double(column)
        let (low, high) = (Point(x + 1, y + cell - 1), Point(x + cell - 1, y + 1))
        drawing.add(.polygon(BarChart.box(x: x + 1, y: y + 1, width: cell - 2, height: cell - 2), .shade))
        guard total > 0, count > 0 else { continue }
        drawing.add(
          .band(
            upper: [Point(low.x, high.y), high], lower: [low, Point(high.x, low.y)],
            row == column ? .blue : .orange, opacity: Double(count) / Double(total)))
      }
    }
    return drawing
  }
}
