import Experiments
import Kernels
import Metrics
import Tensors

/// Times what the evaluation counts of one image, from full-resolution class scores.
public struct MetricsBenchmark: Sendable {
  public let classes: Int
  /// Pixels.
  public let size: (height: Int, width: Int)

  public init(classes: Int, size: (height: Int, width: Int)) {
    self.classes = classes
    self.size = size
  }

  /// What one pass counts, in words of reports.
  public static let counted = ["accuracy", "iou", "ece", "sce"]

  /// - Throws: `MetricsError`.
  public func run(_ repeats: Repeats) throws -> BenchmarkReport {
    let labels = BenchmarkNoise.labels(
      count: 1, height: size.height, width: size.width, classes: classes, side: 16)
    let label = LabelMap(height: size.height, width: size.width, values: labels.values)
    let scores = scores(label)
    let (times, work) = try repeats.measure { _ in
      try Profiler.measure("evaluation") {
        var evaluation = Evaluation(classes: classes)
        try evaluation.add(scores: scores, label: label)
      }
    }
    return BenchmarkReport(
      "metrics",
      settings: [
        ("classes", .int(classes)), ("size", .string("\(size.height)x\(size.width)")),
        ("counted", .array(MetricsBenchmark.counted.map { .string($0) })),
      ], times: times, work: work,
      demand: MetricsBenchmark.demand(pixels: size.height * size.width, classes: classes),
      threads: repeats.threads)
  }

  /// Scores are read once, and labels; the prediction is written. A softmax costs 3 operations a score; counting is no
  /// floating-point arithmetic.
  static func demand(pixels: Int, classes: Int) -> Roofline.Demand {
    Roofline.Demand(
      operations: 3 * Double(pixels * classes),
      bytes: Double(pixels * (classes * MemoryLayout<Float>.stride + 2)))
  }

  /// Noise in which the true class stands out, as in a trained network's scores: most confidences are high, and a
  /// part is wrong.
  private func scores(_ label: LabelMap) -> Tensor {
    let pixels = label.values.count
    let scores = BenchmarkNoise.tensor([classes, size.height, size.width], -3...3)
    for (pixel, value) in label.values.enumerated() where Int(value) < classes {
      scores.pointer[Int(value) * pixels + pixel] += 5
    }
    return scores
  }
}
