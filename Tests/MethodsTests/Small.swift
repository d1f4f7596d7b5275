import Datasets
import Losses
import Models
import Tensors
import Training

/// A small network, its loss and its batches: everything asymmetric, with ignored pixels and an absent class.
enum Small {
  static let classes = 5

  static func model(
    seed: UInt64 = 1, auxiliary: Int? = 16, channels: Int = 32, dropout: Double = 0.1
  ) -> SegmentationModel {
    SegmentationModel(
      Architecture(
        backbone: .mobilenetv2, decoder: .deepLabV3(rates: [1, 2]), outChannels: channels,
        auxiliaryChannels: auxiliary, outputStride: 16, dropout: dropout, stochasticDepth: 0),
      classes: classes, seed: seed)
  }

  static func loss(
    auxiliaryWeight: Double = 0.5, classes: Int = Small.classes, crossEntropyWeight: Double = 0.25
  ) -> SegmentationLoss.Configuration {
    SegmentationLoss.Configuration(
      classes: classes, ignoreIndex: LabelMap.ignore, crossEntropyWeight: crossEntropyWeight, mainWeight: 0.5,
      auxiliaryWeight: auxiliaryWeight,
      region: SegmentationLoss.Region(
        weight: 0.75,
        loss: .jaccard(JaccardMetricLoss(alpha: 1, beta: 1, smooth: 1, averaging: .dataset, active: .present))
      ),
      smoothing: nil, distillation: nil)
  }

  static let sgd = OptimizerConfiguration(rule: .sgd(momentum: 0.9), weightDecay: 5e-4, headMultiplier: 10)
  static let adamW = OptimizerConfiguration(
    rule: .adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), weightDecay: 0.01, headMultiplier: 10)

  /// [3, 3, 32, 64]; class 4 never occurs.
  static func batch(_ iteration: Int, stream: String = "labelled", count: Int = 3) -> Batch {
    var random = RandomSource(seed: 5, purpose: "batch of \(stream)", iteration)
    let images = Tensor(
      (0..<count * 3 * 32 * 64).map { _ in Float(random.uniform(-2, 2)) }, shape: [count, 3, 32, 64])
    let labels = (0..<count * 32 * 64).map { _ in
      let value = random.below(9)
      return value < 4 ? UInt8(value) : value == 8 ? LabelMap.ignore : UInt8(value % 4)
    }
    return Batch(
      images: images, labels: LabelBatch(count: count, height: 32, width: 64, values: labels),
      ids: (0..<count).map { "\(stream)-\($0)" })
  }

  /// A batch with views of its images, and with padding right of and below them.
  static func unlabelled(_ iteration: Int, stream: String) -> Batch {
    let batch = batch(iteration, stream: stream, count: 2)
    let views = ["strong", "strong_1", "strong_2"].map { name in
      var random = RandomSource(seed: 5, purpose: "\(name) of \(stream)", iteration)
      let images = batch.images.values.map { 0.5 * $0 + Float(random.uniform(-1, 1)) }
      return (name: name, images: Tensor(images, shape: batch.images.shape))
    }
    let shown = (0..<2 * 32 * 64).map { at -> UInt8 in
      let (image, row, column) = (at / (32 * 64), at / 64 % 32, at % 64)
      return image == 0 && column >= 50 || image == 1 && row >= 25 ? 0 : 1
    }
    return Batch(
      images: batch.images, labels: batch.labels, ids: batch.ids, views: views, shown: shown)
  }

  /// Every stream that a step may ask for.
  static func batches(_ iteration: Int) -> TrainingBatch {
    TrainingBatch([
      ("labelled", batch(iteration)), ("unlabelled", unlabelled(iteration, stream: "unlabelled")),
      ("unlabelled_paste", unlabelled(iteration, stream: "unlabelled_paste")),
    ])
  }
}
