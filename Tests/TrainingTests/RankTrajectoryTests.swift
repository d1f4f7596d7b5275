import Datasets
import Images
import Kernels
import Losses
import Models
import Optimizers
import Ranks
import Tensors
import TestSupport
import Testing
import Training

/// Eleven pictures in memory: stripes of classes over noise, with ignored pixels.
private struct Stripes: SegmentationDataset {
  let name = "stripes"
  let classNames = ["a", "b", "c", "d"]
  let samples = (0..<11).map { SampleFiles(id: "stripes_\($0)", imagePath: "", labelPath: "") }

  func load(_ index: Int) throws -> Sample {
    let (height, width) = (48 + index, 70 - index)
    var random = RandomSource(seed: UInt64(index), purpose: "stripes")
    let labels = (0..<height * width).map { place -> UInt8 in
      let band = (place / width + place % width / 2) / 9
      return band % 6 == 5 ? LabelMap.ignore : UInt8((band + index) % 3)
    }
    let pixels = labels.flatMap { label in
      (0..<3).map { UInt8(40 + 60 * ((Int(label) + $0) % 3) + random.below(30)) }
    }
    return Sample(
      id: samples[index].id, image: ImageBuffer(height: height, width: width, pixels: pixels),
      label: LabelMap(height: height, width: width, values: labels))
  }
}

/// Runs of ranks beside the run of one process, across the ends of epochs.
@Suite(.serialized) struct RankTrajectoryTests {
  private static let iterations = 10

  /// - Parameter nudge: what all initial weights are multiplied with besides.
  private static func losses(
    _ ranks: RankGroup?, nudge: Float = 1
  ) throws -> (losses: [Double], weights: [[Float]]) {
    KernelRuntime.threads = 1
    let model = SegmentationModel(
      Architecture(
        backbone: .mobilenetv2, decoder: .deepLabV3(rates: [1, 2]), outChannels: 32, auxiliaryChannels: 16,
        outputStride: 16, dropout: 0.1, stochasticDepth: 0), classes: 4, seed: 3)
    for parameter in model.parameters {
      for index in 0..<parameter.value.elementCount { parameter.value.pointer[index] *= nudge }
    }
    let loss = SegmentationLoss(
      .init(
        classes: 4, ignoreIndex: LabelMap.ignore, crossEntropyWeight: 0.25, mainWeight: 1,
        auxiliaryWeight: 0.4,
        region: .init(
          weight: 0.75,
          loss: .jaccard(
            JaccardMetricLoss(alpha: 1, beta: 1, smooth: 1, averaging: .dataset, active: .present))),
        smoothing: BoundaryLabelSmoothing(kernel: 3, epsilon: 0.5, classes: 4), distillation: nil))
    let loader = try BatchLoader(
      dataset: Stripes(),
      augmentation: Augmentation(
        stages: [.randomScale(0.5...1.5), .randomFlip(probability: 0.5), .randomCrop(padding: .centre)],
        cropHeight: 32, cropWidth: 48,
        normalization: Normalization(mean: [120, 110, 100], std: [60, 50, 40])),
      batchSize: 4, seed: 2, slots: ranks?.slots)
    let trainer = Trainer(
      step: SupervisedStep(
        model: model,
        optimizer: OptimizerConfiguration(rule: .sgd(momentum: 0.9), weightDecay: 5e-4, headMultiplier: 10)
          .optimizer(for: model), loss: loss),
      schedule: PolySchedule(
        baseRate: 1e-4, iterations: iterations, warmUpRatio: 0, warmUpFloor: 1e-6, power: 0.9),
      seed: 7, ranks: ranks)
    var losses: [Double] = []
    while !trainer.isFinished {
      losses.append(try trainer.advance(try loader.batches(at: trainer.iteration)).loss)
    }
    return (losses, model.weights.tensors.map { $0.tensor.values })
  }

  /// The length of the difference of all weights.
  private static func distance(_ one: [[Float]], _ other: [[Float]]) -> Double {
    zip(one.joined(), other.joined()).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
      .squareRoot()
  }

  /// Epochs of two batches: five ends of epochs. Ranks leave the run of one process as slowly as one process does whose
  /// weights were another in the last bits: batch norms over a few pixels make much of any rounding.
  @Test(arguments: [2, 3]) func runsStayTogetherAcrossEpochs(_ size: Int) throws {
    let whole = try alone { try Self.losses(nil) }
    let nudged = try alone { try Self.losses(nil, nudge: 1 + 0x1p-22) }
    let parts = try onRanks(size) { try Self.losses(RankGroup($0, batch: 4)) }
    for part in parts {
      #expect(part.losses == parts[0].losses && part.weights == parts[0].weights)
    }
    // The first step has the same weights.
    expectClose(parts[0].losses[0], whole.losses[0], tolerance: 0, relative: 1e-5)
    func most(_ losses: [Double]) -> Double { zip(losses, whole.losses).map { abs($0 - $1) }.max() ?? 0 }
    #expect(
      most(parts[0].losses) <= 3 * most(nudged.losses),
      "\(size) ranks: \(most(parts[0].losses)); one process with other last bits: \(most(nudged.losses))")
    let (mine, usual) = (
      Self.distance(parts[0].weights, whole.weights), Self.distance(nudged.weights, whole.weights)
    )
    #expect(mine <= 3 * usual, "\(size) ranks: \(mine); one process with other last bits: \(usual)")
  }
}
