import Foundation
import Losses
import Tensors
import TestSupport
import Testing

/// docs/active-classes.md: its sets and numbers are computed here.
@Suite(.serialized)
struct ActiveClassesTests {
  /// [classes, pixels]; the last pixel is ignored.
  static let label: [[Double]] = [
    [0.001, 0.001, 0], [0.90, 0.65, 0], [0.04, 0.30, 0], [0.05, 0.04, 0], [0.004, 0.003, 0],
    [0.005, 0.006, 0],
  ]
  static let probability: [[Double]] = [
    [0.001, 0.001, 0.90], [0.80, 0.60, 0.02], [0.10, 0.20, 0.02], [0.003, 0.004, 0.02], [0.09, 0.19, 0.02],
    [0.006, 0.005, 0.02],
  ]
  static let modes: [(String, ActiveClasses, [Int])] = [
    ("all", .all, [0, 1, 2, 3, 4, 5]), ("present", .present, [1]),
    ("prob", .probability(threshold: 0.01), [1, 2, 4]), ("label", .label(threshold: 0.01), [1, 2, 3]),
    ("both", .both(threshold: 0.01), [1, 2, 3, 4, 5]),
  ]

  static func loss(_ mode: ActiveClasses) -> LossValue {
    let target = SoftLabels(
      values: Tensor(label.flatMap { $0 }.map { Float($0) }, shape: [1, 6, 1, 3]),
      keep: PixelMask(count: 1, height: 1, width: 3, values: [1, 1, 0]))
    let logits = Tensor(probability.flatMap { $0 }.map { Float(log($0)) }, shape: [1, 6, 1, 3])
    return JaccardMetricLoss(alpha: 1, beta: 1, smooth: 0, averaging: .dataset, active: mode)(
      logits: logits, target: target)
  }

  static let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("docs/active-classes.md")

  @Test func workedExample() throws {
    let text = try String(contentsOf: Self.document, encoding: .utf8)
    let single = JaccardMetricLoss(alpha: 1, beta: 1, smooth: 0, averaging: .dataset, active: .all)
    let perClass = (0..<6).map { c in
      single.ofClass(
        prediction: Array(Self.probability[c].prefix(2)), label: Array(Self.label[c].prefix(2))
      ).value
    }
    for c in 0..<6 {
      #expect(text.contains(row(c, perClass[c])), "\(row(c, perClass[c]))")
    }
    for (name, mode, active) in Self.modes {
      let expected = active.map { perClass[$0] }.reduce(0, +) / Double(active.count)
      expectClose(Self.loss(mode).value, expected, tolerance: 1e-6, name)
      let line =
        "| `\(name)` | \(active.map(String.init).joined(separator: ", ")) | "
        + String(format: "%.4f", expected) + " |"
      #expect(text.contains(line), "\(line)")
    }
  }

  private func row(_ c: Int, _ loss: Double) -> String {
    func list(_ values: [Double]) -> String { values.prefix(2).map { "\($0)" }.joined(separator: ", ") }
    let sums = zip(Self.label[c], Self.probability[c]).prefix(2).map { $0 + $1 }
    return "| \(c) | \(list(Self.label[c])) | \(list(Self.probability[c])) | "
      + String(format: "%.3f | %.4f |", sums.max() ?? 0, loss)
  }

  /// Class 0 is predicted at the ignored pixel alone, and its all-zero label has argmax 0: neither makes it
  /// active.
  @Test func ignoredPixelsElectNothing() {
    for (_, mode, active) in Self.modes where !active.contains(0) {
      let gradient = Self.loss(mode).gradient.values
      #expect((0..<6).allSatisfy { gradient[$0 * 3 + 2] == 0 })
    }
  }
}
