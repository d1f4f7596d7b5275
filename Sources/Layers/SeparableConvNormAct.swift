import Autograd
import Kernels
import Tensors

/// A depthwise and a pointwise convolution, each with batch norm and ReLU. Parameters lie in `<scope>.0`, `.1` (depthwise)
/// and `<scope>.3`, `.4` (pointwise).
public struct SeparableConvNormAct: Sendable {
  private let layers: [NormedConvolution]

  public init(_ scope: ParameterScope, inChannels: Int, outChannels: Int, kernel: Int, dilation: Int) {
    layers = [(0, inChannels, kernel, dilation, inChannels), (3, outChannels, 1, 1, 1)].map {
      place, channels, kernel, dilation, groups in
      let convolution = Conv2d(
        scope[place], inChannels: inChannels, outChannels: channels, kernel: kernel, stride: 1,
        padding: dilation * (kernel - 1) / 2, dilation: dilation, groups: groups, bias: false,
        initializer: .kaimingUniformFanIn)
      let norm = BatchNorm2d(
        scope[place + 1], channels: channels, momentum: 0.1, epsilon: 1e-5, activation: .relu)
      return NormedConvolution(convolution, norm)
    }
  }

  public func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    layers.reduce(x) { $1($0, pass) }
  }
}
