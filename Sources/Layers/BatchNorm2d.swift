import Autograd
import Kernels
import Tensors

/// Batch normalisation over (B, H, W), momentum 0.1 and epsilon 1e-5 in every network of the paper, followed by an
/// activation.
public struct BatchNorm2d: Sendable {
  public let weight: Parameter
  public let bias: Parameter
  public let runningMean: ModelBuffer
  public let runningVariance: ModelBuffer
  let momentum: Float
  let epsilon: Float
  let activation: Activation

  /// - Parameter initialScale: 1, or 0 for the last norm of a residual block, which then starts as the identity.
  public init(
    _ scope: ParameterScope, channels: Int, momentum: Float, epsilon: Float, activation: Activation,
    initialScale: Float = 1
  ) {
    weight = scope.parameter("weight", [channels]) { _ in [Float](repeating: initialScale, count: channels) }
    bias = scope.parameter("bias", [channels]) { _ in [Float](repeating: 0, count: channels) }
    runningMean = scope.buffer("running_mean", [channels], repeating: 0)
    runningVariance = scope.buffer("running_var", [channels], repeating: 1)
    self.momentum = momentum
    self.epsilon = epsilon
    self.activation = activation
  }

  /// [B, C, H, W] to the same shape.
  public func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    pass.batchNormalization(
      x, scale: weight, shift: bias, runningMean: runningMean, runningVariance: runningVariance,
      momentum: momentum, epsilon: epsilon, activation: activation)
  }
}
