import Foundation
import HDF5
import Models
import Tensors
import TestSupport

enum OracleModel {
  static let names = [
    "deeplabv3_resnet18d", "deeplabv3_resnet50d", "deeplabv3_resnet101d", "deeplabv3_mobilenetv2_100",
    "pspnet_resnet18d", "deeplabv3plus_resnet101d", "unet_resnet50d", "unet_resnet18d",
    "unet_mobilenetv2_100", "segformer_mit_b5", "segformer_mit_b3", "segformer_mit_b1", "segformer_mit_b0",
  ]

  static func architecture(_ name: String) -> Architecture {
    let parts = name.split(separator: "_", maxSplits: 1).map(String.init)
    let wide = name.contains("50") || name.contains("101") || name.contains("mit")
    let widths = wide ? [1024, 512, 256, 128, 64] : [256, 128, 64, 32, 16]
    let rates = [12, 24, 36]
    let decoder: Architecture.Decoder
    switch parts[0] {
    case "deeplabv3": decoder = .deepLabV3(rates: rates)
    case "deeplabv3plus": decoder = .deepLabV3Plus(rates: rates, shortcutChannels: 48)
    case "pspnet": decoder = .pspNet(bins: [1, 2, 3, 6])
    case "unet": decoder = .uNet(widths: widths)
    case "segformer": decoder = .segFormer
    default: preconditionFailure("no decoder \(parts[0])")
    }
    guard let backbone = Architecture.Backbone(rawValue: parts[1]) else {
      preconditionFailure("no backbone \(parts[1])")
    }
    return Architecture(
      backbone: backbone, decoder: decoder, outChannels: parts[0] == "unet" ? widths[4] : wide ? 512 : 128,
      auxiliaryChannels: wide ? 256 : 64,
      outputStride: ["unet", "segformer"].contains(parts[0]) ? 32 : 8, dropout: 0, stochasticDepth: 0)
  }

  /// The named network with 19 classes, no dropout, filled by rule.
  static func make(_ name: String) throws -> SegmentationModel {
    let model = SegmentationModel(architecture(name), classes: 19, seed: nil)
    try model.restore(
      StateDict(
        (model.parameters.map { ($0.name, $0.shape) } + model.buffers.map { ($0.name, $0.value.shape) }).map {
          ($0, Tensor(FillRule.values($0, $1), shape: $1))
        }))
    return model
  }
}
