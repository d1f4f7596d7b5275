import Foundation
import Images
import Metrics

/// A reliability diagram: accuracy of each confidence bin as a bar, the bin's mean confidence as a dot, on
/// the diagonal where a calibrated network's bars end.
public enum ReliabilityChart {
  typealias Point = Drawing.Point

  /// - Parameter title: for instance "all pixels".
  public static func drawing(_ diagram: ReliabilityDiagram, title: String) -> Drawing {
    let side = 300.0
    let origin = Point(58, 38)
    var drawing = Drawing(width: side + 84, height: side + 92)
    func place(_ x: Double, _ y: Double) -> Point { origin + Point(x, 1 - y) * side }
    for tick in stride(from: 0, through: 1, by: 0.2) {
      drawing.add(.line([place(tick, 0), place(tick, 1)], .init(.grid, width: 1)))
      drawing.add(.line([place(0, tick), place(1, tick)], .init(.grid, width: 1)))
      let text = String(format: "%.1f", tick)
      drawing.add(text, at: place(tick, 0) + Point(0, 18), size: 12, .ink, .middle)
      drawing.add(text, at: place(0, tick) + Point(-8, 4), size: 12, .ink, .end)
    }
    for bin in diagram.bins {
      guard let accuracy = bin.accuracy else { continue }
      let (left, right) = (bin.lower + 0.006, bin.upper - 0.006)
      drawing.add(
        .polygon([place(left, 0), place(right, 0), place(right, accuracy), place(left, accuracy)], .blue))
    }
    drawing.add(.line([place(0, 0), place(1, 1)], .init(.grey, width: 1.6, dash: Point(6, 5))))
    for bin in diagram.bins {
      guard let accuracy = bin.accuracy, let confidence = bin.confidence else { continue }
      drawing.add(.disc(place(confidence, accuracy), radius: 3.5, .orange))
    }
    drawing.add(.line([place(0, 1), place(0, 0), place(1, 0)], .init(.ink, width: 1.2)))
    drawing.add(title, at: place(0.5, 1) + Point(0, -14), size: 15, .ink, .middle)
    drawing.add("confidence", at: place(0.5, 0) + Point(0, 42), size: 13, .ink, .middle)
    drawing.add("accuracy", at: place(0, 0.5) + Point(-40, 0), size: 13, .ink, .middle, isVertical: true)
    return drawing
  }
}
