import Models
import Tensors

/// A network that a weight file may be of: names and shapes, no values.
public struct KnownNetwork: Sendable {
  public let name: String
  let backbone: Architecture.Backbone
  /// Of parameters and running statistics, by our names.
  let tensors: [(name: String, shape: Shape)]

  public init(_ name: String, _ model: SegmentationModel) {
    self.name = name
    backbone = model.architecture.backbone
    tensors =
      model.parameters.map { ($0.name, $0.shape) } + model.buffers.map { ($0.name, $0.value.shape) }
  }

  /// All backbones, with nothing behind them. Each is made, looked at and let go.
  static let backbones: [KnownNetwork] = Architecture.Backbone.allCases.map { backbone in
    defer { MemoryPool.trim() }
    return KnownNetwork(
      backbone.rawValue,
      SegmentationModel(
        Architecture(
          backbone: backbone, decoder: .classifier(isPooled: true),
          outChannels: backbone.channels[backbone.channels.count - 1], auxiliaryChannels: nil,
          outputStride: 32, dropout: 0, stochasticDepth: 0),
        classes: 2, seed: nil))
  }

  /// Whether a tensor's first extent is the number of classes.
  static func isClassifier(_ name: String) -> Bool {
    ["head.1.", "aux_head.1."].contains { name.hasPrefix($0) }
  }
}
