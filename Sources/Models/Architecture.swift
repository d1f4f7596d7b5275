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
    /// DeepLabV3+ (Chen et al., ECCV 2018) with its atrous rates, the channels of its stride-4 shortcut, and what
    /// it convolves with.
    case deepLabV3Plus(
      rates: [Int], shortcutChannels: Int, convolutions: DeepLabV3PlusConvolutions = .separable)
    /// UNet (Ronneberger et al., MICCAI 2015) with the widths of its five stages; the last is `outChannels`.
    case uNet(widths: [Int])
    /// SegFormer's fusion of four stages (Xie et al., NeurIPS 2021).
    case segFormer
    /// No decoder: the classifier stands on the backbone's last map, for pretraining. Pooled, it sees the average over the
    /// image and gives one vector of scores, [B, classes, 1, 1]: image classification.
    case classifier(isPooled: Bool)
  }

  /// The two DeepLabV3+ in use.
  public enum DeepLabV3PlusConvolutions: String, Sendable, CaseIterable {
    /// Separable convolutions in the pyramid and behind it, a 3x3 bottleneck between: the paper's network.
    case separable
    /// Ordinary convolutions throughout, a 1x1 bottleneck: the network of semi-supervised segmentation (U2PL, UniMatch,
    /// iMAS, AugSeg).
    case plain
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
  /// Multi-grid (Chen et al., "Rethinking Atrous Convolution", 2017, section 3.2): by what the dilation of each block
  /// of a ResNet's last stage is multiplied. At output stride 16, where that dilation is 2, factors 1, 2, 4 give
  /// dilations 2, 4, 8. The first block's counts too, which without multi-grid keeps the dilation from before the
  /// stage. Weights and their initial values are the same with and without; nil: without.
  public let multiGrid: [Int]?

  /// - Parameters:
  ///   - stochasticDepth: of transformers; other backbones do not use it.
  ///   - multiGrid: of ResNets with an output stride below 32: one factor for each block of the last stage.
  public init(
    backbone: Backbone, decoder: Decoder, outChannels: Int, auxiliaryChannels: Int?, outputStride: Int,
    dropout: Double, stochasticDepth: Double, multiGrid: [Int]? = nil
  ) {
    precondition(
      [8, 16, 32].contains(outputStride), "Architecture: output stride \(outputStride) is not 8, 16 or 32")
    if let multiGrid {
      precondition(
        outputStride < 32, "Architecture: multi-grid needs a dilated stage, and output stride 32 has none")
      precondition(
        multiGrid.count == backbone.lastStageBlocks && multiGrid.allSatisfy { $0 > 0 },
        "Architecture: multi-grid \(multiGrid) is not one factor for each of the "
          + "\(backbone.lastStageBlocks ?? 0) residual blocks of \(backbone)'s last stage")
    }
    self.backbone = backbone
    self.decoder = decoder
    self.outChannels = outChannels
    self.auxiliaryChannels = auxiliaryChannels
    self.outputStride = outputStride
    self.dropout = dropout
    self.stochasticDepth = stochasticDepth
    self.multiGrid = multiGrid
  }
}
