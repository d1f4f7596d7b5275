import Autograd
import Datasets
import Foundation
import Kernels
import Losses
import Models
import Optimizers
import Tensors

/// What one step did.
public struct StepReport: Sendable {
  /// Steps done, this one included.
  public let iteration: Int
  public let loss: Double
  /// Its weighted cross entropy part.
  public let crossEntropy: Double
  /// Its weighted Jaccard part.
  public let jaccard: Double
  /// Of the backbone.
  public let learningRate: Double
  /// Wall time of the step.
  public let seconds: Double
}

/// Everything a resumed run needs to end with the same bits. Plain tensors by dotted name.
public struct TrainerState: Sendable {
  /// Steps done.
  public let iteration: Int
  public let weights: [SegmentationModel.NamedValues]
  public let buffers: [SegmentationModel.NamedValues]
  /// Velocities, or running means of gradients.
  public let momentum: [SegmentationModel.NamedValues]
  /// Running means of squared gradients; empty for optimizers without.
  public let secondMoment: [SegmentationModel.NamedValues]

  public init(
    iteration: Int, weights: [SegmentationModel.NamedValues], buffers: [SegmentationModel.NamedValues],
    momentum: [SegmentationModel.NamedValues], secondMoment: [SegmentationModel.NamedValues]
  ) {
    self.iteration = iteration
    self.weights = weights
    self.buffers = buffers
    self.momentum = momentum
    self.secondMoment = secondMoment
  }
}

/// The training loop's body, supervised or distilling. A step is a function of (state, iteration, batch, seed).
public final class Trainer {
  public let model: SegmentationModel
  public private(set) var iteration = 0
  private let teacher: (any Teacher)?
  private let loss: SegmentationLoss
  private let configuration: TrainingConfiguration
  private let schedule: PolySchedule
  private let optimizer: any Optimizer

  /// - Parameter teacher: given if and only if the loss distils.
  public init(
    model: SegmentationModel, loss: SegmentationLoss, teacher: (any Teacher)?,
    configuration: TrainingConfiguration
  ) {
    precondition(
      (teacher != nil) == (loss.configuration.distillation != nil),
      "Trainer: a teacher goes with a loss that distils, and only with one")
    self.model = model
    self.loss = loss
    self.teacher = teacher
    self.configuration = configuration
    schedule = PolySchedule(
      baseRate: configuration.learningRate, iterations: configuration.iterations,
      warmUpRatio: configuration.warmUpRatio, warmUpFloor: configuration.warmUpFloor,
      power: configuration.power)
    let rule = { (parameter: Parameter) in
      ParameterRule(
        rateMultiplier: SegmentationModel.isBackbone(parameter) ? 1 : configuration.headMultiplier,
        weightDecay: parameter.shape.rank > 1 ? configuration.weightDecay : 0)
    }
    switch configuration.optimizer {
    case .sgd(let momentum): optimizer = SGD(model.parameters, momentum: momentum, rule: rule)
    case .adamW(let beta1, let beta2, let epsilon):
      optimizer = AdamW(model.parameters, beta1: beta1, beta2: beta2, epsilon: epsilon, rule: rule)
    }
  }

  /// One forward and backward pass and an update.
  ///
  /// - Throws: `TrainingError.diverged` before the update when the loss is not finite; `LossError` for a label that is
  ///   no class; what the teacher throws.
  public func step(_ batch: Batch) throws -> StepReport {
    let start = ContinuousClock.now
    let rate = schedule.rate(at: iteration)
    let teacherLogits = try teacher?.logits(of: batch.images, iteration: iteration)
    let pass = ForwardPass.training(seed: configuration.seed, iteration: iteration)
    let logits = model(Variable(constant: batch.images), pass)
    let result = try Profiler.measure("loss head") {
      try loss(
        main: logits.main.value, auxiliary: logits.auxiliary.value, labels: batch.labels,
        teacher: teacherLogits)
    }
    guard result.total.isFinite else {
      throw TrainingError.diverged(iteration: iteration, loss: result.total)
    }
    var seeds = [(logits.main, result.mainGradient)]
    if let auxiliary = result.auxiliaryGradient { seeds.append((logits.auxiliary, auxiliary)) }
    if let gradients = pass.tape?.backward(seeds) {
      Profiler.measure("optimizer") { optimizer.step(gradients, rate: rate) }
    }
    iteration += 1
    let elapsed = start.duration(to: .now).components
    return StepReport(
      iteration: iteration, loss: result.total, crossEntropy: result.crossEntropy, jaccard: result.jaccard,
      learningRate: rate, seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
  }

  /// Copies of the state, safe to keep while training goes on.
  public func snapshot() -> TrainerState {
    let memory = optimizer.state()
    return TrainerState(
      iteration: iteration, weights: model.weights(), buffers: model.runningStatistics(),
      momentum: memory.first, secondMoment: memory.second)
  }

  /// Continues from `state`.
  ///
  /// - Throws: `TrainingError.unfitState` when names or shapes differ from the model's.
  public func restore(_ state: TrainerState) throws(TrainingError) {
    do {
      try model.load(weights: state.weights, buffers: state.buffers)
    } catch {
      throw .unfitState(error.description)
    }
    let memory = OptimizerState(first: state.momentum, second: state.secondMoment)
    let failed = optimizer.restore(memory, steps: state.iteration)
    guard failed.isEmpty else {
      throw .unfitState("no optimizer state for \(failed.prefix(3).joined(separator: ", "))")
    }
    iteration = state.iteration
  }
}
