extension Architecture.Backbone {
  /// Channels of the maps, the finest first: strides 2 (not for transformers), 4, 8, 16, 32.
  public var channels: [Int] {
    switch self {
    case .resnet18d: [64, 64, 128, 256, 512]
    case .resnet50d, .resnet101d: [64, 256, 512, 1024, 2048]
    case .mobilenetv2: [16, 24, 32, 96, 320]
    case .mitB0: [32, 64, 160, 256]
    case .mitB1, .mitB2, .mitB3, .mitB4, .mitB5: [64, 128, 320, 512]
    }
  }
}

extension Architecture {
  /// Taps that the network has: transformers have no stem of their own.
  public var taps: [FeatureTap] { FeatureTap.allCases.filter { $0 != .stem || backbone.channels.count > 4 } }

  /// Channels of a feature tap's map.
  public func channels(of tap: FeatureTap) -> Int {
    tap == .decoder ? outChannels : backbone.channels[place(of: tap)]
  }

  /// Where a backbone's tap is among its maps; the last four are the stages.
  func place(of tap: FeatureTap) -> Int {
    let count = backbone.channels.count
    switch tap {
    case .stem:
      precondition(count > 4, "Architecture: \(backbone) has no feature tap stem")
      return count - 5
    case .stage1: return count - 4
    case .stage2: return count - 3
    case .stage3: return count - 2
    case .stage4: return count - 1
    case .decoder: preconditionFailure("Architecture: the decoder is no map of the backbone")
    }
  }
}
