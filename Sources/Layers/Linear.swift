import Autograd
import Kernels
import Tensors

/// A dense layer: y = x * weight^T + bias.
public struct Linear: Sendable {
  /// [out, in]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?
  private let precision: Precision

  public init(_ scope: ParameterScope, inputs: Int, outputs: Int, bias: Bool, initializer: Initializer) {
    precision = scope.precision
    weight = scope.parameter(
      "weight", [outputs, inputs], initial: initializer.distribution([outputs, inputs]))
    self.bias = bias ? scope.parameter("bias", [outputs]) { _ in [Float](repeating: 0, count: outputs) } : nil
  }

  /// [..., in] to [..., out].
  public func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    pass.linear(x, weight: weight, bias: bias, precision: precision)
  }
}
