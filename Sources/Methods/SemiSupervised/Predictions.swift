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
    self.init(probabilities: Elementwise.softmax(Resize.forward(logits, height: height, width: width)))
  }

  /// - Parameter probabilities: [B, C, H, W], plain.
  public init(probabilities: Tensor) {
    precondition(
      probabilities.layout == .plain && probabilities.shape.rank == 4,
      "Predictions: \(probabilities.shape) (\(probabilities.layout)) are not plain [B, C, H, W]")
    let (count, classes) = (probabilities.shape[0], probabilities.shape[1])
    precondition(
      classes <= Int(LabelMap.ignore), "Predictions: a class of \(classes) would be the ignore index")
    let pixels = probabilities.shape[2] * probabilities.shape[3]
    var labels = [UInt8](repeating: 0, count: count * pixels)
    var confidence = [Float](repeating: -1, count: count * pixels)
    var entropy = [Float](repeating: 0, count: count * pixels)
    withExtendedLifetime(probabilities) {
      for image in 0..<count {
        for c in 0..<classes {
          let plane = probabilities.pointer + (image * classes + c) * pixels
          for pixel in 0..<pixels {
            let (value, at) = (plane[pixel], image * pixels + pixel)
            if value > confidence[at] {
              confidence[at] = value
              labels[at] = UInt8(c)
            }
            if value > 0 { entropy[at] -= value * log(value) }
          }
        }
      }
    }
    (self.count, self.classes) = (count, classes)
    (height, width) = (probabilities.shape[2], probabilities.shape[3])
    (self.labels, self.confidence, self.entropy) = (labels, confidence, entropy)
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
