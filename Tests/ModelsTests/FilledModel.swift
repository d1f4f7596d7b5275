import Foundation
import HDF5
import Models
import Tensors

/// The oracle's weights without weight files: every value follows from the tensor's dotted name.
///
/// state = FNV-1a-64(name); element i takes u = splitmix64(state + (i + 1) * 0x9E3779B97F4A7C15) >> 11, over 2^53.
enum FillRule {
  static func values(_ name: String, _ shape: Shape) -> [Float] {
    let state = RandomSource.hash(name)
    let fan = shape.rank > 1 ? shape.count / shape[0] : 1
    let bound = (3 / Double(fan)).squareRoot()
    return (0..<shape.count).map { index in
      let counter = state &+ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
      let u = Double(RandomSource.mix(counter) >> 11) / 9_007_199_254_740_992
      if name.hasSuffix("running_var") { return Float(1 + 0.5 * u) }
      if name.hasSuffix("running_mean") || name.hasSuffix("bias") { return Float(0.1 * (2 * u - 1)) }
      if shape.rank == 1 { return Float(1 + 0.1 * (2 * u - 1)) }
      return Float((2 * u - 1) * bound)
    }
  }
}

enum OracleModel {
  static let names = [
    "deeplabv3_resnet18d", "deeplabv3_resnet50d", "deeplabv3_resnet101d", "deeplabv3_mobilenetv2_100",
    "pspnet_resnet18d",
  ]

  static func architecture(_ name: String) -> Architecture {
    let wide = name.contains("50") || name.contains("101")
    let backbone = name.split(separator: "_", maxSplits: 1).last.map(String.init) ?? ""
    return Architecture(
      backbone: Architecture.Backbone(rawValue: backbone) ?? .resnet18d,
      decoder: name.hasPrefix("pspnet") ? .pspNet(bins: [1, 2, 3, 6]) : .deepLabV3(rates: [12, 24, 36]),
      outChannels: wide ? 512 : 128, auxiliaryChannels: wide ? 256 : 64, outputStride: 8, dropout: 0)
  }

  /// The named network with 19 classes, no dropout, filled by rule.
  static func make(_ name: String) throws -> SegmentationModel {
    let model = SegmentationModel(architecture(name), classes: 19, seed: 1)
    try model.load(
      weights: model.parameters.map {
        ($0.name, Tensor(FillRule.values($0.name, $0.shape), shape: $0.shape))
      },
      buffers: model.buffers.map {
        ($0.name, Tensor(FillRule.values($0.name, $0.value.shape), shape: $0.value.shape))
      })
    return model
  }
}
