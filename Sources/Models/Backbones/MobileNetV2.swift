import Autograd
import Kernels
import Layers
import Tensors

/// MobileNetV2 (Sandler et al., CVPR 2018), as timm's `mobilenetv2_100` without its 1280-channel head.
struct MobileNetV2: Backbone {
  let channels = [16, 24, 32, 96, 320]
  private let stem: NormedConvolution
  private let stages: [[InvertedResidual]]
  private let recomputes: Bool

  init(_ scope: ParameterScope, outputStride: Int) {
    recomputes = scope.recomputesBlocks
    stem = NormedConvolution(
      Conv2d(
        scope["conv_stem"], inChannels: 3, outChannels: 32, kernel: 3, stride: 2, padding: 1, dilation: 1,
        groups: 1,
        bias: false, initializer: .kaimingNormalFanOut(groups: 1)),
      BatchNorm2d(scope["bn1"], channels: 32, momentum: 0.1, epsilon: 1e-5, activation: .relu6))
    var budget = StrideBudget(outputStride: outputStride, reached: 2)
    var channels = 32
    stages = MobileNetV2.table.enumerated().map { index, row in
      let (stride, firstDilation, dilation) = budget.enter(stride: row.stride)
      return (0..<row.count).map { block in
        defer { channels = row.channels }
        return InvertedResidual(
          scope["blocks"][index][block], inChannels: channels, outChannels: row.channels,
          expansion: row.expansion,
          stride: block == 0 ? stride : 1, dilation: block == 0 ? firstDilation : dilation)
      }
    }
  }

  func callAsFunction(_ images: Variable, _ pass: ForwardPass) -> [Variable] {
    var x = pass.segment(images, recomputed: recomputes) { [stem] in stem($0, $1) }
    var maps: [Variable] = []
    for (index, blocks) in stages.enumerated() {
      for block in blocks { x = pass.segment(x, recomputed: recomputes) { block($0, $1) } }
      // The last stage of each size.
      if [0, 1, 2, 4, 6].contains(index) { maps.append(x) }
    }
    return maps
  }

  /// Table 2 of the MobileNetV2 paper.
  private static let table: [(expansion: Int, channels: Int, count: Int, stride: Int)] = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]
}

/// Expand (1x1), depthwise 3x3, project (1x1, no activation); added to the input when shapes allow. Without
/// expansion it is a depthwise-separable convolution with names of its own.
private struct InvertedResidual: Sendable {
  private let layers: [NormedConvolution]
  private let isResidual: Bool

  init(_ scope: ParameterScope, inChannels: Int, outChannels: Int, expansion: Int, stride: Int, dilation: Int)
  {
    let width = inChannels * expansion
    let expand = expansion > 1
    // (name, in, out, kernel, stride, dilation, groups)
    var shapes = [
      ("conv_dw", width, width, 3, stride, dilation, width),
      (expand ? "conv_pwl" : "conv_pw", width, outChannels, 1, 1, 1, 1),
    ]
    if expand { shapes.insert(("conv_pw", inChannels, width, 1, 1, 1, 1), at: 0) }
    layers = shapes.enumerated().map { index, shape in
      let (name, input, output, kernel, stride, dilation, groups) = shape
      let convolution = Conv2d(
        scope[name], inChannels: input, outChannels: output, kernel: kernel, stride: stride,
        padding: dilation * (kernel - 1) / 2, dilation: dilation, groups: groups, bias: false,
        initializer: .kaimingNormalFanOut(groups: groups))
      let norm = BatchNorm2d(
        scope["bn\(index + 1)"], channels: output, momentum: 0.1, epsilon: 1e-5,
        activation: index == shapes.count - 1 ? .none : .relu6)
      return NormedConvolution(convolution, norm)
    }
    isResidual = stride == 1 && inChannels == outChannels
  }

  func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    let y = layers.dropLast().reduce(x) { $1($0, pass) }
    return layers[layers.count - 1](y, pass, sum: isResidual ? ResidualSum(activation: .none) { x } : nil)
  }
}
