import Losses
import Tensors

/// What U2PL's contrastive loss knows of the pixels of a batch, labelled images first, at the resolution of the vectors it
/// compares: n = B * h * w of each.
package struct ContrastPixels: Sendable {
  /// Label, or the average's; ignored where a labelled image has none.
  package let labels: [UInt8]
  /// Pixels of labelled images.
  package let labelledCount: Int
  /// Anchors and positives come from these: pixels with a label; of unlabelled images those with the least entropy.
  package let isReliable: [Bool]
  /// Negatives come from these: pixels with a label; of unlabelled images those with the greatest entropy.
  package let isDoubtful: [Bool]

  package init(labels: [UInt8], labelledCount: Int, isReliable: [Bool], isDoubtful: [Bool]) {
    precondition(
      isReliable.count == labels.count && isDoubtful.count == labels.count
        && labelledCount <= labels.count,
      "ContrastPixels: \(labels.count) labels, \(isReliable.count), \(isDoubtful.count)")
    (self.labels, self.labelledCount) = (labels, labelledCount)
    (self.isReliable, self.isDoubtful) = (isReliable, isDoubtful)
  }

  /// - Parameters:
  ///   - labelled: [B1, H, W].
  ///   - unlabelled: the average's, [B2, H, W].
  ///   - entropy: the average's, [B2, H, W], row-major.
  ///   - least: reliable are entropies up to this.
  ///   - most: doubtful are entropies from this.
  package init(
    labelled: LabelBatch, unlabelled: LabelBatch, entropy: [Float], least: Float, most: Float, height: Int,
    width: Int, ignoreIndex: UInt8
  ) {
    let marks = LabelBatch(
      count: unlabelled.count, height: unlabelled.height, width: unlabelled.width,
      values: entropy.map { ($0 <= least ? 1 : 0) | ($0 >= most ? 2 : 0) }
    ).nearest(height: height, width: width)
    let known = labelled.nearest(height: height, width: width)
    let hasLabel = known.map { $0 != ignoreIndex }
    self.init(
      labels: known + unlabelled.nearest(height: height, width: width), labelledCount: known.count,
      isReliable: hasLabel + marks.map { $0 & 1 != 0 }, isDoubtful: hasLabel + marks.map { $0 & 2 != 0 })
  }
}
