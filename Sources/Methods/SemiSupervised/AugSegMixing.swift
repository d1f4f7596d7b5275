import Datasets
import Losses
import Tensors
import Training

/// AugSeg's two rounds of CutMix over one batch (Zhao et al., CVPR 2023, Section 3.3).
///
/// Random numbers are those of "augseg mixing" and the iteration, drawn in this order, as many in every batch: the
/// permutation; the nine numbers of Beta(8, 2); for each image one number for whether it gets a box, and its centre; the seven
/// of Beta(4, 4); for each image a centre.
package struct AugSegMixing {
  /// What the student sees, and what it is to say.
  package let pictures: MixedPictures

  package init(labelled: Batch, strong: Tensor, said: Predictions, _ moment: StepMoment) {
    var random = RandomSource(seed: moment.seed, purpose: "augseg mixing", moment.iteration)
    let (height, width) = (said.height, said.width)
    func box(_ lambda: Double) -> PasteBox {
      .centred(
        side: (1 - lambda).squareRoot(), margin: 8, height: height, width: width, using: &random)
    }
    let truth = MixedPictures(
      images: labelled.images, labels: labelled.labels,
      confidence: [Float](repeating: 1, count: labelled.labels.values.count))
    let others = random.permutation(said.count)
    var sources = MixedPictures(images: strong, said)
    let injected = random.beta(8, 2)
    for image in 0..<said.count {
      let isUnsure = random.uniform() > said.imageConfidence(image)
      let box = box(injected)
      if isUnsure { sources.paste(box, into: image, from: truth, others[image] % labelled.labels.count) }
    }
    var mixed = MixedPictures(images: strong, said)
    let lambda = random.beta(4, 4)
    for image in 0..<said.count { mixed.paste(box(lambda), into: image, from: sources, others[image]) }
    pictures = mixed
  }
}
