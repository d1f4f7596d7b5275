import Autograd
import Kernels
import Layers
import Tensors

/// Backbone, decoder, head and auxiliary head. Parameter names are those of the authors' code over timm backbones.
public final class SegmentationModel: Sendable {
  /// Class scores before up-sampling, plain [B, classes, H / outputStride, W / outputStride]. Losses and the evaluator
  /// up-sample them, so that full-resolution logits need not exist.
  public struct Logits: Sendable {
    public let main: Variable
    /// From the backbone's second to last stage.
    public let auxiliary: Variable
  }

  public let architecture: Architecture
  public let classes: Int
  private let store: ParameterStore
  private let backbone: any Backbone
  private let decoder: @Sendable (Variable, ForwardPass) -> Variable
  private let head: Conv2d
  private let auxiliaryConvolution: ConvNormAct
  private let auxiliaryHead: Conv2d

  /// A network with initial values drawn from `seed`; with nil, zeros, for weights that are loaded next.
  public init(_ architecture: Architecture, classes: Int, seed: UInt64?) {
    self.architecture = architecture
    self.classes = classes
    store = ParameterStore(seed: seed)
    let root = store.root
    let features = root["backbone"]["backbone"]
    let stride = architecture.outputStride
    switch architecture.backbone {
    case .resnet18d: backbone = ResNet(features, .resnet18, outputStride: stride)
    case .resnet50d: backbone = ResNet(features, .resnet50, outputStride: stride)
    case .resnet101d: backbone = ResNet(features, .resnet101, outputStride: stride)
    case .mobilenetv2: backbone = MobileNetV2(features, outputStride: stride)
    }
    let input = backbone.lastChannels
    let output = architecture.outChannels
    switch architecture.decoder {
    case .deepLabV3(let rates):
      let decoder = DeepLabV3(root["method"], inChannels: input, outChannels: output, rates: rates)
      self.decoder = { decoder($0, $1) }
    case .pspNet(let bins):
      let decoder = PSPNet(root["method"], inChannels: input, outChannels: output, bins: bins)
      self.decoder = { decoder($0, $1) }
    }
    let classifier = { (scope: ParameterScope, channels: Int) in
      Conv2d(
        scope["1"], inChannels: channels, outChannels: classes, kernel: 1, stride: 1, padding: 0, dilation: 1,
        groups: 1, bias: true, initializer: .xavierUniform)
    }
    head = classifier(root["head"], output)
    auxiliaryConvolution = ConvNormAct(
      root["aux_conv"], inChannels: backbone.auxiliaryChannels, outChannels: architecture.auxiliaryChannels,
      kernel: 3, dilation: 1)
    auxiliaryHead = classifier(root["aux_head"], architecture.auxiliaryChannels)
  }

  /// - Parameter images: [B, 3, H, W], normalised, plain.
  public func callAsFunction(_ images: Variable, _ pass: ForwardPass) -> Logits {
    precondition(
      images.shape.rank == 4 && images.shape[1] == 3,
      "SegmentationModel: images \(images.shape) are not [B, 3, H, W]")
    let features = backbone(images, pass)
    return Logits(
      main: classify(decoder(features.last, pass), head, pass),
      auxiliary: classify(auxiliaryConvolution(features.auxiliary, pass), auxiliaryHead, pass))
  }

  private func classify(_ x: Variable, _ classifier: Conv2d, _ pass: ForwardPass) -> Variable {
    let kept = pass.channelDropout(x, probability: architecture.dropout)
    return pass.convert(classifier(kept, pass), to: .plain)
  }

  /// In the order of construction.
  public var parameters: [Parameter] { store.parameters }

  /// Running statistics, in the order of construction.
  public var buffers: [ModelBuffer] { store.buffers }

  /// Trained numbers, the auxiliary head included.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.count } }

  /// Whether a parameter belongs to the backbone, which trains at the base learning rate.
  public static func isBackbone(_ parameter: Parameter) -> Bool { parameter.name.hasPrefix("backbone.") }
}
