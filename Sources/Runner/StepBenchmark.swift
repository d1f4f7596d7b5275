import Datasets
import Experiments
import Foundation
import Kernels
import Models
import Tensors
import Training

/// Times training steps on random images: what a step costs without data loading.
public struct StepBenchmark: Sendable {
  public let model: ModelSpec
  public let loss: LossSpec
  public let label: LabelSpec
  public let recipe: RecipeSpec
  public let batch: Int
  /// Pixels.
  public let cropHeight: Int
  /// Pixels.
  public let cropWidth: Int
  public let classes: Int
  public let threads: Int
  /// Steps that are timed, after the warm-up.
  public let steps: Int
  public let warmUp: Int

  public struct Result: Sendable {
    /// Median.
    public let secondsPerStep: Double
    public let seconds: [Double]
    /// Of the process.
    public let peakMemoryBytes: Int
    /// In tensors.
    public let peakTensorBytes: Int
    /// Mean seconds a timed step spends in each kind of kernel, the largest first.
    public let byKind: [(kind: String, seconds: Double)]
  }

  public init(
    model: ModelSpec, loss: LossSpec, label: LabelSpec, recipe: RecipeSpec, batch: Int, cropHeight: Int,
    cropWidth: Int, classes: Int, threads: Int, steps: Int, warmUp: Int
  ) {
    self.model = model
    self.loss = loss
    self.label = label
    self.recipe = recipe
    self.batch = batch
    self.cropHeight = cropHeight
    self.cropWidth = cropWidth
    self.classes = classes
    self.threads = threads
    self.steps = steps
    self.warmUp = warmUp
  }

  /// - Parameter progress: steps done, warm-up included, and their seconds.
  /// - Throws: `TrainingError.diverged`.
  public func run(progress: (Int, Double) -> Void) throws -> Result {
    Library.threads = threads
    let configuration = TrainingConfiguration(
      iterations: steps + warmUp, learningRate: recipe.learningRate, optimizer: Assembly.optimizer(recipe),
      weightDecay: recipe.weightDecay, headMultiplier: recipe.headMultiplier, power: recipe.power,
      warmUpRatio: recipe.warmupRatio, warmUpFloor: recipe.warmupFloor, seed: 0)
    let trainer = Trainer(
      model: SegmentationModel(Assembly.architecture(model), classes: classes, seed: 0),
      loss: Assembly.loss(loss, label: label, distillation: nil, classes: classes), teacher: nil,
      configuration: configuration)
    let sample = batchOfNoise()
    var seconds: [Double] = []
    defer { Profile.set(on: false) }
    for step in 0..<warmUp + steps {
      if step == warmUp { Profile.set(on: true) }
      let report = try trainer.step(sample)
      progress(step + 1, report.seconds)
      if step >= warmUp { seconds.append(report.seconds) }
    }
    let sorted = seconds.sorted()
    let middle = sorted.count / 2
    let median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    return Result(
      secondsPerStep: median, seconds: seconds, peakMemoryBytes: Machine.peakMemoryBytes,
      peakTensorBytes: MemoryPool.peakBytes,
      byKind: Profile.report.map { ($0.kind, $0.seconds / Double(steps)) })
  }

  /// Noise with labels in blocks of 8 x 8 pixels, every class among them.
  private func batchOfNoise() -> Batch {
    var random = RandomSource(seed: 0, purpose: "step benchmark")
    let area = cropHeight * cropWidth
    let images = Tensor(
      (0..<batch * 3 * area).map { _ in Float(random.uniform(-2, 2)) },
      shape: [batch, 3, cropHeight, cropWidth])
    let across = (cropWidth + 7) / 8
    let labels = (0..<batch * area).map { index in
      let (y, x) = (index / cropWidth, index % cropWidth)
      return UInt8((y / 8 * across + x / 8) % classes)
    }
    return Batch(
      images: images,
      labels: LabelBatch(count: batch, height: cropHeight, width: cropWidth, values: labels),
      ids: (0..<batch).map { "noise-\($0)" })
  }
}
