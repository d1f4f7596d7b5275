import Foundation
import Kernels
import Losses
import Tensors

/// What a network says of a batch's pixels at full resolution: its arg max, and how sure it is. [B, H, W], row-major.
public struct Predictions: Sendable {
  public let count: Int
  public let height: Int
  public let width: Int
  public let classes: Int
  /// The class of the greatest probability, the first of equals.
  public var labels: [UInt8]
  /// The greatest probability.
  public var confidence: [Float]
  /// -sum p log p over the classes, in nats.
  public let entropy: [Float]

  /// - Parameter logits: [B, C, h, w], plain; up-sampled to [B, C, H, W] first.
  public init(logits: Tensor, height: Int, width: Int) {
    let full = Resize.forward(logits, height: height, width: width)
    self.init(full.shape, ClassSummary(logits: full))
  }

  /// - Parameter probabilities: [B, C, H, W], plain.
  public init(probabilities: Tensor) {
    self.init(probabilities.shape, ClassSummary(probabilities: probabilities))
  }

  private init(_ shape: Shape, _ summary: ClassSummary) {
    precondition(
      shape[1] <= Int(LabelMap.ignore), "Predictions: a class of \(shape[1]) would be the ignore index")
    (count, classes, height, width) = (shape[0], shape[1], shape[2], shape[3])
    (labels, confidence, entropy) = (summary.labels, summary.confidence, summary.entropy)
  }

  /// Labels [B, H, W], ignored where the network is less sure than `threshold`.
  public func kept(from threshold: Float, ignoreIndex: UInt8 = LabelMap.ignore) -> LabelBatch {
    LabelBatch(count: count, height: height, width: width, values: labels)
      .kept(confidence, from: threshold, ignoreIndex: ignoreIndex)
  }

  /// The mean over an image's pixels of q (1 - entropy / log C), q the confidence: AugSeg's confidence in an image.
  public func imageConfidence(_ image: Int) -> Double {
    let pixels = height * width
    let most = log(Double(classes))
    var sum = 0.0
    for at in image * pixels..<(image + 1) * pixels {
      sum += Double(confidence[at]) * (1 - Double(entropy[at]) / most)
    }
    return sum / Double(pixels)
  }
}

extension LabelBatch {
  /// The labels of pixels with at least this confidence, the ignore index elsewhere.
  ///
  /// - Parameter confidence: of each pixel, row-major.
  func kept(_ confidence: [Float], from threshold: Float, ignoreIndex: UInt8) -> LabelBatch {
    var kept = self
    for pixel in kept.values.indices where !(confidence[pixel] >= threshold) {
      kept.values[pixel] = ignoreIndex
    }
    return kept
  }
}
