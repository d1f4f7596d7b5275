import Autograd
import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Ranks
import Tensors
import TestSupport
import Testing
import Training

/// Keeps the gradients of a step, and changes nothing.
private final class Recorder: Optimizer {
  private let parameters: [Parameter]
  private(set) var gradients: [String: [Float]] = [:]

  init(_ parameters: [Parameter]) { self.parameters = parameters }

  func step(_ gradients: Gradients, rate: Double) {
    for parameter in parameters { self.gradients[parameter.name] = gradients[parameter]?.kernelValues }
  }

  var state: StateDict { StateDict() }
  func restore(_ state: StateDict) throws(StateError) {}
}

/// One step of ranks that share a batch, against one process that has it all.
@Suite(.serialized) struct RankStepTests {
  struct Setting: Sendable, CustomTestStringConvertible {
    let name: String
    let architecture: Architecture
    let batch: Int
    let height: Int
    let width: Int
    var smoothing: BoundaryLabelSmoothing?
    var averaging = JaccardMetricLoss.Averaging.dataset
    var form = JaccardMetricLoss.Form.jml1
    var active = ActiveClasses.present

    var testDescription: String { name }
  }

  private static let classes = 5

  private static func architecture(
    _ backbone: Architecture.Backbone, _ decoder: Architecture.Decoder, auxiliary: Int?, stride: Int,
    depth: Double = 0
  ) -> Architecture {
    Architecture(
      backbone: backbone, decoder: decoder, outChannels: 32, auxiliaryChannels: auxiliary,
      outputStride: stride,
      dropout: 0.1, stochasticDepth: depth)
  }

  static let settings = [
    Setting(
      name: "DeepLabV3-R18",
      architecture: architecture(.resnet18d, .deepLabV3(rates: [1, 2, 3]), auxiliary: 16, stride: 8),
      batch: 5,
      height: 33, width: 49),
    Setting(
      name: "DeepLabV3-MB2, smoothed, per image",
      architecture: architecture(.mobilenetv2, .deepLabV3(rates: [1, 2]), auxiliary: nil, stride: 16),
      batch: 4,
      height: 32, width: 64, smoothing: BoundaryLabelSmoothing(kernel: 3, epsilon: 0.5, classes: classes),
      averaging: .init(perDataset: 0, perImage: 1, perClass: 0)),
    Setting(
      name: "SegFormer-B1, JML2, every average",
      architecture: architecture(.mitB1, .segFormer, auxiliary: nil, stride: 32, depth: 0.3), batch: 3,
      height: 64, width: 96, averaging: .init(perDataset: 0.5, perImage: 0.3, perClass: 0.2), form: .jml2,
      active: .both(threshold: 0.6)),
  ]

  /// Class 3 in the first image alone, class 4 nowhere, and rows of ignored pixels; the first image is half ignored.
  static func batch(_ count: Int, _ height: Int, _ width: Int) -> Batch {
    var random = RandomSource(seed: 5, purpose: "rank step")
    let shape: Shape = [count, 3, height, width]
    let labels = (0..<count * height * width).map { place -> UInt8 in
      let (image, row) = (place / (height * width), place / width % height)
      if row % 7 == 3 || (image == 0 && row > height / 2) { return LabelMap.ignore }
      return UInt8((row / 5 + place % width / 6) % (image == 0 ? 4 : 3))
    }
    return Batch(
      images: Tensor((0..<shape.count).map { _ in Float(random.uniform(-2, 2)) }, shape: shape),
      labels: LabelBatch(count: count, height: height, width: width, values: labels),
      ids: (0..<count).map(String.init))
  }

  private struct Outcome: Sendable {
    let terms: [LossTerm]
    let gradients: [String: [Float]]
    let statistics: [String: [Float]]
  }

  private static func step(_ setting: Setting, _ ranks: RankGroup?) throws -> Outcome {
    KernelRuntime.threads = 1
    let model = SegmentationModel(setting.architecture, classes: classes, seed: 3)
    let recorder = Recorder(model.parameters)
    let region = JaccardMetricLoss(
      form: setting.form, alpha: 1, beta: 1, smooth: 1, averaging: setting.averaging, active: setting.active)
    let loss = SegmentationLoss(
      .init(
        classes: classes, ignoreIndex: LabelMap.ignore, crossEntropyWeight: 0.25, mainWeight: 1,
        auxiliaryWeight: 0.4, region: .init(weight: 0.75, loss: .jaccard(region)),
        smoothing: setting.smoothing, distillation: nil))
    let trainer = Trainer(
      step: SupervisedStep(model: model, optimizer: recorder, loss: loss),
      schedule: PolySchedule(baseRate: 0.01, iterations: 4, warmUpRatio: 0, warmUpFloor: 1e-6, power: 0.9),
      seed: 7, ranks: ranks)
    let slots = ranks?.slots ?? 0..<setting.batch
    let whole = batch(setting.batch, setting.height, setting.width)
    let own = Batch(
      images: whole.images.images(slots), labels: whole.labels.images(slots), ids: Array(whole.ids[slots]))
    let report = try trainer.advance(TrainingBatch([(BatchLoader.labelledStream, own)]))
    var statistics: [String: [Float]] = [:]
    for entry in model.runningStatistics.tensors { statistics[entry.path] = entry.tensor.values }
    return Outcome(terms: report.terms, gradients: recorder.gradients, statistics: statistics)
  }

  @Test(arguments: settings) func oneStepIsThatOfOneProcess(_ setting: Setting) throws {
    let whole = try alone { try Self.step(setting, nil) }
    for size in [2, 3] {
      let parts = try onRanks(size) { communicator in
        try Self.step(setting, RankGroup(communicator, batch: setting.batch))
      }
      for part in parts {
        // Everything that decides or changes anything is equal on all ranks, bit by bit.
        #expect(part.terms == parts[0].terms && part.gradients == parts[0].gradients)
        #expect(part.statistics == parts[0].statistics)
      }
      let found = parts[0]
      #expect(found.terms.map(\.name) == whole.terms.map(\.name))
      expectClose(
        actual: found.terms.map(\.value), expected: whole.terms.map(\.value), tolerance: 0, relative: 1e-5,
        "\(setting.name), \(size) ranks")
      #expect(Set(found.gradients.keys) == Set(whole.gradients.keys) && found.gradients.count > 20)
      // Of the whole network: a bias before a batch norm has no gradient but what rounding leaves.
      let largest = whole.gradients.values.joined().reduce(0) { max($0, abs($1)) }
      for (name, wanted) in whole.gradients.sorted(by: { $0.key < $1.key }) {
        expectClose(
          actual: found.gradients[name] ?? [], expected: wanted, tolerance: 1e-5 * largest,
          "\(setting.name), \(size) ranks: \(name)")
      }
      for (name, wanted) in whole.statistics.sorted(by: { $0.key < $1.key }) {
        expectClose(
          actual: found.statistics[name] ?? [], expected: wanted, tolerance: 1e-5, relative: 1e-5,
          "\(setting.name), \(size) ranks: \(name)")
      }
    }
  }

  /// The same ranks twice: the same bits. One rank: those of one process.
  @Test func equalRanksGiveEqualBits() throws {
    let setting = Self.settings[1]
    let runs = try (0..<2).map { _ in
      try onRanks(2) { try Self.step(setting, RankGroup($0, batch: setting.batch)) }[0]
    }
    #expect(runs[0].gradients == runs[1].gradients && runs[0].terms == runs[1].terms)
    let whole = try alone { try Self.step(setting, nil) }
    let one = try onRanks(1) { try Self.step(setting, RankGroup($0, batch: setting.batch)) }[0]
    #expect(one.gradients == whole.gradients && one.statistics == whole.statistics)
    expectClose(
      actual: one.terms.map(\.value), expected: whole.terms.map(\.value), tolerance: 0, relative: 1e-12)
  }

  /// A rank that is lost before or during a step: the others say so, and have updated nothing.
  @Test func aLostRankLeavesParametersAlone() {
    struct Gone: Error {}
    let results = ThreadCommunicator.run(2) { communicator -> Bool in
      KernelRuntime.threads = 1
      if communicator.rank == 1 { throw Gone() }
      let setting = Self.settings[1]
      let model = SegmentationModel(setting.architecture, classes: Self.classes, seed: 3)
      let before = model.weights.tensors.map(\.tensor.values)
      let trainer = Trainer(
        step: SupervisedStep(
          model: model,
          optimizer: OptimizerConfiguration(
            rule: .sgd(momentum: 0.9), weightDecay: 0, headMultiplier: 1
          ).optimizer(for: model),
          loss: SegmentationLoss(
            .init(
              classes: Self.classes, ignoreIndex: LabelMap.ignore, crossEntropyWeight: 1, mainWeight: 1,
              auxiliaryWeight: 0, region: nil, smoothing: nil, distillation: nil))),
        schedule: PolySchedule(baseRate: 0.1, iterations: 4, warmUpRatio: 0, warmUpFloor: 1e-6, power: 0.9),
        seed: 7, ranks: RankGroup(communicator, batch: 4))
      let whole = Self.batch(4, 32, 64)
      let own = Batch(
        images: whole.images.images(0..<2), labels: whole.labels.images(0..<2), ids: ["a", "b"])
      do {
        _ = try trainer.advance(TrainingBatch([(BatchLoader.labelledStream, own)]))
        return false
      } catch let error as RanksError {
        guard case .lost(rank: 1, _) = error else { return false }
        return model.weights.tensors.map(\.tensor.values) == before && trainer.iteration == 0
      }
    }
    #expect((try? results[0].get()) == true)
  }
}
