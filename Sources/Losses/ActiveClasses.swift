/// Which classes a Jaccard loss averages over ("Jaccard Metric Losses", Figure 6 and Table 7).
///
/// A class that is in no label still has a loss, that of its false positives; whether to count it is a
/// choice. Maxima are over the kept pixels of the batch (of the image, in the per-image and per-class forms);
/// ignored pixels never make a class active. The choice carries no gradient.
public enum ActiveClasses: Hashable, Sendable {
  /// Every class.
  case all
  /// Classes that are the label's argmax at some kept pixel: for hard labels, the classes that occur.
  ///
  /// Differs from Figure 6 in ignored pixels: the argmax of their all-zero label is class 0, so there class 0
  /// counts as soon as one pixel is ignored. The authors' code has had two other readings of the word: label
  /// above 1/2, and later what is `label` here.
  case present
  /// Classes that the network gives more than the threshold somewhere.
  case probability(threshold: Double)
  /// Classes whose label (or teacher probability) exceeds the threshold somewhere. The paper's choice for
  /// distillation, with the threshold 0.01 of the authors' code.
  case label(threshold: Double)
  /// Classes where probability plus label exceeds the threshold somewhere.
  case both(threshold: Double)

  /// Whether the mode needs the maxima of probabilities, which the fused head collects on demand.
  var looksAtProbabilities: Bool {
    switch self {
    case .all, .present, .label: return false
    case .probability, .both: return true
    }
  }

  func includes(isPresent: Bool, maxProbability: Double, maxLabel: Double, maxSum: Double) -> Bool {
    switch self {
    case .all: return true
    case .present: return isPresent
    case .probability(let threshold): return maxProbability > threshold
    case .label(let threshold): return maxLabel > threshold
    case .both(let threshold): return maxSum > threshold
    }
  }
}

extension ActiveClasses {
  /// The names that files and command lines use.
  public static let names = ["all", "present", "prob", "label", "both"]

  /// - Parameters:
  ///   - name: one of `names`; nil comes back for another.
  ///   - threshold: of the modes that have one.
  public init?(name: String, threshold: Double) {
    switch name {
    case "all": self = .all
    case "present": self = .present
    case "prob": self = .probability(threshold: threshold)
    case "label": self = .label(threshold: threshold)
    case "both": self = .both(threshold: threshold)
    default: return nil
    }
  }
}
