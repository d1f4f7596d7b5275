import Experiments
import Kernels
import Losses
import Runner
import Tensors

/// Times the training loss from a network's small logits: up-sampling, cross entropy and Jaccard loss, and their
/// gradient with respect to the small logits.
public struct HeadBenchmark: Sendable {
  public let loss: LossSpec
  public let label: LabelSpec
  public let batch: Int
  public let classes: Int
  /// Of the logits, pixels.
  public let small: (height: Int, width: Int)
  /// Of the labels, pixels.
  public let full: (height: Int, width: Int)

  public init(
    loss: LossSpec, label: LabelSpec, batch: Int, classes: Int, small: (height: Int, width: Int),
    full: (height: Int, width: Int)
  ) {
    self.loss = loss
    self.label = label
    self.batch = batch
    self.classes = classes
    self.small = small
    self.full = full
  }

  /// - Throws: `LossError`.
  public func run(_ repeats: Repeats) throws -> BenchmarkReport {
    let objective = SegmentationLoss(Assembly.lossConfiguration(loss, label: label, classes: classes))
    let logits = BenchmarkNoise.tensor([batch, classes, small.height, small.width], -3...3)
    let labels = BenchmarkNoise.labels(
      count: batch, height: full.height, width: full.width, classes: classes, side: 8)
    let (times, work) = try repeats.measure { _ in
      _ = try Profiler.measure("loss head") {
        try objective(main: logits, auxiliary: nil, labels: labels, teacher: nil)
      }
    }
    return BenchmarkReport(
      "head",
      settings: [
        ("batch", .int(batch)), ("classes", .int(classes)),
        ("small", .string("\(small.height)x\(small.width)")),
        ("full", .string("\(full.height)x\(full.width)")), ("loss", .string(loss.name)),
        ("label", .string(label.name)),
      ], times: times, work: work, demand: demand, threads: repeats.threads)
  }

  /// At full resolution a score costs 8 operations for its interpolation, 3 for the softmax, 5 for losses and gradient and 8
  /// for the way back; nothing of it has to leave the cache. Logits are read, their gradient written, labels read.
  private var demand: Roofline.Demand {
    let pixels = batch * full.height * full.width
    let numbers = 2 * batch * classes * small.height * small.width
    return Roofline.Demand(
      operations: 24 * Double(pixels * classes),
      bytes: Double(numbers * MemoryLayout<Float>.stride + pixels))
  }
}
