import Datasets
import HDF5
import JSON
import Losses
import Methods
import Models
import Optimizers
import Schemas
import Tensors
import TestSupport
import Testing
import Training

/// What semi_supervised_steps.h5 (Tests/Oracles/record_semi_supervised_steps.py) was recorded with, and the comparison of a step with
/// what it holds.
struct SemiSupervisedOracle {
  static let (classes, height, width) = (5, 48, 80)
  static let (labelled, unlabelled) = (2, 3)
  static let rates = [1e-4, 7e-5, 3e-5]
  static let (momentum, decay) = (0.9, 5e-4)

  /// How far values may be from the recorded ones.
  struct Bounds {
    /// Of themselves.
    var terms: Double
    /// Of the norm of the part of the network.
    var gradient: Double
    /// Of the norm of the part's movement.
    var moved: Double
    /// Absolute and of themselves.
    var state: Double
  }

  let name: String
  let file: HDF5File

  init(_ name: String) throws {
    self.name = name
    file = try Fixture.hdf5("semi_supervised_steps.h5", in: .module)
  }

  /// ResNet-18 and the DeepLabV3+ of semi-supervised methods, filled by rule.
  static func model() throws -> SegmentationModel {
    let model = SegmentationModel(
      Architecture(
        backbone: .resnet18d,
        decoder: .deepLabV3Plus(rates: [1, 2], shortcutChannels: 16, convolutions: .plain), outChannels: 32,
        auxiliaryChannels: nil, outputStride: 16, dropout: 0, stochasticDepth: 0),
      classes: classes, seed: nil)
    try model.restore(
      StateDict(
        (model.parameters.map { ($0.name, $0.shape) } + model.buffers.map { ($0.name, $0.value.shape) }).map {
          name, shape in
          (name, Tensor(FillRule.values(name, shape).map { gain(name) * $0 }, shape: shape))
        }))
    return model
  }

  /// The recorder's factor on the rule's value.
  private static func gain(_ name: String) -> Float {
    if name.hasSuffix("running_var") { return 0.26 }
    return name.hasSuffix(".bn2.weight") || name.hasSuffix("aspp.convs.0.1.1.weight") ? 0.125 : 1
  }

  func setup(_ loss: SegmentationLoss.Configuration) throws -> SemiSupervisedSetup {
    SemiSupervisedSetup(
      student: try Self.model(),
      optimizer: OptimizerConfiguration(
        rule: .sgd(momentum: Self.momentum), weightDecay: Self.decay, headMultiplier: 10), loss: loss,
      seed: try seed())
  }

  static func loss(
    crossEntropyWeight: Double = 1, regionWeight: Double? = nil, epsilon: Double? = nil
  ) -> SegmentationLoss.Configuration {
    SegmentationLoss.Configuration(
      classes: classes, ignoreIndex: LabelMap.ignore, crossEntropyWeight: crossEntropyWeight, mainWeight: 1,
      auxiliaryWeight: 0,
      region: regionWeight.map {
        SegmentationLoss.Region(
          weight: $0,
          loss: .jaccard(
            JaccardMetricLoss(
              alpha: 1, beta: 1, smooth: 1, averaging: .dataset, active: epsilon == nil ? .present : .all)))
      },
      smoothing: epsilon.map { BoundaryLabelSmoothing(kernel: 3, epsilon: $0, classes: classes) },
      distillation: nil)
  }

  func seed() throws -> UInt64 { UInt64(try file.attribute(int: "seed", at: name)) }

  func threshold() throws -> JSONValue { .number(try file.attribute(double: "threshold", at: "\(name)/0")) }

  /// Tiles of one colour each under noise.
  static func images(_ name: String, _ count: Int) -> Tensor {
    let tiles = FillRule.symmetric("\(name)/tiles", [count, 3, height / 8, width / 8], bound: 2).values
    let noise = FillRule.symmetric("\(name)/noise", [count, 3, height, width], bound: 1).values
    return Tensor(
      noise.indices.map { at in
        let (row, column) = (at / width, at % width)
        let (plane, inside) = (row / height, row % height)
        return noise[at] + tiles[(plane * (height / 8) + inside / 8) * (width / 8) + column / 8]
      }, shape: [count, 3, height, width])
  }

  func labels(_ iteration: Int) throws -> LabelBatch {
    LabelBatch(
      count: Self.labelled, height: Self.height, width: Self.width,
      values: try file.bytes("\(name)/labels", slice: iteration))
  }

  /// An unlabelled stream.
  struct Stream {
    var name = "unlabelled"
    /// Behind the method's name in that of the images.
    var suffix = ""
    var views: [String] = ["strong"]
    /// [B, H, W]: whether the image, row and column show the picture.
    var shows: (Int, Int, Int) -> Bool = { _, _, _ in true }
  }

  /// The labelled stream, and unlabelled ones, whose labels nobody may look at.
  func batches(_ iteration: Int, _ streams: [Stream] = [Stream()]) throws -> TrainingBatch {
    func named(_ stream: String, _ count: Int) -> [String] { (0..<count).map { "\(stream)-\($0)" } }
    let labelled = Batch(
      images: Self.images("\(name)/\(iteration)/labelled", Self.labelled), labels: try labels(iteration),
      ids: named("labelled", Self.labelled))
    let pixels = Self.height * Self.width
    return TrainingBatch(
      [("labelled", labelled)]
        + streams.map { stream in
          let count = Self.unlabelled
          let stem = "\(name)\(stream.suffix)/\(iteration)"
          let batch = Batch(
            images: Self.images("\(stem)/weak", count),
            labels: LabelBatch(
              count: count, height: Self.height, width: Self.width,
              values: [UInt8](repeating: 3, count: count * pixels)), ids: named(stream.name, count),
            views: stream.views.map { ($0, Self.images("\(stem)/\($0)", count)) },
            shown: (0..<count * pixels).map {
              stream.shows($0 / pixels, $0 % pixels / Self.width, $0 % Self.width) ? 1 : 0
            })
          return (stream.name, batch)
        })
  }
}
