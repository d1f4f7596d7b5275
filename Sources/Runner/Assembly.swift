import Datasets
import Experiments
import Foundation
import Images
import Kernels
import Methods
import Models
import Ranks
import Tensors
import Training
import Weights

/// Turns a run spec into engine objects: the only place that knows both worlds.
public struct Assembly: Sendable {
  public let spec: RunSpec
  public let data: PreparedData
  /// Whether the network that is trained computes its blocks again on the way back: less memory, the same bits.
  public let recomputesActivations: Bool
  private let samples: (train: any SegmentationDataset, validation: any SegmentationDataset)

  /// Bytes of decoded images and labels that a run keeps in memory.
  private static let cacheBytes = 1 << 31

  public init(_ spec: RunSpec, data: PreparedData, recomputesActivations: Bool = false) {
    self.spec = spec
    self.data = data
    self.recomputesActivations = recomputesActivations
    samples = data.samples(fold: spec.fold)
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
  /// - Throws: `DatasetError.augmentation`.
  public static func augmentation(_ recipe: RecipeSpec, cropHeight: Int, cropWidth: Int) throws
    -> Augmentation
  {
    try Augmentation(
      stages: recipe.augmentation.map { stage in
        switch stage {
        case .randomScale(let range): .randomScale(range)
        case .randomLongSide(let range): .randomLongSide(range)
        case .randomFlip(let probability): .randomFlip(probability: probability)
        case .randomCrop(.centre): .randomCrop(padding: .centre)
        case .randomCrop(.end): .randomCrop(padding: .end)
        }
      }, cropHeight: cropHeight, cropWidth: cropWidth, normalization: normalization(recipe))
  }

  private func working(_ dataset: any SegmentationDataset) -> any SegmentationDataset {
    guard let side = spec.scale.workingShortSide else { return dataset }
    return ShrunkDataset(dataset, shortSide: side)
  }

  /// The batches of the run: the labelled stream and, of a semi-supervised run, those that its method asks for, which draw
  /// independently. Each has epochs of its own length, so that few labelled images come back often.
  ///
  /// - Parameters:
  ///   - seed: nil for the run's.
  ///   - ranks: who reads the other samples of each batch, of a run that `checkSharing` lets pass.
  ///   - cacheBytes: of decoded samples that are kept; nil: as many as a run keeps, 0: each is decoded each time.
  /// - Throws: `DatasetError.fewerSamplesThanBatch`, `.augmentation`, and for a list of labelled images that does not
  ///   fit; `RunnerError.otherList`, `.unknownMethod`.
  public func batches(
    seed: UInt64? = nil, methods: MethodTypes = .all, ranks: RankGroup? = nil, cacheBytes: Int? = nil
  ) throws -> StreamLoader {
    let augmentation = try Assembly.augmentation(
      spec.recipe, cropHeight: spec.scale.cropHeight, cropWidth: spec.scale.cropWidth)
    func loader(
      _ dataset: any SegmentationDataset, batch: Int, stream: String, views: [NamedView] = []
    ) throws -> BatchLoader {
      try BatchLoader(
        dataset: dataset, augmentation: augmentation, batchSize: batch, seed: seed ?? self.seed,
        stream: stream, views: views, slots: ranks?.slots)
    }
    func cached(_ dataset: any SegmentationDataset) -> any SegmentationDataset {
      CachedDataset(working(dataset), byteLimit: cacheBytes ?? Assembly.cacheBytes / (ranks?.size ?? 1))
    }
    guard let semi = spec.semiSupervised, let split = spec.labelled else {
      return StreamLoader([
        try loader(cached(samples.train), batch: spec.scale.batch, stream: BatchLoader.labelledStream)
      ])
    }
    let (labelled, others) = try data.labelled(split, of: samples.train)
    let named = SubsetDataset(samples.train, indices: labelled, name: "\(samples.train.name), labelled")
    let unlabelled = cached(UnlabelledDataset(SubsetDataset(samples.train, indices: others)))
    let streams = try Assembly.streams(semi, methods: methods)
    guard let batch = semi.unlabelledBatch ?? (streams.isEmpty ? 0 : nil) else {
      preconditionFailure("Assembly.batches: '\(semi.name)' has unlabelled streams and no batch for them")
    }
    return StreamLoader(
      [try loader(cached(named), batch: spec.scale.batch, stream: BatchLoader.labelledStream)]
        + (try streams.map { try loader(unlabelled, batch: batch, stream: $0.name, views: $0.views) }))
  }

  /// Prepares the batches of `range` ahead of a run's training, on one thread beside its kernels'.
  public static func prefetcher(_ source: any BatchSource, _ range: Range<Int>) -> Prefetcher {
    Prefetcher(source: source, range: range, depth: 4, workers: 1)
  }

  public var validation: any SegmentationDataset { working(samples.validation) }

  /// The images that the run is evaluated on: the first ones of the split's list.
  public var validationIndices: [Int] {
    let count = samples.validation.count
    return Array(0..<min(count, spec.scale.maximumValidationImages ?? count))
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
    guard let backbone = Architecture.Backbone(rawValue: model.backbone.rawValue) else {
      preconditionFailure("Assembly: Models has no backbone '\(model.backbone.rawValue)'")
    }
    let decoder: Architecture.Decoder
    let channels: Int
    switch model.decoder {
    case .deeplabv3(let out, let rates): (decoder, channels) = (.deepLabV3(rates: rates), out)
    case .pspnet(let out, let bins): (decoder, channels) = (.pspNet(bins: bins), out)
    case .deeplabv3plus(let out, let rates, let shortcut, let style):
      let convolutions: Architecture.DeepLabV3PlusConvolutions =
        switch style {
        case .separable: .separable
        case .plain: .plain
        }
      (decoder, channels) = (
        .deepLabV3Plus(rates: rates, shortcutChannels: shortcut, convolutions: convolutions), out
      )
    case .unet(let widths): (decoder, channels) = (.uNet(widths: widths), widths[widths.count - 1])
    case .segformer(let out): (decoder, channels) = (.segFormer, out)
    case .classifier(let isPooled):
      (decoder, channels) = (.classifier(isPooled: isPooled), backbone.channels[backbone.channels.count - 1])
    }
    return Architecture(
      backbone: backbone, decoder: decoder, outChannels: channels, auxiliaryChannels: model.auxiliaryChannels,
      outputStride: model.outputStride, dropout: model.dropout,
      stochasticDepth: model.stochasticDepth ?? 0, multiGrid: model.multiGrid)
  }

  /// A network with the initial values of the run's seed, and a backbone from a finished run or a file where the
  /// experiment says so.
  ///
  /// - Parameter backbone: the finished run of that role; given if the model starts from one.
  /// - Throws: `WeightsError` when the file is not the one that the run was planned with, or does not fit;
  ///   `RunnerError.backboneDiffers`, `.noPrecision`.
  func model(backbone: InputRuns.Stored?) throws -> SegmentationModel {
    let model = SegmentationModel(
      Assembly.architecture(spec.model), classes: spec.data.classes, seed: seed,
      precision: try Assembly.precision(spec.recipe.precision, recipe: spec.recipe.name),
      recomputesBlocks: recomputesActivations,
      loadsBackbone: spec.model.weights == .pretrained || spec.recipe.backboneWeights != nil)
    switch spec.model.weights {
    case .random: if let weights = spec.recipe.backboneWeights { try load(weights, into: model) }
    case .pretrained:
      guard let backbone else {
        preconditionFailure("Assembly.model: \(spec.id) starts from a run that is not given")
      }
      guard backbone.spec.model.backbone == spec.model.backbone else {
        throw RunnerError.backboneDiffers(
          run: spec.id.text, wanted: spec.model.backbone.rawValue,
          found: backbone.spec.model.backbone.rawValue)
      }
      model.assignBackbone(StateDict(backbone.tensors.map { ($0.name, $0.tensor) }))
    }
    return model
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
  ///
  /// - Throws: `RunnerError.noPrecision`.
  public static func emptyModel(_ spec: RunSpec) throws -> SegmentationModel {
    SegmentationModel(
      architecture(spec.model), classes: spec.data.classes, seed: nil,
      precision: try precision(spec.recipe.precision, recipe: spec.recipe.name))
  }

  /// - Throws: `RunnerError.noPrecision` where the CPU lacks the instructions.
  public static func precision(_ precision: RecipeSpec.Precision, recipe: String) throws -> Precision {
    switch precision {
    case .float32: return .float32
    case .bfloat16:
      guard Precision.bfloat16.isAvailable else {
        throw RunnerError.noPrecision(
          recipe: recipe, precision: precision.rawValue, needs: "AVX-512 BF16")
      }
      return .bfloat16
    }
  }
}
