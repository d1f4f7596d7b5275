import Autograd
import Kernels
import Layers
import Tensors

/// SegFormer's hierarchical transformer (Xie et al., NeurIPS 2021, Section 3.1): four stages of overlapping patch
/// embedding, blocks of attention over reduced keys and Mix-FFN, and a layer norm. Names are those of the published
/// ImageNet weights.
///
/// Tokens [B, N, C] lie plain; maps are blocked only where a convolution reads or writes them.
struct MixTransformer: Backbone {
  let channels: [Int]
  private let stages: [Stage]
  private let recomputes: Bool

  private struct Stage: Sendable {
    let embedding: PatchEmbedding
    let blocks: [TransformerBlock]
    let norm: LayerNorm
  }

  /// - Parameter stochasticDepth: probability of skipping the last block's branches; linear from 0 over all blocks.
  init(_ scope: ParameterScope, _ size: Size, stochasticDepth: Double) {
    let widths = size.widths
    channels = widths
    recomputes = scope.recomputesBlocks
    let embeddings = widths.enumerated().map { stage, width in
      PatchEmbedding(
        scope["patch_embed\(stage + 1)"], inChannels: stage == 0 ? 3 : widths[stage - 1], outChannels: width,
        kernel: stage == 0 ? 7 : 3, stride: stage == 0 ? 4 : 2)
    }
    let total = size.depths.reduce(0, +)
    var index = 0
    stages = size.depths.enumerated().map { stage, depth in
      let blocks = (0..<depth).map { block in
        defer { index += 1 }
        return TransformerBlock(
          scope["block\(stage + 1)"][block], channels: widths[stage], heads: Size.heads[stage],
          reduction: Size.reductions[stage],
          dropProbability: stochasticDepth * Double(index) / Double(max(1, total - 1)))
      }
      return Stage(
        embedding: embeddings[stage], blocks: blocks,
        norm: LayerNorm(scope["norm\(stage + 1)"], channels: widths[stage], epsilon: 1e-6))
    }
  }

  func callAsFunction(_ images: Variable, _ pass: ForwardPass) -> [Variable] {
    var map = images
    return stages.map { stage in
      let embedded = stage.embedding(map, pass)
      let (height, width) = (embedded.height, embedded.width)
      let tokens = stage.blocks.reduce(embedded.tokens) { tokens, block in
        pass.segment(tokens, recomputed: recomputes) { block($0, height, width, $1) }
      }
      map = pass.map(stage.norm(tokens, pass), height: height, width: width)
      return map
    }
  }

  /// Table 6 of the SegFormer paper.
  enum Size {
    case b0, b1, b2, b3, b4, b5

    var widths: [Int] {
      switch self {
      case .b0: return [32, 64, 160, 256]
      case .b1, .b2, .b3, .b4, .b5: return [64, 128, 320, 512]
      }
    }

    var depths: [Int] {
      switch self {
      case .b0, .b1: return [2, 2, 2, 2]
      case .b2: return [3, 4, 6, 3]
      case .b3: return [3, 4, 18, 3]
      case .b4: return [3, 8, 27, 3]
      case .b5: return [3, 6, 40, 3]
      }
    }

    static let heads = [1, 2, 5, 8]
    /// Keys and values are made from patches of this many pixels a side.
    static let reductions = [8, 4, 2, 1]
  }
}

/// A strided convolution whose windows overlap, then a layer norm (epsilon 1e-5, unlike the other norms).
private struct PatchEmbedding: Sendable {
  private let convolution: Conv2d
  private let norm: LayerNorm

  init(_ scope: ParameterScope, inChannels: Int, outChannels: Int, kernel: Int, stride: Int) {
    convolution = Conv2d(
      scope["proj"], inChannels: inChannels, outChannels: outChannels, kernel: kernel, stride: stride,
      padding: kernel / 2, dilation: 1, groups: 1, bias: true, initializer: .kaimingNormalFanOut(groups: 1))
    norm = LayerNorm(scope["norm"], channels: outChannels, epsilon: 1e-5)
  }

  /// [B, in, H, W] to tokens [B, H' * W', out].
  func callAsFunction(_ map: Variable, _ pass: ForwardPass) -> (tokens: Variable, height: Int, width: Int) {
    let y = convolution(map, pass)
    return (norm(pass.tokens(y), pass), y.shape[2], y.shape[3])
  }
}

/// x + attention(norm(x)), then x + feed-forward(norm(x)).
private struct TransformerBlock: Sendable {
  private let attentionNorm: LayerNorm
  private let attention: ReducedAttention
  private let feedForwardNorm: LayerNorm
  private let feedForward: MixFeedForward
  private let dropProbability: Double

  init(_ scope: ParameterScope, channels: Int, heads: Int, reduction: Int, dropProbability: Double) {
    attentionNorm = LayerNorm(scope["norm1"], channels: channels, epsilon: 1e-6)
    attention = ReducedAttention(scope["attn"], channels: channels, heads: heads, reduction: reduction)
    feedForwardNorm = LayerNorm(scope["norm2"], channels: channels, epsilon: 1e-6)
    feedForward = MixFeedForward(scope["mlp"], channels: channels, hidden: 4 * channels)
    self.dropProbability = dropProbability
  }

  func callAsFunction(_ x: Variable, _ height: Int, _ width: Int, _ pass: ForwardPass) -> Variable {
    let attended = attention(attentionNorm(x, pass), height, width, pass)
    let y = pass.addBranch(x, attended, dropProbability: dropProbability)
    let mixed = feedForward(feedForwardNorm(y, pass), height, width, pass)
    return pass.addBranch(y, mixed, dropProbability: dropProbability)
  }
}

/// Attention of every pixel over keys and values made from `reduction` x `reduction` patches.
private struct ReducedAttention: Sendable {
  private let heads: Int
  private let reduction: Int
  private let queries: Linear
  private let keysAndValues: Linear
  private let projection: Linear
  private let patches: (weight: Parameter, bias: Parameter, norm: LayerNorm)?
  private let precision: Precision

  init(_ scope: ParameterScope, channels: Int, heads: Int, reduction: Int) {
    self.heads = heads
    self.reduction = reduction
    precision = scope.precision
    let linear = { (name: String, outputs: Int) in
      Linear(
        scope[name], inputs: channels, outputs: outputs, bias: true, initializer: .normal(deviation: 0.02))
    }
    queries = linear("q", channels)
    keysAndValues = linear("kv", 2 * channels)
    projection = linear("proj", channels)
    guard reduction > 1 else {
      patches = nil
      return
    }
    let shape: Shape = [channels, channels, reduction, reduction]
    let weight = scope["sr"].parameter(
      "weight", shape, layout: .hwio, initial: Initializer.kaimingNormalFanOut(groups: 1).distribution(shape))
    let bias = scope["sr"].parameter("bias", [channels]) { _ in [Float](repeating: 0, count: channels) }
    patches = (weight, bias, LayerNorm(scope["norm"], channels: channels, epsilon: 1e-5))
  }

  func callAsFunction(_ x: Variable, _ height: Int, _ width: Int, _ pass: ForwardPass) -> Variable {
    var source = x
    if let patches {
      let reduced = pass.patchProjection(
        x, height: height, width: width, size: reduction, weight: patches.weight, bias: patches.bias,
        precision: precision)
      source = patches.norm(reduced, pass)
    }
    let attended = pass.attention(
      queries: queries(x, pass), keysAndValues: keysAndValues(source, pass), heads: heads)
    return projection(attended, pass)
  }
}

/// Dense, depthwise 3x3, GELU, dense: the convolution stands in for position codes.
private struct MixFeedForward: Sendable {
  private let expand: Linear
  private let weight: Parameter
  private let bias: Parameter
  private let contract: Linear

  init(_ scope: ParameterScope, channels: Int, hidden: Int) {
    expand = Linear(
      scope["fc1"], inputs: channels, outputs: hidden, bias: true, initializer: .normal(deviation: 0.02))
    let depthwise = scope["dwconv"]["dwconv"]
    weight = depthwise.parameter(
      "weight", [hidden, 1, 3, 3],
      initial: Initializer.kaimingNormalFanOut(groups: hidden).distribution([hidden, 1, 3, 3]))
    bias = depthwise.parameter("bias", [hidden]) { _ in [Float](repeating: 0, count: hidden) }
    contract = Linear(
      scope["fc2"], inputs: hidden, outputs: channels, bias: true, initializer: .normal(deviation: 0.02))
  }

  func callAsFunction(_ x: Variable, _ height: Int, _ width: Int, _ pass: ForwardPass) -> Variable {
    let mixed = pass.tokenDepthwise(expand(x, pass), height: height, width: width, weight: weight, bias: bias)
    return contract(pass.gelu(mixed), pass)
  }
}
