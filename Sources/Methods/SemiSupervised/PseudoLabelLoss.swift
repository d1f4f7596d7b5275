import Losses
import Tensors
import Training

/// The run's loss of a main head against pseudo labels of some pixels, whose cross entropy may be divided by another number
/// than theirs. Pseudo labels are not smoothed.
package struct PseudoLabelLoss: Sendable {
  private let configuration: SegmentationLoss.Configuration
  private let prefix: String

  /// - Parameters:
  ///   - loss: the run's loss.
  ///   - weight: of all its terms.
  ///   - prefix: before the names of the terms.
  package init(_ loss: SegmentationLoss.Configuration, weight: Double, prefix: String) {
    var configuration = loss.weighted(weight)
    configuration.smoothing = nil
    self.configuration = configuration
    self.prefix = prefix
  }

  package struct Result {
    package let terms: [LossTerm]
    /// By the logits, [B, C, h, w], plain.
    package let gradient: Tensor
  }

  /// - Parameters:
  ///   - logits: [B, C, h, w], plain.
  ///   - kept: [B, H, W], ignored where no pixel is kept.
  ///   - share: factor on cross entropy's mean over kept pixels; of no account if there are none.
  /// - Throws: `LossError`.
  package func callAsFunction(_ logits: Tensor, _ kept: LabelBatch, share: Double) throws -> Result {
    try configuration.ofPseudoLabels(logits, kept, share: share, prefix: prefix)
  }

  package var ignoreIndex: UInt8 { configuration.ignoreIndex }

  /// The same terms with nothing to say.
  package var zeros: [LossTerm] {
    var names = ["cross_entropy"]
    if let region = configuration.region { names.append(region.loss.name) }
    return names.map { LossTerm(prefix + $0, 0) }
  }
}

extension SegmentationLoss.Configuration {
  /// This loss of a main head against pseudo labels of some pixels.
  ///
  /// - Parameters:
  ///   - logits: [B, C, h, w], plain.
  ///   - kept: [B, H, W], ignored where no pixel is kept.
  ///   - share: factor on cross entropy's mean over kept pixels; of no account if there are none.
  ///   - borders: where borders for smoothing are looked for; nil: in `kept`.
  ///   - prefix: before the names of the terms.
  /// - Throws: `LossError`.
  func ofPseudoLabels(
    _ logits: Tensor, _ kept: LabelBatch, share: Double, bordersOf borders: LabelBatch? = nil, prefix: String
  ) throws -> PseudoLabelLoss.Result {
    var configuration = self
    configuration.crossEntropyWeight *= share
    let loss = SegmentationLoss(configuration)
    let result = try loss(main: logits, auxiliary: nil, labels: kept, teacher: nil, bordersOf: borders)
    return PseudoLabelLoss.Result(
      terms: result.terms(of: loss, prefix: prefix), gradient: result.mainGradient)
  }
}
