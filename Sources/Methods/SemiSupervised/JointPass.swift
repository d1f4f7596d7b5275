import Autograd
import Losses
import Models
import Tensors
import Training

/// One training pass of a network over several batches as one, and the walk back from a loss on each part.
///
/// Batch norm sees all parts together, as in the public codes of semi-supervised methods.
package struct JointPass {
  package let pass: ForwardPass
  private let logits: Variable
  private let counts: [Int]

  /// - Parameter parts: images [Bi, 3, H, W], plain, of one H and W.
  package init(_ network: SegmentationModel, _ parts: [Tensor], at moment: StepMoment) {
    pass = ForwardPass.training(seed: moment.seed, iteration: moment.iteration)
    logits = network(Variable(constant: Tensor(joining: parts)), pass).main
    counts = parts.map { $0.shape[0] }
  }

  /// Logits of a part, [Bi, C, h, w], plain.
  package func logits(_ part: Int) -> Tensor {
    let first = counts.prefix(part).reduce(0, +)
    return logits.value.images(first..<first + counts[part])
  }

  /// - Parameter gradients: of the loss by the logits of each part, in order.
  package func backward(_ gradients: [Tensor]) -> Gradients? {
    pass.tape?.backward([(logits, Tensor(joining: gradients))])
  }
}
