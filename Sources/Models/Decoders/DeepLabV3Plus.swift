import Autograd
import Layers

/// DeepLabV3+ (Chen et al., ECCV 2018): the atrous pyramid, joined at stride 4 with a narrow shortcut from the backbone.
///
/// With `separable` convolutions it differs from the paper in the pyramid's 1x1 branch, which is separable too, and in
/// its 3x3 bottleneck: the code of the authors of Jaccard metric losses. With `plain` ones it is the decoder of the
/// public codes of semi-supervised segmentation, except that maps are resized with half-pixel centres, as everywhere
/// here, and not with aligned corners.
struct DeepLabV3Plus: Sendable {
  private let pooled: ConvNormAct
  private let branches: [Unit]
  private let bottleneck: ConvNormAct
  private let shortcut: ConvNormAct
  private let fusion: [Unit]

  init(
    _ scope: ParameterScope, channels: [Int], outChannels: Int, rates: [Int], shortcutChannels: Int,
    convolutions: Architecture.DeepLabV3PlusConvolutions
  ) {
    let input = channels[channels.count - 1]
    let pyramid = scope["aspp"]["convs"]
    pooled = ConvNormAct(
      pyramid["0"]["1"], inChannels: input, outChannels: outChannels, kernel: 1, dilation: 1)
    branches = ([nil] + rates).enumerated().map { index, rate in
      Unit(
        convolutions, pyramid[index + 1], inChannels: input, outChannels: outChannels,
        kernel: rate == nil ? 1 : 3, dilation: rate ?? 1)
    }
    bottleneck = ConvNormAct(
      scope["bottleneck"], inChannels: outChannels * (rates.count + 2), outChannels: outChannels,
      kernel: convolutions == .separable ? 3 : 1, dilation: 1)
    shortcut = ConvNormAct(
      scope["shortcut"], inChannels: channels[channels.count - 4], outChannels: shortcutChannels, kernel: 1,
      dilation: 1)
    fusion = [outChannels + shortcutChannels, outChannels].enumerated().map { index, input in
      Unit(
        convolutions, scope["cat_conv"][index], inChannels: input, outChannels: outChannels, kernel: 3,
        dilation: 1)
    }
  }

  /// The backbone's maps, of which it reads those of stride 4 and the last.
  ///
  /// - Returns: the joined map [B, out + shortcut, H / 4, W / 4] and the output [B, out, H / 4, W / 4].
  func callAsFunction(_ maps: [Variable], _ pass: ForwardPass) -> (joined: Variable, output: Variable) {
    let x = maps[maps.count - 1]
    let fine = maps[maps.count - 4]
    let image = pooled(pass.adaptiveAveragePool(x, bins: 1), pass)
    let parts =
      [pass.resize(image, height: x.shape[2], width: x.shape[3])] + branches.map { $0(x, pass) }
    let pyramid = bottleneck(pass.concatenate(parts), pass)
    let joined = pass.concatenate([
      pass.resize(pyramid, height: fine.shape[2], width: fine.shape[3]), shortcut(fine, pass),
    ])
    return (joined, fusion.reduce(joined) { $1($0, pass) })
  }

  /// One convolution with batch norm and ReLU, or a depthwise and a pointwise one with both.
  private enum Unit: Sendable {
    case separable(SeparableConvNormAct)
    case plain(ConvNormAct)

    init(
      _ convolutions: Architecture.DeepLabV3PlusConvolutions, _ scope: ParameterScope, inChannels: Int,
      outChannels: Int, kernel: Int, dilation: Int
    ) {
      switch convolutions {
      case .separable:
        self = .separable(
          SeparableConvNormAct(
            scope, inChannels: inChannels, outChannels: outChannels, kernel: kernel, dilation: dilation))
      case .plain:
        self = .plain(
          ConvNormAct(
            scope, inChannels: inChannels, outChannels: outChannels, kernel: kernel, dilation: dilation))
      }
    }

    func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
      switch self {
      case .separable(let unit): unit(x, pass)
      case .plain(let unit): unit(x, pass)
      }
    }
  }
}
