/// What a segmentation network is made of, as data. Sizes are those of Appendix A, Table 9.
public struct Architecture: Sendable, Hashable {
  /// ImageNet networks under their timm names. The paper writes "ResNet"; its parameter counts are those of the 'd'
  /// variants (deep stem, average-pooled shortcut).
  public enum Backbone: String, Sendable, CaseIterable {
    case resnet18d
    case resnet50d
    case resnet101d
    case mobilenetv2 = "mobilenetv2_100"
    case mitB0 = "mit_b0"
    case mitB1 = "mit_b1"
    case mitB2 = "mit_b2"
    case mitB3 = "mit_b3"
    case mitB4 = "mit_b4"
    case mitB5 = "mit_b5"
  }

  public enum Decoder: Sendable, Hashable {
    /// DeepLabV3 (Chen et al., 2017) with its atrous rates, in pixels of the feature map.
    case deepLabV3(rates: [Int])
    /// PSPNet (Zhao et al., CVPR 2017) with its pooling bins.
    case pspNet(bins: [Int])
    /// DeepLabV3+ (Chen et al., ECCV 2018) with its atrous rates and the channels of its stride-4 shortcut.
    case deepLabV3Plus(rates: [Int], shortcutChannels: Int)
    /// UNet (Ronneberger et al., MICCAI 2015) with the widths of its five stages; the last is `outChannels`.
    case uNet(widths: [Int])
    /// SegFormer's fusion of four stages (Xie et al., NeurIPS 2021).
    case segFormer
    /// No decoder: the classifier stands on the backbone's last map, for pretraining. Pooled, it sees the average over the
    /// image and gives one vector of scores, [B, classes, 1, 1]: image classification.
    case classifier(isPooled: Bool)
  }

  public let backbone: Backbone
  public let decoder: Decoder
  /// Channels of the decoder's output.
  public let outChannels: Int
  /// Channels of the auxiliary head; nil for a network without.
  public let auxiliaryChannels: Int?
  /// Input pixels per feature-map pixel at the backbone's end: 8, 16 or 32.
  public let outputStride: Int
  /// Probability that a channel is dropped before each classifier.
  public let dropout: Double
  /// Probability that an image skips the last transformer block; it grows linearly from 0 over the blocks.
  public let stochasticDepth: Double

  /// - Parameter stochasticDepth: of transformers; other backbones do not use it.
  public init(
    backbone: Backbone, decoder: Decoder, outChannels: Int, auxiliaryChannels: Int?, outputStride: Int,
    dropout: Double, stochasticDepth: Double
  ) {
    precondition(
      [8, 16, 32].contains(outputStride), "Architecture: output stride \(outputStride) is not 8, 16 or 32")
    self.backbone = backbone
    self.decoder = decoder
    self.outChannels = outChannels
    self.auxiliaryChannels = auxiliaryChannels
    self.outputStride = outputStride
    self.dropout = dropout
    self.stochasticDepth = stochasticDepth
  }
}
