import Autograd
import Kernels
import Tensors

/// Convolution (no bias), batch norm, ReLU: the unit every decoder is made of. Parameters lie in `<scope>.0` and
/// `<scope>.1`.
public struct ConvNormAct: Sendable {
  private let layer: NormedConvolution

  /// Keeps the size at stride 1: padding = dilation * (kernel - 1) / 2.
  public init(
    _ scope: ParameterScope, inChannels: Int, outChannels: Int, kernel: Int, dilation: Int, groups: Int = 1
  ) {
    layer = NormedConvolution(
      Conv2d(
        scope["0"], inChannels: inChannels, outChannels: outChannels, kernel: kernel, stride: 1,
        padding: dilation * (kernel - 1) / 2, dilation: dilation, groups: groups, bias: false,
        initializer: .kaimingUniformFanIn),
      BatchNorm2d(scope["1"], channels: outChannels, momentum: 0.1, epsilon: 1e-5, activation: .relu))
  }

  public func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable { layer(x, pass) }
}
