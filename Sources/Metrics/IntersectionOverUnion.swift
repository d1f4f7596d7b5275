/// A mean in percent, with how many values it is over.
public struct Mean: Equatable, Sendable {
  public let percent: Double
  public let count: Int

  public init(percent: Double, count: Int) {
    self.percent = percent
    self.count = count
  }

  /// nil for no values: a mean over nothing has no value.
  init?(ofFractions fractions: [Double]) {
    guard !fractions.isEmpty else { return nil }
    percent = 100 * fractions.reduce(0, +) / Double(fractions.count)
    count = fractions.count
  }
}

/// Which classes a dataset-wide mean IoU is over.
public enum ClassSelection: Sendable {
  /// Classes in some label or some prediction. A class that is only predicted counts as IoU 0.
  case labelledOrPredicted
  /// Classes in some label. False positives of other classes still count against the classes they hide.
  case labelled
}

/// IoU as in "Revisiting Evaluation Metrics for Semantic Segmentation" (Wang et al., NeurIPS
/// 2023), which names the dataset (D), image (I) and class (C) forms; the tables of "Jaccard Metric Losses"
/// use form D.
extension ConfusionCounts {
  /// Correct pixels of all labelled pixels, in percent; nil without labelled pixels.
  public var accuracy: Double? {
    let correct = truePositives.reduce(0, +)
    let labelled = correct + falseNegatives.reduce(0, +)
    return labelled > 0 ? 100 * Double(correct) / Double(labelled) : nil
  }

  /// IoU of each class over the dataset, in percent, [classes]; nil for a class in no label and no
  /// prediction.
  public var classIoU: [Double?] {
    let (truePositives, falsePositives, falseNegatives) = totals
    return (0..<classes).map { index in
      let union = truePositives[index] + falsePositives[index] + falseNegatives[index]
      return union > 0 ? 100 * Double(truePositives[index]) / Double(union) : nil
    }
  }

  /// mIoU^D: intersections and unions summed over the dataset, then the mean over classes.
  ///
  /// Differs from the authors' code, where a class in no label and no prediction makes the mean NaN: such a
  /// class is skipped, and `count` says how many were used. nil when there is none.
  public func meanIoUD(over selection: ClassSelection = .labelledOrPredicted) -> Mean? {
    let (truePositives, _, falseNegatives) = totals
    let values = classIoU
    return Mean(
      ofFractions: (0..<classes).compactMap { index in
        switch selection {
        case .labelledOrPredicted: break
        case .labelled: guard truePositives[index] + falseNegatives[index] > 0 else { return nil }
        }
        return values[index].map { $0 / 100 }
      })
  }

  /// mIoU^I: per image the mean over the classes in its label, then over images with any label. `count`:
  /// images.
  public var meanIoUI: Mean? { meanI(.iou) }

  /// mIoU^C: per class the mean over the images whose label has it, then over classes in some label.
  /// `count`: classes.
  public var meanIoUC: Mean? { meanC(.iou) }
}
