/// How a run is optimised: Section 5 of the paper and the authors' recipe. There are no defaults: values come from the
/// experiment.
public struct TrainingConfiguration: Sendable, Hashable {
  public enum Optimizer: Sendable, Hashable {
    case sgd(momentum: Double)
    case adamW(beta1: Double, beta2: Double, epsilon: Double)
  }

  public var iterations: Int
  /// Of the backbone, after warm-up.
  public var learningRate: Double
  public var optimizer: Optimizer
  /// L2 (SGD) or decoupled (AdamW) decay of parameters with two or more axes; norms and biases have none.
  public var weightDecay: Double
  /// Factor on the learning rate of decoder and heads.
  public var headMultiplier: Double
  /// Exponent of the polynomial decay.
  public var power: Double
  /// Warm-up iterations as a fraction of all.
  public var warmUpRatio: Double
  /// Learning rate of the backbone at iteration 0.
  public var warmUpFloor: Double
  /// Seeds dropout; the model and the batches take it on their own.
  public var seed: UInt64

  public init(
    iterations: Int, learningRate: Double, optimizer: Optimizer, weightDecay: Double, headMultiplier: Double,
    power: Double, warmUpRatio: Double, warmUpFloor: Double, seed: UInt64
  ) {
    self.iterations = iterations
    self.learningRate = learningRate
    self.optimizer = optimizer
    self.weightDecay = weightDecay
    self.headMultiplier = headMultiplier
    self.power = power
    self.warmUpRatio = warmUpRatio
    self.warmUpFloor = warmUpFloor
    self.seed = seed
  }
}
