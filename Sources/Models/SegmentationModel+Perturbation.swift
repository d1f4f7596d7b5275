import Autograd

extension SegmentationModel {
  /// A pass through the backbone once and through decoder and head twice: on its maps as they are, and on maps some of
  /// whose channels are dropped (UniMatch, Yang et al., CVPR 2023, section 3.2).
  ///
  /// Both go through the decoder in one batch. Its batch norms thus see the perturbed maps too: in a training pass the
  /// plain half is not what the network alone would give. With `featureDropout` 0 it is, but for rounding, since a
  /// batch beside its copy has the same statistics (the running variance sees twice the count in n / (n - 1)). In
  /// evaluation nothing is dropped, and both halves have the plain pass's logits.
  ///
  /// - Parameters:
  ///   - images: [B, 3, H, W], normalised, plain.
  ///   - featureDropout: probability that a channel of an image's map is dropped, 0 ..< 1.
  /// - Returns: main logits [2B, classes, h, w], the first B of the maps as they are, the last B of the perturbed ones;
  ///   auxiliary logits [B, classes, h', w'] of the maps as they are. No feature taps.
  public func perturbed(_ images: Variable, _ pass: ForwardPass, featureDropout: Double) -> Outputs {
    precondition(
      featureDropout >= 0 && featureDropout < 1,
      "SegmentationModel: feature dropout \(featureDropout) is not a probability below 1")
    let maps = backboneMaps(of: images, pass)
    var doubled = maps
    for place in architecture.decodedPlaces {
      let dropped = pass.channelDropout(maps[place], probability: featureDropout)
      doubled[place] = pass.concatenateBatch([maps[place], dropped])
    }
    let main = decode(doubled, pass).logits
    return Outputs(main: main, auxiliary: auxiliaryLogits(maps, pass), features: [:])
  }
}

extension Architecture {
  /// Which of the backbone's maps the decoder reads, the finest first.
  var decodedPlaces: [Int] {
    let count = backbone.channels.count
    switch decoder {
    case .deepLabV3, .pspNet, .classifier: return [count - 1]
    case .deepLabV3Plus: return [count - 4, count - 1]
    case .uNet, .segFormer: return Array(0..<count)
    }
  }
}
