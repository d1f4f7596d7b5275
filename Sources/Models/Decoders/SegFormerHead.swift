import Autograd
import Kernels
import Layers

/// SegFormer's decoder (Xie et al., NeurIPS 2021): each stage projected to equal width and resized to stride 4, joined, and
/// fused.
///
/// Differs from the paper in the projections, which have batch norm and ReLU, and in their width, equal for every
/// backbone: the authors' code.
struct SegFormerHead: Sendable {
  private let projections: [ConvNormAct]
  private let fusion: (convolution: Conv2d, norm: BatchNorm2d)

  init(_ scope: ParameterScope, channels: [Int], outChannels: Int) {
    projections = channels.enumerated().map { index, input in
      ConvNormAct(
        scope["convs"][index], inChannels: input, outChannels: outChannels, kernel: 1, dilation: 1)
    }
    let place = scope["fusion_conv"]
    fusion = (
      Conv2d(
        place["0"], inChannels: outChannels * channels.count, outChannels: outChannels, kernel: 1, stride: 1,
        padding: 0, dilation: 1, groups: 1, bias: false, initializer: .kaimingUniformFanIn),
      BatchNorm2d(place["1"], channels: outChannels, momentum: 0.1, epsilon: 1e-5, activation: .relu)
    )
  }

  /// The four maps to [B, out, H / 4, W / 4].
  func callAsFunction(_ maps: [Variable], _ pass: ForwardPass) -> Variable {
    let (height, width) = (maps[0].shape[2], maps[0].shape[3])
    let parts = zip(maps, projections).map { map, project in project(map, pass) }
    let fused = pass.projectResized(
      parts, height: height, width: width, weight: fusion.convolution.weight,
      precision: fusion.convolution.precision)
    return fusion.norm(fused, pass)
  }
}
