import Autograd
import Kernels
import Tensors

/// A 2-d convolution with its weights.
public struct Conv2d: Sendable {
  /// [out, in / groups, k, k]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?
  let convolution: Convolution
  /// Of its products.
  public var precision: Precision { convolution.precision }

  /// Makes `weight` (and `bias`) in `scope`.
  ///
  /// - Parameters:
  ///   - padding: pixels before and after each axis; `dilation * (kernel - 1) / 2` keeps the size at stride 1.
  ///   - dilation: 1 = not dilated.
  public init(
    _ scope: ParameterScope, inChannels: Int, outChannels: Int, kernel: Int, stride: Int, padding: Int,
    dilation: Int, groups: Int, bias: Bool, initializer: Initializer
  ) {
    let geometry = ConvolutionGeometry(
      inChannels: inChannels, outChannels: outChannels, kernel: kernel, stride: stride, padding: padding,
      dilation: dilation, groups: groups)
    convolution = Convolution(geometry, precision: scope.precision)
    weight = scope.parameter(
      "weight", geometry.weightShape, layout: geometry.weightLayout,
      initial: initializer.distribution(geometry.weightShape))
    self.bias =
      bias ? scope.parameter("bias", [outChannels]) { _ in [Float](repeating: 0, count: outChannels) } : nil
  }

  /// - Parameter x: [B, in, H, W].
  /// - Returns: [B, out, H', W'].
  public func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    pass.convolution(x, convolution, weight: weight, bias: bias)
  }
}
