import Autograd
import Kernels
import Layers
import Tensors

/// Backbone, decoder, head and, if there is one, auxiliary head. Parameter names are those of the authors' code over timm backbones.
public final class SegmentationModel: Sendable {
  /// Class scores before up-sampling, plain [B, classes, h, w]. Losses and the evaluator up-sample them to [H, W], so
  /// that full-resolution logits need not exist. The main scores have the backbone's output stride, but stride 4 after
  /// DeepLabV3+ and SegFormer, and 1 after UNet.
  public struct Outputs: Sendable {
    public let main: Variable
    /// From the backbone's second to last stage; nil for a network without auxiliary head.
    public let auxiliary: Variable?
    private let features: [FeatureTap: Variable]

    init(main: Variable, auxiliary: Variable?, features: [FeatureTap: Variable]) {
      self.main = main
      self.auxiliary = auxiliary
      self.features = features
    }

    /// A feature map that was asked for, [B, C, h, w], in the layout of the engine.
    public subscript(tap: FeatureTap) -> Variable {
      guard let map = features[tap] else {
        preconditionFailure("Outputs: feature tap \(tap) was not asked for")
      }
      return map
    }
  }

  public let architecture: Architecture
  public let classes: Int
  public var precision: Precision { store.precision }
  private let store: ParameterStore
  private let backbone: any Backbone
  private let decoder: @Sendable ([Variable], ForwardPass) -> (joined: Variable?, output: Variable)
  private let head: Conv2d
  private let auxiliary: (convolution: ConvNormAct, head: Conv2d)?

  /// A network with initial values drawn from `seed`; with nil, zeros, for weights that are loaded next.
  ///
  /// - Parameters:
  ///   - precision: of its products, in training and in evaluation; one that this CPU has.
  ///   - recomputesBlocks: whether training keeps the outputs of the backbone's blocks alone and computes the blocks again
  ///     on the way back; changes memory and time, and no bit.
  ///   - loadsBackbone: whether the backbone's weights stay at zero, since they are loaded next; the others are drawn.
  public init(
    _ architecture: Architecture, classes: Int, seed: UInt64?, precision: Precision = .float32,
    recomputesBlocks: Bool = false, loadsBackbone: Bool = false
  ) {
    self.architecture = architecture
    self.classes = classes
    store = ParameterStore(
      seed: seed, precision: precision, recomputesBlocks: recomputesBlocks,
      loadedPrefix: loadsBackbone ? SegmentationModel.backbonePrefix : nil)
    let root = store.root
    let features = root["backbone"]["backbone"]
    let (stride, grid) = (architecture.outputStride, architecture.multiGrid)
    switch architecture.backbone {
    case .resnet18d: backbone = ResNet(features, .resnet18, outputStride: stride, multiGrid: grid)
    case .resnet50d: backbone = ResNet(features, .resnet50, outputStride: stride, multiGrid: grid)
    case .resnet101d: backbone = ResNet(features, .resnet101, outputStride: stride, multiGrid: grid)
    case .mobilenetv2: backbone = MobileNetV2(features, outputStride: stride)
    case .mitB0: backbone = MixTransformer(features, .b0, stochasticDepth: architecture.stochasticDepth)
    case .mitB1: backbone = MixTransformer(features, .b1, stochasticDepth: architecture.stochasticDepth)
    case .mitB2: backbone = MixTransformer(features, .b2, stochasticDepth: architecture.stochasticDepth)
    case .mitB3: backbone = MixTransformer(features, .b3, stochasticDepth: architecture.stochasticDepth)
    case .mitB4: backbone = MixTransformer(features, .b4, stochasticDepth: architecture.stochasticDepth)
    case .mitB5: backbone = MixTransformer(features, .b5, stochasticDepth: architecture.stochasticDepth)
    }
    let channels = backbone.channels
    precondition(
      channels == architecture.backbone.channels,
      "SegmentationModel: \(architecture.backbone) has maps of \(channels) channels, not of \(architecture.backbone.channels)"
    )
    let input = channels[channels.count - 1]
    let output = architecture.outChannels
    switch architecture.decoder {
    case .deepLabV3(let rates):
      let decoder = DeepLabV3(root["method"], inChannels: input, outChannels: output, rates: rates)
      self.decoder = { (nil, decoder($0[$0.count - 1], $1)) }
    case .pspNet(let bins):
      let decoder = PSPNet(root["method"], inChannels: input, outChannels: output, bins: bins)
      self.decoder = { (nil, decoder($0[$0.count - 1], $1)) }
    case .deepLabV3Plus(let rates, let shortcutChannels, let convolutions):
      let decoder = DeepLabV3Plus(
        root["method"], channels: channels, outChannels: output, rates: rates,
        shortcutChannels: shortcutChannels, convolutions: convolutions)
      self.decoder = {
        let (joined, output) = decoder($0, $1)
        return (joined, output)
      }
    case .uNet(let widths):
      let decoder = UNet(root["method"], channels: channels, widths: widths)
      self.decoder = { (nil, decoder($0, $1)) }
    case .segFormer:
      let decoder = SegFormerHead(root["method"], channels: channels, outChannels: output)
      self.decoder = { (nil, decoder($0, $1)) }
    case .classifier(let isPooled):
      precondition(
        output == input, "SegmentationModel: a classifier on \(input) channels does not give \(output)")
      self.decoder = { maps, pass in
        let last = maps[maps.count - 1]
        return (nil, isPooled ? pass.adaptiveAveragePool(last, bins: 1) : last)
      }
    }
    let classifier = { (scope: ParameterScope, channels: Int) in
      Conv2d(
        scope["1"], inChannels: channels, outChannels: classes, kernel: 1, stride: 1, padding: 0, dilation: 1,
        groups: 1, bias: true, initializer: .xavierUniform)
    }
    head = classifier(root["head"], output)
    auxiliary = architecture.auxiliaryChannels.map { width in
      (
        ConvNormAct(
          root["aux_conv"], inChannels: channels[channels.count - 2], outChannels: width, kernel: 3,
          dilation: 1),
        classifier(root["aux_head"], width)
      )
    }
  }

  /// - Parameters:
  ///   - images: [B, 3, H, W], normalised, plain.
  ///   - taps: feature maps to give besides; others are let go as soon as nothing needs them.
  public func callAsFunction(
    _ images: Variable, _ pass: ForwardPass, taps: Set<FeatureTap> = []
  ) -> Outputs {
    let maps = backboneMaps(of: images, pass)
    let (joined, main, decoded) = decode(maps, pass)
    let auxiliary = auxiliaryLogits(maps, pass)
    var features: [FeatureTap: Variable] = [:]
    for tap in taps {
      switch tap {
      case .decoder: features[tap] = decoded
      case .joined:
        guard let joined else {
          preconditionFailure("SegmentationModel: \(architecture.decoder) has no feature tap joined")
        }
        features[tap] = joined
      case .stem, .stage1, .stage2, .stage3, .stage4: features[tap] = maps[architecture.place(of: tap)]
      }
    }
    return Outputs(main: main, auxiliary: auxiliary, features: features)
  }

  func backboneMaps(of images: Variable, _ pass: ForwardPass) -> [Variable] {
    precondition(
      images.shape.rank == 4 && images.shape[1] == 3,
      "SegmentationModel: images \(images.shape) are not [B, 3, H, W]")
    return backbone(images, pass)
  }

  /// The backbone's maps to what the decoder joins (DeepLabV3+ alone), the logits, and the map that they are made of.
  func decode(
    _ maps: [Variable], _ pass: ForwardPass
  ) -> (joined: Variable?, logits: Variable, decoded: Variable) {
    let (joined, output) = decoder(maps, pass)
    let decoded = pass.channelDropout(output, probability: architecture.dropout)
    return (joined, pass.convert(head(decoded, pass), to: .plain), decoded)
  }

  func auxiliaryLogits(_ maps: [Variable], _ pass: ForwardPass) -> Variable? {
    auxiliary.map { convolution, head in
      let features = pass.channelDropout(
        convolution(maps[maps.count - 2], pass), probability: architecture.dropout)
      return pass.convert(head(features, pass), to: .plain)
    }
  }

  /// In the order of construction.
  public var parameters: [Parameter] { store.parameters }

  /// Running statistics, in the order of construction.
  public var buffers: [ModelBuffer] { store.buffers }

  /// Trained numbers, an auxiliary head included.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.count } }

  /// What one image of this size costs in evaluation, all heads and the up-sampling of their logits included.
  public func operationCounts(height: Int, width: Int) -> OperationCounts {
    let pass = ForwardPass.counting()
    let logits = self(Variable(constant: Tensor(uninitialized: [1, 3, height, width])), pass)
    _ = pass.resize(logits.main, height: height, width: width)
    if let auxiliary = logits.auxiliary { _ = pass.resize(auxiliary, height: height, width: width) }
    return pass.operationCounts ?? OperationCounts()
  }

  /// Whether a parameter belongs to the backbone, which trains at the base learning rate.
  public static func isBackbone(_ parameter: Parameter) -> Bool { parameter.name.hasPrefix(backbonePrefix) }

  /// What names of the backbone's parameters and running statistics begin with.
  public static let backbonePrefix = "backbone."
}
