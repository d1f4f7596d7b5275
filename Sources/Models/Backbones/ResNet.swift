import Autograd
import Kernels
import Layers
import Tensors

/// ResNet-D (He et al., "Bag of Tricks", CVPR 2019; residual blocks of He et al., CVPR 2016), as timm's `resnet*d`:
/// three 3x3 convolutions as stem, and average pooling before the 1x1 convolution of a strided shortcut.
struct ResNet: Backbone {
  let channels: [Int]
  private let stem: [NormedConvolution]
  private let stages: [[ResidualBlock]]
  private let recomputes: Bool

  /// - Parameter multiGrid: factors of the last stage's dilation, one a block; nil: timm's rule, by which its first block
  ///   keeps the dilation from before the stage.
  init(_ scope: ParameterScope, _ depth: Depth, outputStride: Int, multiGrid: [Int]?) {
    recomputes = scope.recomputesBlocks
    var stem: [NormedConvolution] = []
    for (index, (input, output)) in [(3, 32), (32, 32), (32, 64)].enumerated() {
      let convolution = Conv2d(
        scope["conv1"][index * 3], inChannels: input, outChannels: output, kernel: 3,
        stride: index == 0 ? 2 : 1,
        padding: 1, dilation: 1, groups: 1, bias: false, initializer: .kaimingNormalFanOut(groups: 1))
      let normScope = index == 2 ? scope["bn1"] : scope["conv1"][index * 3 + 1]
      stem.append(
        NormedConvolution(
          convolution,
          BatchNorm2d(normScope, channels: output, momentum: 0.1, epsilon: 1e-5, activation: .relu)))
    }
    self.stem = stem

    var budget = StrideBudget(outputStride: outputStride, reached: 4)
    var channels = 64
    var stages: [[ResidualBlock]] = []
    var widths = [channels]
    for (index, count) in depth.blocks.enumerated() {
      let planes = 64 << index
      let (stride, firstDilation, dilation) = budget.enter(stride: index == 0 ? 1 : 2)
      let grid = index == depth.blocks.count - 1 ? multiGrid : nil
      var blocks: [ResidualBlock] = []
      for block in 0..<count {
        // All its 3x3 convolutions. The shortcut looks only at whether there is dilation.
        let spread = grid.map { $0[block] * dilation }
        blocks.append(
          ResidualBlock(
            scope["layer\(index + 1)"][block], bottleneck: depth.bottleneck, inChannels: channels,
            planes: planes,
            stride: block == 0 ? stride : 1,
            firstDilation: spread ?? (block == 0 ? firstDilation : dilation), dilation: spread ?? dilation))
        channels = planes * (depth.bottleneck ? 4 : 1)
      }
      stages.append(blocks)
      widths.append(channels)
    }
    self.stages = stages
    self.channels = widths
  }

  func callAsFunction(_ images: Variable, _ pass: ForwardPass) -> [Variable] {
    var x = pass.segment(images, recomputed: recomputes) { [stem] images, pass in
      stem.reduce(images) { $1($0, pass) }
    }
    var maps = [x]
    x = pass.pool(x, Pooling(kind: .maximum, kernel: 3, stride: 2, padding: 1, paddingAfter: 1))
    for blocks in stages {
      for block in blocks { x = pass.segment(x, recomputed: recomputes) { block($0, $1) } }
      maps.append(x)
    }
    return maps
  }

  /// Blocks per stage (He et al., CVPR 2016, Table 1).
  enum Depth {
    case resnet18
    case resnet50
    case resnet101

    var blocks: [Int] {
      switch self {
      case .resnet18: return [2, 2, 2, 2]
      case .resnet50: return [3, 4, 6, 3]
      case .resnet101: return [3, 4, 23, 3]
      }
    }

    var bottleneck: Bool {
      switch self {
      case .resnet18: return false
      case .resnet50, .resnet101: return true
      }
    }
  }
}

/// A basic block (3x3, 3x3) or a bottleneck (1x1, 3x3, 1x1) with its shortcut. ReLU follows each norm but the last,
/// and the sum.
struct ResidualBlock: Sendable {
  private let branch: [NormedConvolution]
  private let shortcut: Shortcut?

  init(
    _ scope: ParameterScope, bottleneck: Bool, inChannels: Int, planes: Int, stride: Int, firstDilation: Int,
    dilation: Int
  ) {
    let outChannels = bottleneck ? planes * 4 : planes
    // (in, out, kernel, stride, dilation)
    let shapes: [(Int, Int, Int, Int, Int)] =
      bottleneck
      ? [
        (inChannels, planes, 1, 1, 1), (planes, planes, 3, stride, firstDilation),
        (planes, outChannels, 1, 1, 1),
      ]
      : [(inChannels, planes, 3, stride, firstDilation), (planes, planes, 3, 1, dilation)]
    branch = shapes.enumerated().map { index, shape in
      let (input, output, kernel, stride, dilation) = shape
      let isLast = index == shapes.count - 1
      let convolution = Conv2d(
        scope["conv\(index + 1)"], inChannels: input, outChannels: output, kernel: kernel, stride: stride,
        padding: dilation * (kernel - 1) / 2, dilation: dilation, groups: 1, bias: false,
        initializer: .kaimingNormalFanOut(groups: 1))
      // timm starts the last norm of a branch at zero: each block is then the identity.
      let norm = BatchNorm2d(
        scope["bn\(index + 1)"], channels: output, momentum: 0.1, epsilon: 1e-5,
        activation: isLast ? .none : .relu, initialScale: isLast ? 0 : 1)
      return NormedConvolution(convolution, norm)
    }
    shortcut =
      stride != 1 || inChannels != outChannels
      ? Shortcut(
        scope["downsample"], inChannels: inChannels, outChannels: outChannels, stride: stride,
        dilation: dilation)
      : nil
  }

  func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    let y = branch.dropLast().reduce(x) { $1($0, pass) }
    return branch[branch.count - 1](
      y, pass, sum: ResidualSum(activation: .relu) { shortcut?(x, pass) ?? x })
  }
}

/// Average pooling, 1x1 convolution, norm. A stride that was traded for dilation leaves a 2x2 stride-1 average with
/// TensorFlow's "same" padding: one row and column of zeros at the far side, which count in the average.
private struct Shortcut: Sendable {
  private let pooling: Pooling?
  private let projection: NormedConvolution

  init(_ scope: ParameterScope, inChannels: Int, outChannels: Int, stride: Int, dilation: Int) {
    if dilation > 1 {
      pooling = Pooling(kind: .averageIncludingPadding, kernel: 2, stride: 1, padding: 0, paddingAfter: 1)
    } else if stride > 1 {
      pooling = Pooling(
        kind: .averageExcludingPadding, kernel: 2, stride: stride, padding: 0, paddingAfter: 1)
    } else {
      pooling = nil
    }
    projection = NormedConvolution(
      Conv2d(
        scope["1"], inChannels: inChannels, outChannels: outChannels, kernel: 1, stride: 1, padding: 0,
        dilation: 1,
        groups: 1, bias: false, initializer: .kaimingNormalFanOut(groups: 1)),
      BatchNorm2d(scope["2"], channels: outChannels, momentum: 0.1, epsilon: 1e-5, activation: .none))
  }

  func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    projection(pooling.map { pass.pool(x, $0) } ?? x, pass)
  }
}
