import Autograd
import Tensors

/// Layer normalisation over the channels of tokens [B, N, C].
public struct LayerNorm: Sendable {
  public let weight: Parameter
  public let bias: Parameter
  private let epsilon: Float

  public init(_ scope: ParameterScope, channels: Int, epsilon: Float) {
    weight = scope.parameter("weight", [channels]) { _ in [Float](repeating: 1, count: channels) }
    bias = scope.parameter("bias", [channels]) { _ in [Float](repeating: 0, count: channels) }
    self.epsilon = epsilon
  }

  /// [B, N, C] to the same shape.
  public func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    pass.layerNormalization(x, scale: weight, shift: bias, epsilon: epsilon)
  }
}
