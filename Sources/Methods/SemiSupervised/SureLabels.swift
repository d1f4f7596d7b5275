import Losses
import Tensors

/// A network's labels and how sure it is of them, with padding marked, so that it goes along with what is pasted.
package struct SureLabels: Sendable {
  /// Less than any threshold.
  private static let padding: Float = -1

  /// [B, H, W].
  package let labels: LabelBatch
  /// [B, H, W], row-major; -1 in padding.
  package let confidence: [Float]

  package init(_ labels: LabelBatch, _ confidence: [Float]) {
    self.labels = labels
    self.confidence = confidence
  }

  /// - Parameter shown: of each pixel, 0 for padding: `Batch.shown`.
  package init(_ said: Predictions, shown: [UInt8]) {
    labels = LabelBatch(count: said.count, height: said.height, width: said.width, values: said.labels)
    confidence = zip(said.confidence, shown).map { $1 == 0 ? Self.padding : $0 }
  }

  /// - Parameter images: [B, 3, H, W], plain; copied.
  package func pictures(_ images: Tensor) -> MixedPictures {
    MixedPictures(images: images, labels: labels, confidence: confidence)
  }

  /// Labels of the pixels with at least this confidence, and their share in those that are no padding.
  package func kept(from threshold: Float, ignoreIndex: UInt8) -> (labels: LabelBatch, share: Double) {
    // Padding is below any threshold.
    let least = max(threshold, 0)
    let valid = confidence.count { $0 >= 0 }
    let sure = confidence.count { $0 >= least }
    let kept = labels.kept(confidence, from: least, ignoreIndex: ignoreIndex)
    return (kept, valid > 0 ? Double(sure) / Double(valid) : 0)
  }
}

extension PseudoLabelLoss {
  /// Cross entropy over the pixels with at least `threshold`'s confidence, divided by those that are no padding.
  package func callAsFunction(_ logits: Tensor, _ sure: SureLabels, threshold: Float) throws -> Result {
    let (labels, share) = sure.kept(from: threshold, ignoreIndex: ignoreIndex)
    return try self(logits, labels, share: share)
  }
}
