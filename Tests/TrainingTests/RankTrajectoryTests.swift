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

  private static func losses(_ ranks: RankGroup?) throws -> (losses: [Double], weights: [[Float]]) {
    KernelRuntime.threads = 1
    let model = SegmentationModel(
      Architecture(
        backbone: .mobilenetv2, decoder: .deepLabV3(rates: [1, 2]), outChannels: 32, auxiliaryChannels: 16,
        outputStride: 16, dropout: 0.1, stochasticDepth: 0), classes: 4, seed: 3)
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

  /// Epochs of two batches: five ends of epochs.
  @Test(arguments: [2, 3]) func runsStayTogetherAcrossEpochs(_ size: Int) throws {
    let whole = try alone { try Self.losses(nil) }
    let parts = try onRanks(size) { try Self.losses(RankGroup($0, batch: 4)) }
    for part in parts {
      #expect(part.losses == parts[0].losses && part.weights == parts[0].weights)
    }
    expectClose(actual: parts[0].losses, expected: whole.losses, tolerance: 0, relative: 1e-3)
    for (mine, other) in zip(parts[0].weights, whole.weights) {
      let largest = other.reduce(0) { max($0, abs($1)) }
      expectClose(actual: mine, expected: other, tolerance: 1e-3 * largest)
    }
  }
}
