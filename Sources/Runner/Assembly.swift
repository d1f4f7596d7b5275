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

  /// Bytes of decoded images and labels that a run keeps in memory.
  private static let cacheBytes = 1 << 31

  public init(_ spec: RunSpec, data: PreparedData) {
    self.spec = spec
    self.data = data
  }

  private var seed: UInt64 { UInt64(spec.seed) }

  // MARK: Data

  private static func normalization(_ recipe: RecipeSpec) -> Normalization {
    // The registry has made sure that there are three.
    Normalization(
      mean: SIMD3(recipe.normalisation.mean.map { Float($0) }),
      std: SIMD3(recipe.normalisation.std.map { Float($0) }))
  }

  /// - Parameters: `cropHeight`, `cropWidth`: pixels.
  public static func augmentation(_ recipe: RecipeSpec, cropHeight: Int, cropWidth: Int) -> Augmentation {
    // A stage that the recipe does not have changes nothing.
    var scale = 1.0...1.0
    var flipProbability = 0.0
    for stage in recipe.augmentation {
      switch stage {
      case .randomScale(let range): scale = range
      case .randomFlip(let probability): flipProbability = probability
      case .randomCrop: break
      }
    }
    return Augmentation(
      scale: scale, flipProbability: flipProbability, cropHeight: cropHeight, cropWidth: cropWidth,
      normalization: normalization(recipe))
  }

  private func working(_ dataset: any SegmentationDataset) -> any SegmentationDataset {
    guard let side = spec.scale.workingShortSide else { return dataset }
    return ShrunkDataset(dataset, shortSide: side)
  }

  /// - Throws: `DatasetError.fewerSamplesThanBatch`.
  public func loader() throws -> BatchLoader {
    let augmentation = Assembly.augmentation(
      spec.recipe, cropHeight: spec.scale.cropHeight, cropWidth: spec.scale.cropWidth)
    return try BatchLoader(
      dataset: CachedDataset(working(data.train), byteLimit: Assembly.cacheBytes), augmentation: augmentation,
      batchSize: spec.scale.batch, seed: seed)
  }

  public var validation: any SegmentationDataset { working(data.validation) }

  /// The images that the run is evaluated on: the first ones of the split's list.
  public var validationIndices: [Int] {
    Array(0..<min(data.validation.count, spec.scale.maximumValidationImages ?? data.validation.count))
  }

  public var evaluationTransform: EvaluationTransform {
    EvaluationTransform(
      normalization: Assembly.normalization(spec.recipe), minimumHeight: spec.scale.cropHeight,
      minimumWidth: spec.scale.cropWidth)
  }

  public var evaluator: Evaluator {
    Evaluator(
      classes: spec.data.classes, cropHeight: spec.scale.cropHeight, cropWidth: spec.scale.cropWidth,
      strideRatio: spec.recipe.inference.strideRatio, boundaryKernel: spec.recipe.inference.boundaryKernel)
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

  /// - Parameters:
  ///   - iterations: of the whole run, which the schedule is made for.
  ///   - seed: of dropout.
  public static func training(_ recipe: RecipeSpec, iterations: Int, seed: UInt64) -> TrainingConfiguration {
    let optimizer: TrainingConfiguration.Optimizer =
      switch recipe.optimizer.kind {
      case .sgd(let momentum): .sgd(momentum: momentum)
      case .adamw(let beta1, let beta2, let epsilon): .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon)
      }
    let power =
      switch recipe.schedule.kind {
      case .poly(let power): power
      }
    return TrainingConfiguration(
      iterations: iterations, learningRate: recipe.optimizer.learningRate, optimizer: optimizer,
      weightDecay: recipe.optimizer.weightDecay, headMultiplier: recipe.optimizer.headMultiplier,
      power: power,
      warmUpRatio: recipe.schedule.warmupRatio, warmUpFloor: recipe.schedule.warmupFloor, seed: seed)
  }

  public var training: TrainingConfiguration {
    Assembly.training(spec.recipe, iterations: spec.scale.iterations, seed: seed)
  }
}
