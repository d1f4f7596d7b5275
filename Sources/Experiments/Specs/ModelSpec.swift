import JSON

/// A network: backbone, decoder, the two heads. `models/<name>.yaml`.
public struct ModelSpec: Equatable, Sendable {
  public let name: String
  public let backbone: Backbone
  /// Input pixels per pixel of the last backbone map.
  public let outputStride: Int
  /// By what the dilation of each residual block of a ResNet's last stage is multiplied; nil: its first block keeps the
  /// dilation from before the stage, the others have the stage's.
  public let multiGrid: [Int]?
  public let decoder: Decoder
  /// Channels of the auxiliary head on the second-to-last backbone map; nil for a network without.
  public let auxiliaryChannels: Int?
  /// Probability of zeroing a channel before each of the two classifiers.
  public let dropout: Double
  /// Probability of skipping the last transformer block's branches, growing linearly from 0; nil for other backbones.
  public let stochasticDepth: Double?
  public private(set) var weights: InitialWeights

  /// timm's names; the paper's parameter counts (Table 9) are those of the `d` variants.
  public enum Backbone: String, CaseIterable, Sendable {
    case resnet18d, resnet50d, resnet101d, mobilenetv2_100
    case mit_b0, mit_b1, mit_b2, mit_b3, mit_b4, mit_b5

    /// Backbones that differ in depth and width alone.
    public enum Family: String, CaseIterable, Sendable {
      case resnet, mobilenetv2
      case mixTransformer = "mix_transformer"

      var members: [Backbone] { Backbone.allCases.filter { $0.family == self } }
    }

    var family: Family {
      switch self {
      case .resnet18d, .resnet50d, .resnet101d: .resnet
      case .mobilenetv2_100: .mobilenetv2
      case .mit_b0, .mit_b1, .mit_b2, .mit_b3, .mit_b4, .mit_b5: .mixTransformer
      }
    }

    /// Four maps at strides 4 to 32, which dilation does not change.
    var isTransformer: Bool { family == .mixTransformer }

    /// Residual blocks of the last stage (He et al. 2016); nil for backbones that have no multi-grid.
    var lastStageBlocks: Int? {
      switch self {
      case .resnet18d: 2
      case .resnet50d, .resnet101d: 3
      case .mobilenetv2_100, .mit_b0, .mit_b1, .mit_b2, .mit_b3, .mit_b4, .mit_b5: nil
      }
    }
  }

  /// Where the backbone's weights come from before the first step.
  public enum InitialWeights: String, CaseIterable, Sendable {
    /// Drawn from the run's seed. The paper starts from ImageNet weights.
    case random
    /// The backbone of a finished run, the input of role `backbone`; the rest is drawn from the run's seed.
    case pretrained
  }

  public enum Decoder: Equatable, Sendable {
    /// Atrous spatial pyramid pooling (Chen et al. 2017): `channels` per branch, dilation `rates` of its 3x3
    /// branches.
    case deeplabv3(channels: Int, rates: [Int])
    /// Pyramid pooling (Zhao et al. 2017): `channels` per branch, `bins` cells a side of its average pools.
    case pspnet(channels: Int, bins: [Int])
    /// Pyramid and a shortcut from stride 4 (Chen et al. 2018).
    case deeplabv3plus(channels: Int, rates: [Int], shortcutChannels: Int, convolutions: Convolutions)
    /// Five stages of doubled size (Ronneberger et al. 2015), `widths` channels each.
    case unet(widths: [Int])
    /// Fusion of four stages (Xie et al. 2021), each projected to `channels`.
    case segformer(channels: Int)
    /// None: the classifier stands on the backbone's last map, or, pooled, on its average over the image.
    case classifier(isPooled: Bool)
  }

  /// What DeepLabV3+ is made of.
  public enum Convolutions: String, CaseIterable, Sendable {
    /// As in the paper's code; also what a file that does not say has.
    case separable
    /// As in the public codes of semi-supervised methods.
    case plain
  }

  private enum DecoderKind: String, CaseIterable {
    case deeplabv3, pspnet, deeplabv3plus, unet, segformer, classifier
  }

  init(_ reader: StrictReader, name: String?) throws {
    let kind = try reader.required("backbone").choice(Backbone.self)
    let own = kind.isTransformer ? ["stochastic_depth"] : []
    let keys =
      own + [
        "backbone", "output_stride", "multi_grid", "decoder", "auxiliary_channels", "dropout", "weights",
      ]
    self.name = try reader.name(or: name, keys: keys)
    backbone = kind
    let stride = try reader.required("output_stride")
    let reached = try ModelSpec.outputStride(stride, backbone: kind)
    outputStride = reached
    multiGrid = try reader.optional("multi_grid").map {
      try ModelSpec.multiGrid($0, backbone: kind, outputStride: reached)
    }
    decoder = try ModelSpec.decoder(try reader.required("decoder"), backbone: kind)
    if case .unet = decoder, outputStride != 32 { throw stride.outOfRange("32 for a unet decoder") }
    stochasticDepth =
      kind.isTransformer ? try reader.required("stochastic_depth").number(.from(0, below: 1)) : nil
    auxiliaryChannels = try reader.nullable("auxiliary_channels")?.int(1...4096)
    dropout = try reader.required("dropout").number(.from(0, below: 1))
    weights = try reader.required("weights").choice(InitialWeights.self)
  }

  private init(
    name: String, backbone: Backbone, outputStride: Int, multiGrid: [Int]?, decoder: Decoder,
    auxiliaryChannels: Int?, dropout: Double, stochasticDepth: Double?, weights: InitialWeights
  ) {
    self.name = name
    self.backbone = backbone
    self.outputStride = outputStride
    self.multiGrid = multiGrid
    self.decoder = decoder
    self.auxiliaryChannels = auxiliaryChannels
    self.dropout = dropout
    self.stochasticDepth = stochasticDepth
    self.weights = weights
  }

  /// The network that trains this one's backbone beforehand, called as the backbone is.
  func pretraining(_ network: PretrainingSpec.Network) -> ModelSpec {
    ModelSpec(
      name: backbone.rawValue, backbone: backbone, outputStride: network.outputStride, multiGrid: nil,
      decoder: network.decoder, auxiliaryChannels: nil, dropout: 0,
      stochasticDepth: backbone.isTransformer ? 0 : nil, weights: .random)
  }

  /// The same network with a backbone from a finished run.
  var startingFromRun: ModelSpec {
    var model = self
    model.weights = .pretrained
    return model
  }

  static func outputStride(_ reader: StrictReader, backbone: Backbone) throws -> Int {
    let stride = try reader.int(8...32)
    let allowed = backbone.isTransformer ? [32] : [8, 16, 32]
    guard allowed.contains(stride) else {
      throw reader.outOfRange(backbone.isTransformer ? "32 for \(backbone)" : "8, 16 or 32")
    }
    return stride
  }

  private static func multiGrid(
    _ reader: StrictReader, backbone: Backbone, outputStride: Int
  ) throws -> [Int] {
    guard let blocks = backbone.lastStageBlocks else {
      throw reader.inconsistent("needs a resnet backbone, not \(backbone)")
    }
    guard outputStride < 32 else {
      throw reader.inconsistent(
        "needs a dilated last stage: an output stride of 8 or 16, not \(outputStride)")
    }
    let factors = try reader.list { try $0.int(1...16) }
    guard factors.count == blocks else {
      throw reader.outOfRange("a list of \(blocks), one per block of the last stage of \(backbone)")
    }
    return factors
  }

  static func decoder(_ reader: StrictReader, backbone: Backbone) throws -> Decoder {
    switch try reader.required("kind").choice(DecoderKind.self) {
    case .deeplabv3:
      try reader.allowOnly(["kind", "channels", "rates"])
      return .deeplabv3(
        channels: try reader.required("channels").int(1...4096),
        rates: try reader.required("rates").nonEmptyList { try $0.int(1...128) })
    case .pspnet:
      try reader.allowOnly(["kind", "channels", "bins"])
      return .pspnet(
        channels: try reader.required("channels").int(1...4096),
        bins: try reader.required("bins").nonEmptyList { try $0.int(1...64) })
    case .deeplabv3plus:
      try reader.allowOnly(["kind", "channels", "rates", "shortcut_channels", "convolutions"])
      return .deeplabv3plus(
        channels: try reader.required("channels").int(1...4096),
        rates: try reader.required("rates").nonEmptyList { try $0.int(1...128) },
        shortcutChannels: try reader.required("shortcut_channels").int(1...4096),
        convolutions: try reader.optional("convolutions")?.choice(Convolutions.self) ?? .separable)
    case .unet:
      try reader.allowOnly(["kind", "widths"])
      let list = try reader.required("widths")
      let widths = try list.list { try $0.int(1...4096) }
      guard widths.count == 5 else { throw list.outOfRange("a list of 5, one per stage") }
      guard !backbone.isTransformer else {
        throw try reader.required("kind").inconsistent("needs a map of stride 2, and \(backbone) has none")
      }
      return .unet(widths: widths)
    case .segformer:
      try reader.allowOnly(["kind", "channels"])
      guard backbone.isTransformer else {
        throw try reader.required("kind").inconsistent("needs a mit backbone, not \(backbone)")
      }
      return .segformer(channels: try reader.required("channels").int(1...4096))
    case .classifier:
      try reader.allowOnly(["kind", "pooled"])
      return .classifier(isPooled: try reader.required("pooled").bool())
    }
  }

  var json: JSONValue {
    let decoder: JSONValue
    switch self.decoder {
    case .deeplabv3(let channels, let rates):
      decoder = .object([
        "kind": .string(DecoderKind.deeplabv3.rawValue), "channels": .int(channels),
        "rates": .array(rates.map { .int($0) }),
      ])
    case .pspnet(let channels, let bins):
      decoder = .object([
        "kind": .string(DecoderKind.pspnet.rawValue), "channels": .int(channels),
        "bins": .array(bins.map { .int($0) }),
      ])
    case .deeplabv3plus(let channels, let rates, let shortcut, let convolutions):
      var members: [String: JSONValue] = [
        "kind": .string(DecoderKind.deeplabv3plus.rawValue), "channels": .int(channels),
        "rates": .array(rates.map { .int($0) }), "shortcut_channels": .int(shortcut),
      ]
      if convolutions != .separable { members["convolutions"] = .string(convolutions.rawValue) }
      decoder = .object(members)
    case .unet(let widths):
      decoder = .object([
        "kind": .string(DecoderKind.unet.rawValue), "widths": .array(widths.map { .int($0) }),
      ])
    case .segformer(let channels):
      decoder = .object([
        "kind": .string(DecoderKind.segformer.rawValue), "channels": .int(channels),
      ])
    case .classifier(let isPooled):
      decoder = .object(["kind": .string(DecoderKind.classifier.rawValue), "pooled": .bool(isPooled)])
    }
    var members: [String: JSONValue] = [
      "name": .string(name), "backbone": .string(backbone.rawValue), "output_stride": .int(outputStride),
      "decoder": decoder, "auxiliary_channels": auxiliaryChannels.map { .int($0) } ?? .null,
      "dropout": .number(dropout),
      "weights": .string(weights.rawValue),
    ]
    if let multiGrid { members["multi_grid"] = .array(multiGrid.map { .int($0) }) }
    if let stochasticDepth { members["stochastic_depth"] = .number(stochasticDepth) }
    return .object(members)
  }
}

extension StrictReader {
  /// The name of a spec: given by its file, or, in a stored run, by its `name` key. Rejects keys outside
  /// `keys`.
  func name(or given: String?, keys: [String]) throws -> String {
    if let given {
      try allowOnly(keys)
      return given
    }
    try allowOnly(["name"] + keys)
    return try required("name").name()
  }
}
