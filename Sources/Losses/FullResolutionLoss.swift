import Tensors

/// Every loss of full-resolution logits, behind one entry: value and gradient.
public enum FullResolutionLoss: Hashable, Sendable {
  /// JML1, JML2, SJL-L1, SJL-L2 in their Jaccard, Dice and Tversky versions.
  case jaccard(JaccardMetricLoss)
  /// Hard labels only.
  case lovasz(LovaszSoftmax)
  /// -sum over classes of y log p, a mean over kept pixels.
  case crossEntropy
  /// T^2 KL(y || softmax(logits / T)), a mean over kept pixels. The label is taken as it is.
  case divergence(temperature: Double)

  /// - Parameters:
  ///   - logits: [B, C, H, W], plain.
  ///   - target: labels of the same shape; its mask says which pixels count.
  /// - Throws: `LossError.needsHardLabels`.
  public func callAsFunction(logits: Tensor, target: SoftLabels) throws(LossError) -> LossValue {
    switch self {
    case .jaccard(let loss): return loss(logits: logits, target: target)
    case .lovasz(let loss): return try loss(logits: logits, target: target)
    case .crossEntropy: return CrossEntropy.soft(logits: logits, target: target)
    case .divergence(let temperature):
      return CrossEntropy.divergence(logits: logits, target: target, temperature: temperature)
    }
  }
}

/// The region term of a training loss.
public enum RegionLoss: Hashable, Sendable {
  case jaccard(JaccardMetricLoss)
  case lovasz(LovaszSoftmax)

  public var fullResolution: FullResolutionLoss {
    switch self {
    case .jaccard(let loss): return .jaccard(loss)
    case .lovasz(let loss): return .lovasz(loss)
    }
  }

  public var active: ActiveClasses {
    switch self {
    case .jaccard(let loss): return loss.active
    case .lovasz(let loss): return loss.active
    }
  }

  /// The loss, if it is a function of what the fused head sums up: probabilities and distances.
  var fusible: JaccardMetricLoss? {
    switch self {
    case .jaccard(let loss): return loss.form == .jml1 ? loss : nil
    case .lovasz: return nil
    }
  }
}

extension RegionLoss {
  /// The key in logs and JSON.
  public var name: String {
    switch self {
    case .jaccard: "jaccard"
    case .lovasz: "lovasz"
    }
  }
}
