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

extension Architecture.Backbone {
  /// Residual blocks of the last stage; nil for backbones that are no ResNet.
  public var lastStageBlocks: Int? { depth.flatMap(\.blocks.last) }

  /// nil for backbones that are no ResNet.
  var depth: ResNet.Depth? {
    switch self {
    case .resnet18d: .resnet18
    case .resnet50d: .resnet50
    case .resnet101d: .resnet101
    case .mobilenetv2, .mitB0, .mitB1, .mitB2, .mitB3, .mitB4, .mitB5: nil
    }
  }
}

extension Architecture {
  /// Taps that the network has: transformers have no stem of their own, and DeepLabV3+ alone joins two maps.
  public var taps: [FeatureTap] {
    FeatureTap.allCases.filter { tap in
      switch tap {
      case .stem: backbone.channels.count > 4
      case .joined: joinedChannels != nil
      case .stage1, .stage2, .stage3, .stage4, .decoder: true
      }
    }
  }

  /// Channels of a feature tap's map.
  public func channels(of tap: FeatureTap) -> Int {
    switch tap {
    case .decoder: return outChannels
    case .joined:
      guard let joinedChannels else {
        preconditionFailure("Architecture: \(decoder) has no feature tap joined")
      }
      return joinedChannels
    case .stem, .stage1, .stage2, .stage3, .stage4: return backbone.channels[place(of: tap)]
    }
  }

  private var joinedChannels: Int? {
    guard case .deepLabV3Plus(_, let shortcutChannels, _) = decoder else { return nil }
    return outChannels + shortcutChannels
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
    case .joined, .decoder: preconditionFailure("Architecture: tap \(tap) is no map of the backbone")
    }
  }
}
