import Tensors

/// True positives, false positives and false negatives in pixels, per image and class. Every accuracy and
/// IoU is a pure function of these integers, so that a table never needs an evaluation to be run again.
///
/// Pixels labelled `LabelMap.ignore` count nowhere, not even as false positives.
public struct ConfusionCounts: Equatable, Sendable {
  public let classes: Int
  public private(set) var images: Int
  /// [images, classes], row-major.
  public private(set) var truePositives: [Int64]
  /// [images, classes], row-major.
  public private(set) var falsePositives: [Int64]
  /// [images, classes], row-major.
  public private(set) var falseNegatives: [Int64]

  public init(classes: Int) {
    self.init(classes: classes, images: 0, truePositives: [], falsePositives: [], falseNegatives: [])
  }

  /// Counts that were stored. Each array is [images, classes], row-major.
  public init(
    classes: Int, images: Int, truePositives: [Int64], falsePositives: [Int64], falseNegatives: [Int64]
  ) {
    precondition(
      [truePositives, falsePositives, falseNegatives].allSatisfy { $0.count == images * classes },
      """
      ConfusionCounts: \(truePositives.count), \(falsePositives.count), \(falseNegatives.count) counts \
      do not fill [\(images), \(classes)]
      """)
    self.classes = classes
    self.images = images
    self.truePositives = truePositives
    self.falsePositives = falsePositives
    self.falseNegatives = falseNegatives
  }

  /// Adds one image. Throws `MetricsError.notAClass` for a label or prediction that is none.
  /// - Parameters:
  ///   - prediction: class indices, [H, W].
  ///   - label: class indices or `LabelMap.ignore`, [H, W].
  public mutating func add(prediction: LabelMap, label: LabelMap) throws {
    precondition(
      prediction.height == label.height && prediction.width == label.width,
      """
      ConfusionCounts.add: prediction [\(prediction.height), \(prediction.width)], \
      label [\(label.height), \(label.width)]
      """)
    var agreeing = [Int64](repeating: 0, count: classes)
    var predicted = agreeing
    var labelled = agreeing
    for (guess, truth) in zip(prediction.values, label.values) where truth != LabelMap.ignore {
      guard Int(truth) < classes else {
        throw MetricsError.notAClass(value: Int(truth), classes: classes, what: "label")
      }
      guard Int(guess) < classes else {
        throw MetricsError.notAClass(value: Int(guess), classes: classes, what: "prediction")
      }
      predicted[Int(guess)] += 1
      labelled[Int(truth)] += 1
      if guess == truth { agreeing[Int(truth)] += 1 }
    }
    append(
      truePositives: agreeing, falsePositives: zip(predicted, agreeing).map { $0 - $1 },
      falseNegatives: zip(labelled, agreeing).map { $0 - $1 })
  }

  /// Adds one image's counts, [classes] each.
  public mutating func append(truePositives: [Int64], falsePositives: [Int64], falseNegatives: [Int64]) {
    precondition(
      [truePositives, falsePositives, falseNegatives].allSatisfy { $0.count == classes },
      "ConfusionCounts.append: counts of one image are not [\(classes)]")
    self.truePositives += truePositives
    self.falsePositives += falsePositives
    self.falseNegatives += falseNegatives
    images += 1
  }

  /// Sums over images: [classes] each.
  public var totals: (truePositives: [Int64], falsePositives: [Int64], falseNegatives: [Int64]) {
    func sum(_ counts: [Int64]) -> [Int64] {
      var total = [Int64](repeating: 0, count: classes)
      for index in counts.indices { total[index % classes] += counts[index] }
      return total
    }
    return (sum(truePositives), sum(falsePositives), sum(falseNegatives))
  }
}
