import Losses
import Tensors
import Training

/// The run's loss against pseudo labels, of the pixels that somebody is sure of.
package struct UnlabelledLoss {
  private let configuration: SegmentationLoss.Configuration
  private let dividesByAll: Bool
  private let bordersOfWhole: Bool

  /// - Parameters:
  ///   - dividesByAll: cross entropy is a mean over all pixels of the batch, the others counting 0, instead of one over the
  ///     kept ones.
  ///   - bordersOfWhole: borders between classes, for smoothing, are those of the pseudo labels before unsure pixels are left
  ///     out; nothing is smoothed next to a pixel that is left out otherwise.
  package init(_ configuration: SegmentationLoss.Configuration, dividesByAll: Bool, bordersOfWhole: Bool) {
    self.configuration = configuration
    self.dividesByAll = dividesByAll
    self.bordersOfWhole = bordersOfWhole
  }

  package typealias Result = PseudoLabelLoss.Result

  /// - Parameters:
  ///   - logits: [B, C, h, w], plain.
  ///   - threshold: the least confidence that is kept.
  ///   - prefix: before the names of the terms.
  /// - Throws: `LossError`.
  package func callAsFunction(
    _ logits: Tensor, _ pictures: MixedPictures, threshold: Float, prefix: String = "unlabelled_"
  ) throws -> Result {
    try evaluate(
      logits, pictures.labels, kept: kept(pictures, threshold), configuration: configuration, prefix: prefix)
  }

  /// The same with a weight for each image, and a mean over images of what each would have as a batch of its own.
  ///
  /// - Parameter imageWeights: B.
  /// - Throws: `LossError`.
  package func callAsFunction(
    _ logits: Tensor, _ pictures: MixedPictures, threshold: Float, imageWeights: [Double], prefix: String
  ) throws -> Result {
    precondition(
      imageWeights.count == pictures.labels.count && !imageWeights.isEmpty,
      "UnlabelledLoss: \(imageWeights.count) weights for \(pictures.labels.count) images")
    let kept = kept(pictures, threshold)
    let results = try imageWeights.enumerated().map { image, weight in
      try evaluate(
        logits.images(image..<image + 1), pictures.labels.image(image), kept: kept.image(image),
        configuration: configuration.weighted(weight / Double(imageWeights.count)), prefix: prefix)
    }
    let terms = results[0].terms.indices.map { index in
      LossTerm(results[0].terms[index].name, results.reduce(0) { $0 + $1.terms[index].value })
    }
    return Result(terms: terms, gradient: Tensor(joining: results.map(\.gradient)))
  }

  /// The labels of the pixels that are sure enough, the ignore index elsewhere.
  private func kept(_ pictures: MixedPictures, _ threshold: Float) -> LabelBatch {
    pictures.labels.kept(pictures.confidence, from: threshold, ignoreIndex: configuration.ignoreIndex)
  }

  private func evaluate(
    _ logits: Tensor, _ labels: LabelBatch, kept: LabelBatch, configuration: SegmentationLoss.Configuration,
    prefix: String
  ) throws -> Result {
    let count = kept.values.count { $0 != configuration.ignoreIndex }
    return try configuration.ofPseudoLabels(
      logits, kept, share: dividesByAll ? Double(count) / Double(kept.values.count) : 1,
      bordersOf: bordersOfWhole && configuration.smoothing != nil ? labels : nil, prefix: prefix)
  }
}

extension LabelBatch {
  /// One image's labels, [1, H, W].
  fileprivate func image(_ index: Int) -> LabelBatch {
    let pixels = height * width
    return LabelBatch(
      count: 1, height: height, width: width,
      values: Array(values[index * pixels..<(index + 1) * pixels]))
  }
}

extension SegmentationLoss.Configuration {
  /// The same loss times `weight`; without its region term if it is to have none.
  func weighted(_ weight: Double, hasRegion: Bool = true) -> SegmentationLoss.Configuration {
    var other = self
    other.crossEntropyWeight *= weight
    other.region?.weight *= weight
    if !hasRegion { other.region = nil }
    return other
  }
}
