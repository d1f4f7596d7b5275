import Autograd
import Layers

/// SegFormer's decoder (Xie et al., NeurIPS 2021): each stage projected to equal width and resized to stride 4, joined, and
/// fused.
///
/// Differs from the paper in the projections, which have batch norm and ReLU, and in their width, equal for every
/// backbone: the authors' code.
struct SegFormerHead: Sendable {
  private let projections: [ConvNormAct]
  private let fusion: ConvNormAct

  init(_ scope: ParameterScope, channels: [Int], outChannels: Int) {
    projections = channels.enumerated().map { index, input in
      ConvNormAct(
        scope["convs"][index], inChannels: input, outChannels: outChannels, kernel: 1, dilation: 1)
    }
    fusion = ConvNormAct(
      scope["fusion_conv"], inChannels: outChannels * channels.count, outChannels: outChannels, kernel: 1,
      dilation: 1)
  }

  /// The four maps to [B, out, H / 4, W / 4].
  func callAsFunction(_ maps: [Variable], _ pass: ForwardPass) -> Variable {
    let (height, width) = (maps[0].shape[2], maps[0].shape[3])
    let parts = zip(maps, projections).map { map, project in
      pass.resize(project(map, pass), height: height, width: width)
    }
    return fusion(pass.concatenate(parts), pass)
  }
}
