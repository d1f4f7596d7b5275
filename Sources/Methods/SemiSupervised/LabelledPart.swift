import Autograd
import Losses
import Models
import Tensors

extension SegmentationLoss {
  /// The loss of the labelled images of a joint pass, which come first in it; of both heads if the network has two.
  ///
  /// - Parameter labels: [B, H, W] of those images.
  /// - Throws: `LossError`.
  func ofLabelled(_ outputs: SegmentationModel.Outputs, _ labels: LabelBatch) throws -> Result {
    try self(
      main: outputs.main.value.images(0..<labels.count),
      auxiliary: outputs.auxiliary?.value.images(0..<labels.count), labels: labels, teacher: nil)
  }
}

extension SegmentationLoss.Result {
  /// Where the walk back through a joint pass begins, this being the loss of its labelled images.
  ///
  /// - Parameter rest: gradients by the main logits of the images behind them, in order; nil: 0. The auxiliary head
  ///   learns from labelled images alone.
  func seeds(
    _ outputs: SegmentationModel.Outputs, rest: [(count: Int, gradient: Tensor?)]
  ) -> [(Variable, Tensor)] {
    func zeros(_ count: Int, like shape: Shape) -> Tensor {
      Tensor(repeating: 0, shape: Shape([count] + shape.dimensions.dropFirst()))
    }
    let main = outputs.main.shape
    var seeds = [
      (
        outputs.main,
        Tensor(joining: [mainGradient] + rest.map { $0.gradient ?? zeros($0.count, like: main) })
      )
    ]
    if let auxiliary = outputs.auxiliary, let gradient = auxiliaryGradient {
      let others = auxiliary.shape[0] - gradient.shape[0]
      seeds.append((auxiliary, Tensor(joining: [gradient, zeros(others, like: auxiliary.shape)])))
    }
    return seeds
  }
}
