import Experiments
import Kernels
import Losses
import Tensors

/// Times boundary label smoothing of a batch's labels.
public struct LabelsBenchmark: Sendable {
  /// What is made of the labels.
  public enum Form: String, CaseIterable, Sendable {
    /// The pixels to smooth, one byte each: what a training step makes, since its loss reads hard labels and this.
    case mask
    /// Class distributions, [B, C, H, W]: what a framework's losses read.
    case dense
  }

  public let form: Form
  public let batch: Int
  public let classes: Int
  /// Pixels.
  public let size: (height: Int, width: Int)
  /// Side of the window, pixels.
  public let kernel: Int

  public init(form: Form, batch: Int, classes: Int, size: (height: Int, width: Int), kernel: Int) {
    self.form = form
    self.batch = batch
    self.classes = classes
    self.size = size
    self.kernel = kernel
  }

  /// - Throws: `LossError`.
  public func run(_ repeats: Repeats) throws -> BenchmarkReport {
    let smoothing = BoundaryLabelSmoothing(kernel: kernel, epsilon: 0.5, classes: classes)
    let labels = BenchmarkNoise.labels(
      count: batch, height: size.height, width: size.width, classes: classes, side: 16)
    let (times, work) = try repeats.measure { _ in
      try Profiler.measure(form.rawValue) {
        switch form {
        case .mask: _ = smoothing.boundary(labels)
        case .dense: _ = try smoothing.softLabels(labels)
        }
      }
    }
    return BenchmarkReport(
      "labels",
      settings: [
        ("form", .string(form.rawValue)), ("batch", .int(batch)), ("classes", .int(classes)),
        ("size", .string("\(size.height)x\(size.width)")), ("kernel", .int(kernel)),
      ], times: times, work: work, demand: demand, threads: repeats.threads)
  }

  /// Labels are read and what is made of them is written; comparing them is no floating-point arithmetic.
  private var demand: Roofline.Demand {
    let written =
      switch form {
      case .mask: 1
      case .dense: classes * MemoryLayout<Float>.stride
      }
    return Roofline.Demand(
      operations: 0, bytes: Double(batch * size.height * size.width * (1 + written)))
  }
}
