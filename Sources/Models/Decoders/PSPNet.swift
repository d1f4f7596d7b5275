import Autograd
import Layers

/// PSPNet's pyramid pooling (Zhao et al., CVPR 2017): the input beside its averages over 1, 2, 3 and 6 bins a side,
/// each projected by 1x1 and resized back, then a 3x3 bottleneck.
struct PSPNet: Sendable {
  private let bins: [Int]
  private let pools: [ConvNormAct]
  private let bottleneck: ConvNormAct

  init(_ scope: ParameterScope, inChannels: Int, outChannels: Int, bins: [Int]) {
    self.bins = bins
    let width = inChannels / bins.count
    pools = bins.indices.map {
      ConvNormAct(
        scope["ppm"]["pools"][$0]["1"], inChannels: inChannels, outChannels: width, kernel: 1, dilation: 1)
    }
    bottleneck = ConvNormAct(
      scope["bottleneck"], inChannels: inChannels + width * bins.count, outChannels: outChannels, kernel: 3,
      dilation: 1)
  }

  /// [B, in, h, w] to [B, out, h, w].
  func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    let pooled = zip(bins, pools).map { bins, project in
      pass.resize(
        project(pass.adaptiveAveragePool(x, bins: bins), pass), height: x.shape[2], width: x.shape[3])
    }
    return bottleneck(pass.concatenate([x] + pooled), pass)
  }
}
