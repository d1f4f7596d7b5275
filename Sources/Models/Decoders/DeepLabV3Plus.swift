import Autograd
import Layers

/// DeepLabV3+ (Chen et al., ECCV 2018): the atrous pyramid in separable convolutions, joined at stride 4 with a
/// narrow shortcut from the backbone.
///
/// Differs from the paper in the pyramid's 1x1 branch, which is separable too, and in its 3x3 bottleneck: the authors'
/// code.
struct DeepLabV3Plus: Sendable {
  private let pooled: ConvNormAct
  private let branches: [SeparableConvNormAct]
  private let bottleneck: ConvNormAct
  private let shortcut: ConvNormAct
  private let fusion: [SeparableConvNormAct]

  init(_ scope: ParameterScope, channels: [Int], outChannels: Int, rates: [Int], shortcutChannels: Int) {
    let input = channels[channels.count - 1]
    let pyramid = scope["aspp"]["convs"]
    pooled = ConvNormAct(
      pyramid["0"]["1"], inChannels: input, outChannels: outChannels, kernel: 1, dilation: 1)
    branches = ([nil] + rates).enumerated().map { index, rate in
      SeparableConvNormAct(
        pyramid[index + 1], inChannels: input, outChannels: outChannels, kernel: rate == nil ? 1 : 3,
        dilation: rate ?? 1)
    }
    bottleneck = ConvNormAct(
      scope["bottleneck"], inChannels: outChannels * (rates.count + 2), outChannels: outChannels, kernel: 3,
      dilation: 1)
    shortcut = ConvNormAct(
      scope["shortcut"], inChannels: channels[channels.count - 4], outChannels: shortcutChannels, kernel: 1,
      dilation: 1)
    fusion = [outChannels + shortcutChannels, outChannels].enumerated().map { index, input in
      SeparableConvNormAct(
        scope["cat_conv"][index], inChannels: input, outChannels: outChannels, kernel: 3, dilation: 1)
    }
  }

  /// The backbone's maps to [B, out, H / 4, W / 4].
  func callAsFunction(_ maps: [Variable], _ pass: ForwardPass) -> Variable {
    let x = maps[maps.count - 1]
    let fine = maps[maps.count - 4]
    let image = pooled(pass.adaptiveAveragePool(x, bins: 1), pass)
    let parts =
      [pass.resize(image, height: x.shape[2], width: x.shape[3])] + branches.map { $0(x, pass) }
    let pyramid = bottleneck(pass.concatenate(parts), pass)
    let joined = pass.concatenate([
      pass.resize(pyramid, height: fine.shape[2], width: fine.shape[3]), shortcut(fine, pass),
    ])
    return fusion.reduce(joined) { $1($0, pass) }
  }
}
