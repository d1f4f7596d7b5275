/// A network: backbone, decoder, the two heads. `models/<name>.yaml`.
public struct ModelSpec: Equatable, Sendable {
  public let name: String
  public let backbone: Backbone
  /// Input pixels per pixel of the last backbone map.
  public let outputStride: Int
  public let decoder: Decoder
  /// Channels of the auxiliary head on the second-to-last backbone map.
  public let auxiliaryChannels: Int
  /// Probability of zeroing a channel before each of the two classifiers.
  public let dropout: Double
  public let weights: InitialWeights

  /// timm's names; the paper's parameter counts (Table 9) are those of the `d` variants.
  public enum Backbone: String, CaseIterable, Sendable {
    case resnet18d, resnet50d, resnet101d, mobilenetv2_100
  }

  /// Where the backbone's weights come from before the first step.
  public enum InitialWeights: String, CaseIterable, Sendable {
    /// Drawn from the run's seed. The paper starts from ImageNet weights.
    case random
  }

  public enum Decoder: Equatable, Sendable {
    /// Atrous spatial pyramid pooling (Chen et al. 2017): `channels` per branch, dilation `rates` of its 3x3
    /// branches.
    case deeplabv3(channels: Int, rates: [Int])
    /// Pyramid pooling (Zhao et al. 2017): `channels` per branch, `bins` cells a side of its average pools.
    case pspnet(channels: Int, bins: [Int])
  }

  private enum DecoderKind: String, CaseIterable {
    case deeplabv3, pspnet
  }

  init(_ reader: StrictReader, name: String?) throws {
    let keys = ["backbone", "output_stride", "decoder", "auxiliary_channels", "dropout", "weights"]
    self.name = try reader.name(or: name, keys: keys)
    backbone = try reader.required("backbone").choice(Backbone.self)
    let stride = try reader.required("output_stride")
    outputStride = try stride.int(8...32)
    guard [8, 16, 32].contains(outputStride) else { throw stride.outOfRange("8, 16 or 32") }
    decoder = try ModelSpec.decoder(try reader.required("decoder"))
    auxiliaryChannels = try reader.required("auxiliary_channels").int(1...4096)
    dropout = try reader.required("dropout").number(.from(0, below: 1))
    weights = try reader.required("weights").choice(InitialWeights.self)
  }

  private static func decoder(_ reader: StrictReader) throws -> Decoder {
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
    }
    return .object([
      "name": .string(name), "backbone": .string(backbone.rawValue), "output_stride": .int(outputStride),
      "decoder": decoder, "auxiliary_channels": .int(auxiliaryChannels), "dropout": .number(dropout),
      "weights": .string(weights.rawValue),
    ])
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
