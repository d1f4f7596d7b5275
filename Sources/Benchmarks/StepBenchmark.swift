import Datasets
import Experiments
import Foundation
import JSON
import Methods
import Models
import Ranks
import Runner
import Tensors
import Training

/// Times training steps on random images: what a step costs without data loading.
public struct StepBenchmark: Sendable {
  /// The network whose outputs a student learns from, and how.
  public struct Teaching: Sendable {
    public let teacher: ModelSpec
    public let distillation: DistillationSpec

    public init(teacher: ModelSpec, distillation: DistillationSpec) {
      self.teacher = teacher
      self.distillation = distillation
    }
  }

  public let model: ModelSpec
  public let loss: LossSpec
  public let label: LabelSpec
  /// nil: trained on labels alone.
  public let teaching: Teaching?
  /// nil: every image is labelled.
  public let semiSupervised: SemiSupervisedSpec?
  public let recipe: RecipeSpec
  public let precision: RecipeSpec.Precision
  /// Labelled images, and as many unlabelled ones of each stream.
  public let batch: Int
  /// Pixels.
  public let cropHeight: Int
  /// Pixels.
  public let cropWidth: Int
  public let classes: Int
  /// Whether the network computes its blocks again on the way back.
  public let recomputesActivations: Bool

  /// - Parameter precision: nil: the recipe's.
  public init(
    model: ModelSpec, loss: LossSpec, label: LabelSpec, teaching: Teaching?,
    semiSupervised: SemiSupervisedSpec? = nil, recipe: RecipeSpec, precision: RecipeSpec.Precision? = nil,
    batch: Int, cropHeight: Int, cropWidth: Int, classes: Int, recomputesActivations: Bool = false
  ) {
    self.model = model
    self.loss = loss
    self.label = label
    self.teaching = teaching
    self.semiSupervised = semiSupervised
    self.recipe = recipe
    self.precision = precision ?? recipe.precision
    self.batch = batch
    self.cropHeight = cropHeight
    self.cropWidth = cropWidth
    self.classes = classes
    self.recomputesActivations = recomputesActivations
  }

  /// - Parameter ranks: who has the other images of the batch, each with a share; nil: this process has all.
  /// - Throws: `TrainingError.diverged`; `RunnerError.noPrecision`; `RunnerError.moreRanksThanSamples`, `RanksError`.
  public func run(_ repeats: Repeats, ranks: (any Communicator)? = nil) throws -> BenchmarkReport {
    let network = try network(model, seed: 0)
    if let ranks, ranks.size > batch {
      throw RunnerError.moreRanksThanSamples(ranks: ranks.size, batch: batch)
    }
    let (times, work) = try measure(network, repeats, ranks.map { RankGroup($0, batch: batch) })
    var settings: [(name: String, value: JSONValue)] = [
      ("model", .string(model.name)), ("parameters", .int(network.parameterCount)), ("batch", .int(batch)),
      ("crop", .string("\(cropHeight)x\(cropWidth)")), ("classes", .int(classes)),
      ("precision", .string(precision.rawValue)), ("loss", .string(loss.name)),
      ("label", .string(label.name)),
      ("teacher", teaching.map { .string($0.teacher.name) } ?? .null),
      ("distillation", teaching.map { .string($0.distillation.name) } ?? .null),
      ("semi_supervised", semiSupervised.map { .string($0.name) } ?? .null),
      ("recompute_activations", .bool(recomputesActivations)),
    ]
    if let ranks { settings.append(("ranks", .int(ranks.size))) }
    let update = Roofline.Demand.optimizer(recipe.optimizer.kind, parameters: network.parameterCount)
    return BenchmarkReport(
      "step", settings: settings, times: times, work: work, demand: work.demand + update,
      threads: repeats.threads)
  }

  /// The times alone.
  /// - Throws: `TrainingError.diverged`; `RunnerError.noPrecision`.
  func times(_ repeats: Repeats) throws -> Measurement {
    try measure(try network(model, seed: 0), repeats).times
  }

  private func network(_ model: ModelSpec, seed: UInt64) throws -> SegmentationModel {
    SegmentationModel(
      Assembly.architecture(model), classes: classes, seed: seed,
      precision: try Assembly.precision(precision, recipe: recipe.name),
      recomputesBlocks: recomputesActivations)
  }

  private func measure(
    _ network: SegmentationModel, _ repeats: Repeats, _ ranks: RankGroup? = nil
  ) throws -> (times: Measurement, work: WorkByKind) {
    let iterations = repeats.count + repeats.warmUp
    let taught = try teaching.map {
      let teacher = try self.network($0.teacher, seed: 1)
      // What a first stage would have learned; its numbers do not change what a step costs.
      let tokens = StateDict([(MaskTokensStep.product, BenchmarkNoise.tensor([8, classes], -1...1))])
      return Assembly.TaughtBy(
        NetworkTeacher(teacher), architecture: teacher.architecture, products: ["tokens": tokens])
    }
    let step = try Assembly.step(
      loss: loss, label: label, distillation: teaching?.distillation, semiSupervised: semiSupervised,
      recipe: recipe,
      classes: classes, seed: 0, model: network, teacher: taught)
    let trainer = Trainer(
      step: step, schedule: Assembly.schedule(recipe, iterations: iterations), seed: 0, ranks: ranks)
    var streams = [(BatchLoader.labelledStream, noise(ranks?.slots.count ?? batch))]
    for stream in try semiSupervised.map({ try Assembly.streams($0) }) ?? [] {
      streams.append((stream.name, noise(batch, views: stream.views.map(\.name))))
    }
    let sample = TrainingBatch(streams)
    return try repeats.measure { _ in _ = try trainer.advance(sample) }
  }

  /// - Parameter views: their names; drawing them is not part of a step.
  private func noise(_ batch: Int, views: [String] = []) -> Batch {
    func images() -> Tensor { BenchmarkNoise.tensor([batch, 3, cropHeight, cropWidth], -2...2) }
    return Batch(
      images: images(),
      labels: BenchmarkNoise.labels(
        count: batch, height: cropHeight, width: cropWidth, classes: classes, side: 8),
      ids: (0..<batch).map { "noise-\($0)" }, views: views.map { ($0, images()) })
  }
}
