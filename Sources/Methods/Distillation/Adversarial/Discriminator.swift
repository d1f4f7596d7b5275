import Autograd
import Kernels
import Layers
import Tensors

/// Judges score maps [B, C, h, w]: high for a teacher's, low for a student's. The network of "Structured Knowledge
/// Distillation" (Liu et al., CVPR 2019) that IFVD, CD and SKD share: batch norm of the raw logits, four spectrally
/// normalised 4x4 convolutions of stride 2 with leaky ReLU (0.1), self-attention after the third and the fourth, and a 4x4
/// convolution to one score a place. It looks at logits alone, not at the image. Of maps with sides below 64, a sixteenth of
/// which is left after the strides, the last kernel covers what is left.
package struct Discriminator {
  package let parameters: [Parameter]
  package let buffers: [ModelBuffer]
  private let minimumSide: Int
  private let norm: BatchNorm2d
  private let convolutions: [SpectralConv2d]
  private let attentions: [SelfAttention]
  private let last: Conv2d

  private static let widths = [64, 128, 256, 512]

  /// - Parameters:
  ///   - minimumSide: logits with a shorter side are up-sampled to it; at least 16, and 64 for the network as published.
  ///   - seed: of the initial values; nil for zeros, for values that are loaded next.
  package init(classes: Int, minimumSide: Int, seed: UInt64?) {
    let store = ParameterStore(seed: seed)
    let root = store.root
    self.minimumSide = minimumSide
    norm = BatchNorm2d(root["norm"], channels: classes, momentum: 0.1, epsilon: 1e-5, activation: .none)
    var (convolutions, inputs): ([SpectralConv2d], Int) = ([], classes)
    for (index, width) in Discriminator.widths.enumerated() {
      convolutions.append(
        SpectralConv2d(
          root["l\(index + 1)"], inChannels: inputs, outChannels: width, kernel: 4, stride: 2, padding: 1))
      inputs = width
    }
    self.convolutions = convolutions
    attentions = [SelfAttention(root["attn1"], channels: 256), SelfAttention(root["attn2"], channels: 512)]
    last = Conv2d(
      root["last"], inChannels: 512, outChannels: 1, kernel: min(4, minimumSide / 16), stride: 1, padding: 0,
      dilation: 1, groups: 1,
      bias: true, initializer: .uniformFanIn)
    parameters = store.parameters
    buffers = store.buffers
  }

  /// - Parameter logits: plain [B, classes, h, w].
  /// - Returns: scores, plain [B, 1, h', w'].
  package func callAsFunction(_ logits: Variable, _ pass: ForwardPass) -> Variable {
    let (height, width) = (logits.shape[2], logits.shape[3])
    let short = min(height, width)
    var x = pass.convert(logits, to: KernelRuntime.preferredLayout)
    if short < minimumSide {
      x = pass.resize(x, height: height * minimumSide / short, width: width * minimumSide / short)
    }
    x = norm(x, pass)
    for (index, convolution) in convolutions.enumerated() {
      x = pass.leakyReLU(convolution(x, pass), slope: 0.1)
      if index >= 2 { x = attentions[index - 2](x, pass) }
    }
    return pass.convert(last(x, pass), to: .plain)
  }

  /// x + gamma * attention(x), gamma from 0 on ("Self-Attention GANs", Zhang et al., ICML 2019).
  private struct SelfAttention {
    private let queries: Linear
    private let keys: Linear
    private let values: Linear
    private let gamma: Parameter

    init(_ scope: ParameterScope, channels: Int) {
      func projection(_ name: String, _ outputs: Int) -> Linear {
        Linear(scope[name], inputs: channels, outputs: outputs, bias: true, initializer: .uniformFanIn)
      }
      queries = projection("query_conv", channels / 8)
      keys = projection("key_conv", channels / 8)
      values = projection("value_conv", channels)
      gamma = scope.parameter("gamma", [1]) { _ in [0] }
    }

    func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
      let tokens = pass.tokens(x)
      let attended = pass.unscaledAttention(
        queries: queries(tokens, pass), keys: keys(tokens, pass), values: values(tokens, pass))
      return pass.addScaled(x, pass.map(attended, height: x.shape[2], width: x.shape[3]), factor: gamma)
    }
  }
}
