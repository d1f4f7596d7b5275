import Kernels
import Losses
import Tensors

/// A network's own prediction as a label: the arg max where the network is sure, ignored elsewhere.
public struct PseudoLabels: Sendable {
  /// [B, H, W].
  public let labels: LabelBatch
  /// The greatest probability, [B, H, W], row-major.
  public let confidence: [Float]

  /// - Parameters:
  ///   - logits: [B, C, h, w], plain; up-sampled to [B, C, H, W] first.
  ///   - threshold: the least confidence that is kept.
  public init(logits: Tensor, height: Int, width: Int, threshold: Float, ignoreIndex: UInt8) {
    let full = Resize.forward(logits, height: height, width: width)
    let (batch, classes, pixels) = (full.shape[0], full.shape[1], height * width)
    precondition(
      classes <= Int(ignoreIndex), "PseudoLabels: class \(ignoreIndex) of \(classes) is the ignore index")
    let probabilities = Elementwise.softmax(full)
    var values = [UInt8](repeating: ignoreIndex, count: batch * pixels)
    var confidence = [Float](repeating: 0, count: batch * pixels)
    withExtendedLifetime(probabilities) {
      for image in 0..<batch {
        let start = probabilities.pointer + image * classes * pixels
        for pixel in 0..<pixels {
          var best = 0
          for c in 1..<classes where start[c * pixels + pixel] > start[best * pixels + pixel] { best = c }
          let at = image * pixels + pixel
          confidence[at] = start[best * pixels + pixel]
          if confidence[at] >= threshold { values[at] = UInt8(best) }
        }
      }
    }
    labels = LabelBatch(count: batch, height: height, width: width, values: values)
    self.confidence = confidence
  }
}
