import Datasets
import Experiments
import Foundation
import Images
import Losses
import Models
import Tensors
import Training
import Weights

/// Turns a run spec into engine objects: the only place that knows both worlds.
public struct Assembly: Sendable {
  public let spec: RunSpec
  public let data: PreparedData
  private let samples: (train: any SegmentationDataset, validation: any SegmentationDataset)

  /// Window of the boundary pixels of BECE, in pixels. The paper does not state it; 3 is its label
  /// smoothing's.
  private static let boundaryKernel = 3
  /// Bytes of decoded images and labels that a run keeps in memory.
  private static let cacheBytes = 1 << 31

  public init(_ spec: RunSpec, data: PreparedData) {
    self.spec = spec
    self.data = data
    samples = data.samples(fold: spec.fold)
  }

  private var seed: UInt64 { UInt64(spec.seed) }

  // MARK: Data

  private var normalization: Normalization {
    // The registry has made sure that there are three.
    Normalization(
      mean: SIMD3(spec.recipe.mean.map { Float($0) }), std: SIMD3(spec.recipe.std.map { Float($0) }))
  }

  private func working(_ dataset: any SegmentationDataset) -> any SegmentationDataset {
    guard let side = spec.scale.workingShortSide else { return dataset }
    return ShrunkDataset(dataset, shortSide: side)
  }

  /// - Throws: `DatasetError.augmentation`.
  private func augmentation() throws -> Augmentation {
    try Augmentation(
      stages: [
        .randomScale(spec.recipe.scale), .randomFlip(probability: spec.recipe.flipProbability), .randomCrop,
      ], cropHeight: spec.scale.cropHeight, cropWidth: spec.scale.cropWidth, normalization: normalization)
  }

  /// - Parameter seed: nil for the run's.
  /// - Throws: `DatasetError.fewerSamplesThanBatch`, `.augmentation`.
  public func loader(seed: UInt64? = nil) throws -> BatchLoader {
    try BatchLoader(
      dataset: CachedDataset(working(samples.train), byteLimit: Assembly.cacheBytes),
      augmentation: augmentation(), batchSize: spec.scale.batch, seed: seed ?? self.seed)
  }

  public var validation: any SegmentationDataset { working(samples.validation) }

  /// The images that the run is evaluated on: the first ones of the split's list.
  public var validationIndices: [Int] {
    let count = samples.validation.count
    return Array(0..<min(count, spec.scale.maximumValidationImages ?? count))
  }

  public var evaluationTransform: EvaluationTransform {
    EvaluationTransform(
      normalization: normalization, minimumHeight: spec.scale.cropHeight, minimumWidth: spec.scale.cropWidth)
  }

  public var evaluator: Evaluator {
    Evaluator(
      classes: spec.data.classes, cropHeight: spec.scale.cropHeight, cropWidth: spec.scale.cropWidth,
      strideRatio: spec.recipe.evaluationStrideRatio, boundaryKernel: Assembly.boundaryKernel)
  }

  // MARK: Model

  public static func architecture(_ model: ModelSpec) -> Architecture {
    let backbone: Architecture.Backbone =
      switch model.backbone {
      case .resnet18d: .resnet18d
      case .resnet50d: .resnet50d
      case .resnet101d: .resnet101d
      case .mobilenetv2_100: .mobilenetv2
      case .mit_b0: .mitB0
      case .mit_b1: .mitB1
      case .mit_b2: .mitB2
      case .mit_b3: .mitB3
      case .mit_b4: .mitB4
      case .mit_b5: .mitB5
      }
    let decoder: Architecture.Decoder
    let channels: Int
    switch model.decoder {
    case .deeplabv3(let out, let rates): (decoder, channels) = (.deepLabV3(rates: rates), out)
    case .pspnet(let out, let bins): (decoder, channels) = (.pspNet(bins: bins), out)
    case .deeplabv3plus(let out, let rates, let shortcut):
      (decoder, channels) = (.deepLabV3Plus(rates: rates, shortcutChannels: shortcut), out)
    case .unet(let widths): (decoder, channels) = (.uNet(widths: widths), widths[widths.count - 1])
    case .segformer(let out): (decoder, channels) = (.segFormer, out)
    }
    return Architecture(
      backbone: backbone, decoder: decoder, outChannels: channels, auxiliaryChannels: model.auxiliaryChannels,
      outputStride: model.outputStride, dropout: model.dropout,
      stochasticDepth: model.stochasticDepth ?? 0)
  }

  /// A network with the initial values of the run's seed, and a backbone from a file where the recipe names one.
  ///
  /// - Throws: `WeightsError` when the file is not the one that the run was planned with, or does not fit.
  public func model() throws -> SegmentationModel {
    switch spec.model.weights {
    case .random:
      let model = SegmentationModel(
        Assembly.architecture(spec.model), classes: spec.data.classes, seed: seed)
      if let weights = spec.recipe.backboneWeights { try load(weights, into: model) }
      return model
    }
  }

  private func load(_ weights: BackboneWeights, into model: SegmentationModel) throws {
    let url = URL(fileURLWithPath: weights.path)
    let digest = try FileHash.sha256(of: url)
    guard digest == weights.sha256 else {
      throw WeightsError.otherContent(
        path: weights.path, found: digest, expected: weights.sha256 ?? "unknown")
    }
    let file = try WeightFile(reading: url)
    try WeightImport(file, into: model, scope: .backbone).apply(
      to: model, named: "backbone \(spec.model.backbone.rawValue)")
  }

  /// A network whose values are about to be overwritten: a teacher.
  public static func emptyModel(_ spec: RunSpec) -> SegmentationModel {
    SegmentationModel(architecture(spec.model), classes: spec.data.classes, seed: nil)
  }

  // MARK: Loss

  public var loss: SegmentationLoss {
    Assembly.loss(
      spec.loss, label: spec.label, distillation: spec.distillation?.spec, classes: spec.data.classes)
  }

  public static func loss(
    _ loss: LossSpec, label: LabelSpec, distillation: DistillationSpec?, classes: Int
  ) -> SegmentationLoss {
    let smoothing: BoundaryLabelSmoothing? =
      switch label.kind {
      case .hard: nil
      case .boundarySmoothing(let kernel, let epsilon):
        BoundaryLabelSmoothing(
          window: kernel.map { .pixels($0) } ?? .everywhere, epsilon: epsilon, classes: classes,
          ignoreIndex: LabelMap.ignore)
      }
    let region: RegionLoss =
      if let lovasz = loss.lovasz {
        .lovasz(LovaszSoftmax(active: active(lovasz.activeClasses, threshold: lovasz.threshold)))
      } else {
        .jaccard(jaccard(loss.jaccard, active: loss.jaccard?.activeClasses ?? .all))
      }
    return SegmentationLoss(
      SegmentationLoss.Configuration(
        classes: classes, ignoreIndex: LabelMap.ignore, crossEntropyWeight: loss.crossEntropyWeight,
        jaccardWeight: loss.jaccard?.weight ?? loss.lovasz?.weight ?? 0, mainWeight: loss.mainWeight,
        auxiliaryWeight: loss.auxiliaryWeight, region: region, smoothing: smoothing,
        distillation: distillation.map { distil($0, loss) }))
  }

  private static func distil(_ spec: DistillationSpec, _ loss: LossSpec) -> SegmentationLoss.Distillation {
    // Without a Jaccard term of its own, the loss's Jaccard term sees the labels alone at full weight.
    SegmentationLoss.Distillation(
      crossEntropyLabelWeight: spec.crossEntropyLabelWeight,
      crossEntropyTeacherWeight: spec.crossEntropyTeacherWeight,
      jaccardLabelWeight: spec.jaccard?.labelWeight ?? 1,
      jaccardTeacherWeight: spec.jaccard?.teacherWeight ?? 0,
      temperature: spec.temperature,
      jaccard: jaccard(loss.jaccard, active: spec.jaccard?.activeClasses ?? .all))
  }

  /// - Parameter spec: nil for a loss without Jaccard term, whose weight is 0 then.
  private static func jaccard(_ spec: JaccardSpec?, active: Experiments.ActiveClasses) -> JaccardMetricLoss {
    let form: JaccardMetricLoss.Form =
      switch spec?.form ?? .jml1 {
      case .jml1: .jml1
      case .jml2: .jml2
      case .sjlL1: .sjlL1
      case .sjlL2: .sjlL2
      }
    return JaccardMetricLoss(
      form: form, alpha: spec?.alpha ?? 1, beta: spec?.beta ?? 1, smooth: spec?.smooth ?? 1,
      averaging: JaccardMetricLoss.Averaging(
        perDataset: spec?.datasetWeight ?? 1, perImage: spec?.imageWeight ?? 0,
        perClass: spec?.classWeight ?? 0),
      active: Assembly.active(active, threshold: spec?.threshold ?? 0),
      isLogarithmic: spec?.isLogarithmic ?? false, gamma: spec?.gamma ?? 1, classWeights: spec?.classFactors)
  }

  private static func active(
    _ classes: Experiments.ActiveClasses, threshold: Double
  ) -> Losses.ActiveClasses {
    switch classes {
    case .all: .all
    case .present: .present
    case .prob: .probability(threshold: threshold)
    case .label: .label(threshold: threshold)
    case .both: .both(threshold: threshold)
    }
  }

  // MARK: Training

  public static func optimizer(_ recipe: RecipeSpec) -> TrainingConfiguration.Optimizer {
    switch recipe.optimizer {
    case .sgd(let momentum): .sgd(momentum: momentum)
    case .adamw(let beta1, let beta2, let epsilon): .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon)
    }
  }

  public var training: TrainingConfiguration {
    let recipe = spec.recipe
    return TrainingConfiguration(
      iterations: spec.scale.iterations, learningRate: recipe.learningRate,
      optimizer: Assembly.optimizer(recipe),
      weightDecay: recipe.weightDecay, headMultiplier: recipe.headMultiplier, power: recipe.power,
      warmUpRatio: recipe.warmupRatio, warmUpFloor: recipe.warmupFloor, seed: seed)
  }
}
