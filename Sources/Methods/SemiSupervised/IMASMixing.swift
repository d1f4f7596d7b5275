import Losses
import Tensors
import Training

/// iMAS's two ways of making a batch harder, each as far as its images are easy (Zhao et al., CVPR 2023).
///
/// Random numbers are those of "imas mixing" and the iteration, drawn in this order: whether there is a CutMix;
/// the side of its boxes, one for the batch; for each image the centre of its box, column and row.
package struct IMASMixing {
  /// g strong + (1 - g) weak.
  package let strong: MixedPictures
  /// The weak images, each with a box of its partner's; nil with probability 1 - mean g, for the whole batch.
  package let cutMixed: MixedPictures?

  /// - Parameters:
  ///   - weak: [B, 3, H, W], plain.
  ///   - strong: the same crops, strongly augmented, [B, 3, H, W], plain.
  ///   - said: what the teacher says of the weak ones; its labels and confidences are pasted along.
  package init(
    weak: Tensor, strong: Tensor, said: Predictions, _ hardness: IMASHardness, _ moment: StepMoment
  ) {
    self.strong = MixedPictures(
      images: IMASMixing.blend(strong, weak, shares: hardness.values), said)
    var random = RandomSource(seed: moment.seed, purpose: "imas mixing", moment.iteration)
    guard random.uniform() < hardness.mean else {
      cutMixed = nil
      return
    }
    let side = random.uniform(0.1, 0.9)
    let whole = MixedPictures(images: weak, said)
    var mixed = whole.copied()
    for (image, partner) in hardness.partners.enumerated() {
      let box = PasteBox.centred(
        side: side, margin: 16, height: said.height, width: said.width, using: &random)
      mixed.paste(box, into: image, from: whole, partner)
    }
    cutMixed = mixed
  }

  /// shares[i] one[i] + (1 - shares[i]) other[i], [B, ...].
  private static func blend(_ one: Tensor, _ other: Tensor, shares: [Double]) -> Tensor {
    precondition(
      one.layout == .plain && other.layout == .plain && one.shape == other.shape
        && one.shape[0] == shares.count,
      "IMASMixing: \(one.shape) and \(other.shape) in \(shares.count) shares")
    let sum = Tensor(uninitialized: one.shape)
    let size = one.shape.count / max(shares.count, 1)
    withExtendedLifetime((one, other, sum)) {
      for (image, share) in shares.enumerated() {
        let (mine, rest) = (Float(share), Float(1 - share))
        for at in image * size..<(image + 1) * size {
          sum.pointer[at] = mine * one.pointer[at] + rest * other.pointer[at]
        }
      }
    }
    return sum
  }
}
