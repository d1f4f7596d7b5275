import Autograd
import Layers

/// DeepLabV3's atrous spatial pyramid (Chen et al., "Rethinking Atrous Convolution", 2017): image pooling, 1x1 and
/// three dilated 3x3 branches, concatenated in that order, then a 3x3 bottleneck.
///
/// Differs from the DeepLabV3 paper in the bottleneck, which is 3x3 without dropout, as in the authors' code.
struct DeepLabV3: Sendable {
  private let pooled: ConvNormAct
  private let branches: [ConvNormAct]
  private let bottleneck: ConvNormAct

  init(_ scope: ParameterScope, inChannels: Int, outChannels: Int, rates: [Int]) {
    let convolutions = scope["aspp"]["convs"]
    pooled = ConvNormAct(
      convolutions["0"]["1"], inChannels: inChannels, outChannels: outChannels, kernel: 1, dilation: 1)
    branches =
      [
        ConvNormAct(
          convolutions["1"], inChannels: inChannels, outChannels: outChannels, kernel: 1, dilation: 1)
      ]
      + rates.enumerated().map { index, rate in
        ConvNormAct(
          convolutions[index + 2], inChannels: inChannels, outChannels: outChannels, kernel: 3, dilation: rate
        )
      }
    bottleneck = ConvNormAct(
      scope["bottleneck"], inChannels: outChannels * (rates.count + 2), outChannels: outChannels, kernel: 3,
      dilation: 1)
  }

  /// [B, in, h, w] to [B, out, h, w].
  func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    let (height, width) = (x.shape[2], x.shape[3])
    let image = pooled(pass.adaptiveAveragePool(x, bins: 1), pass)
    let parts = [pass.resize(image, height: height, width: width)] + branches.map { $0(x, pass) }
    return bottleneck(pass.concatenate(parts), pass)
  }
}
