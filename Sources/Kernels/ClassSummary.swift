import CKernels
import Tensors

/// What class scores [B, C, H, W] say of every pixel, [B, H, W], row-major.
public struct ClassSummary: Sendable {
  /// The class of the greatest probability, the first of equals.
  public let labels: [UInt8]
  /// The greatest probability.
  public let confidence: [Float]
  /// -sum p log p over the classes, in nats.
  public let entropy: [Float]

  /// - Parameter logits: [B, C, H, W], plain. The bits are those of their softmax; a map of probabilities never exists.
  public init(logits: Tensor) {
    // The library's softmax of single pixels sums in another order.
    let isPixel = logits.shape.rank == 4 && logits.shape[2] * logits.shape[3] == 1
    self.init(isPixel ? Elementwise.softmax(logits) : logits, areProbabilities: isPixel)
  }

  /// - Parameter probabilities: [B, C, H, W], plain.
  public init(probabilities: Tensor) { self.init(probabilities, areProbabilities: true) }

  private init(_ scores: Tensor, areProbabilities: Bool) {
    precondition(
      scores.layout == .plain && scores.shape.rank == 4 && (1...256).contains(scores.shape[1]),
      "ClassSummary: \(scores.shape) (\(scores.layout)) are not plain [B, C, H, W] of at most 256 classes")
    let pixels = scores.shape[2] * scores.shape[3]
    var labels = [UInt8](repeating: 0, count: scores.shape[0] * pixels)
    var confidence = [Float](repeating: 0, count: labels.count)
    var entropy = confidence
    Profiler.measure("class summary") {
      withExtendedLifetime(scores) {
        jml_class_summary(
          scores.shape[0], scores.shape[1], pixels, areProbabilities ? 1 : 0, scores.pointer, &labels,
          &confidence, &entropy)
      }
    }
    (self.labels, self.confidence, self.entropy) = (labels, confidence, entropy)
  }
}
