/// What a class's counts are made into.
public enum ClassScore: String, CaseIterable, Sendable {
  /// tp / (tp + fn), the class's recall.
  case accuracy = "Acc"
  /// tp / (tp + fp + fn).
  case iou = "IoU"
  /// 2 tp / (2 tp + fp + fn).
  case dice = "Dice"

  /// A fraction; nil for 0/0.
  func value(truePositives: Int64, falsePositives: Int64, falseNegatives: Int64) -> Double? {
    let (numerator, denominator) =
      switch self {
      case .accuracy: (truePositives, truePositives + falseNegatives)
      case .iou: (truePositives, truePositives + falsePositives + falseNegatives)
      case .dice: (2 * truePositives, 2 * truePositives + falsePositives + falseNegatives)
      }
    return denominator > 0 ? Double(numerator) / Double(denominator) : nil
  }
}

/// Means of class scores over a data set (D), over images (I) and over images per class (C), and their
/// worst-case forms over the lowest q percent of images, as in "Revisiting Evaluation Metrics for Semantic
/// Segmentation" (Wang et al., NeurIPS 2023). The lowest q percent of n images are floor(q n / 100) of them,
/// but at least one. A class that has no value is skipped; the authors' code has NaN then.
extension ConfusionCounts {
  /// Counts summed over images, then the mean over classes.
  public func meanD(_ score: ClassScore) -> Mean? {
    let (truePositives, falsePositives, falseNegatives) = totals
    return Mean(
      ofFractions: (0..<classes).compactMap {
        score.value(
          truePositives: truePositives[$0], falsePositives: falsePositives[$0],
          falseNegatives: falseNegatives[$0])
      })
  }

  /// Per image the mean over the classes in its label, then over images, or over the worst of them.
  /// - Parameter worst: percent of images, 1...100.
  public func meanI(_ score: ClassScore, worst: Int = 100) -> Mean? {
    let perImage = (0..<images).compactMap { imageMean(score, image: $0) }
    return Mean(ofFractions: ConfusionCounts.lowest(worst, of: perImage))
  }

  /// The mean of one image over the classes in its label, [images], a fraction; nil for an image without label.
  public func imageMeans(_ score: ClassScore) -> [Double?] {
    (0..<images).map { imageMean(score, image: $0) }
  }

  private func imageMean(_ score: ClassScore, image: Int) -> Double? {
    let values = (0..<classes).compactMap { labelled(score, image: image, class: $0) }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// Per class the mean over the images whose label has it, or over the worst of them, then over classes in
  /// some label.
  /// - Parameter worst: percent of images, 1...100.
  public func meanC(_ score: ClassScore, worst: Int = 100) -> Mean? {
    Mean(
      ofFractions: (0..<classes).compactMap { index in
        let values = ConfusionCounts.lowest(
          worst, of: (0..<images).compactMap { labelled(score, image: $0, class: index) })
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
      })
  }

  /// The mean of `meanI` over the worst 10, 20, ..., 100 percent; in percent.
  public func meanOverWorstI(_ score: ClassScore) -> Double? {
    ConfusionCounts.overWorst { meanI(score, worst: $0)?.percent }
  }

  /// The mean of `meanC` over the worst 10, 20, ..., 100 percent; in percent.
  public func meanOverWorstC(_ score: ClassScore) -> Double? {
    ConfusionCounts.overWorst { meanC(score, worst: $0)?.percent }
  }

  private static func overWorst(_ mean: (Int) -> Double?) -> Double? {
    let means = stride(from: 10, through: 100, by: 10).compactMap(mean)
    return means.isEmpty ? nil : means.reduce(0, +) / Double(means.count)
  }

  private static func lowest(_ percent: Int, of values: [Double]) -> [Double] {
    precondition((1...100).contains(percent), "ConfusionCounts: the worst \(percent) percent")
    guard percent < 100 else { return values }
    return Array(values.sorted().prefix(max(1, values.count * percent / 100)))
  }

  /// A fraction; nil if the image's label lacks the class.
  private func labelled(_ score: ClassScore, image: Int, class index: Int) -> Double? {
    let at = image * classes + index
    guard truePositives[at] + falseNegatives[at] > 0 else { return nil }
    return score.value(
      truePositives: truePositives[at], falsePositives: falsePositives[at],
      falseNegatives: falseNegatives[at])
  }
}
