/// Counts that no evaluation can give: what a damaged file may hold.
extension Evaluation {
  /// The first thing that contradicts itself, in words; nil for counts that an evaluation may have given.
  ///
  /// No count is negative, every sum is finite, and the three views of an image agree: its calibration bins hold exactly
  /// its labelled pixels, boundary bins no more than those, and each class's bins its labelled and its correct pixels.
  public var contradiction: String? {
    for (name, values) in [
      ("tp", confusion.truePositives), ("fp", confusion.falsePositives), ("fn", confusion.falseNegatives),
    ] {
      if let reason = Evaluation.impossible(values) { return "\(name) has \(reason)" }
    }
    for (name, bins) in [("ece", calibration), ("bece", boundaryCalibration)] {
      if let reason = bins.contradiction { return "calibration \(name): \(reason)" }
    }
    for field in ClasswiseCalibration.Field.allCases {
      // Probabilities are in units of 2^-32, and are summed in 128 bits.
      let most = field == .probability ? Int64.max : Evaluation.mostPixels
      if let reason = Evaluation.impossible(classwise.values(of: field), most: most) {
        return "classwise \(field) has \(reason)"
      }
    }
    return (0..<images).lazy.compactMap { image in
      contradiction(image).map { "image \(image): \($0)" }
    }.first
  }

  /// More than any image has, and so few that sums over classes, bins and images do not overflow.
  private static let mostPixels: Int64 = 1 << 40

  /// nil for counts that an image may have.
  fileprivate static func impossible(_ counts: [Int64], most: Int64 = mostPixels) -> String? {
    guard let count = counts.first(where: { $0 < 0 || $0 > most }) else { return nil }
    return count < 0 ? "a negative count" : "a count of \(count) pixels, more than an image has"
  }

  private func contradiction(_ image: Int) -> String? {
    func pixels(_ counts: [Int64]) -> Int64 { counts[image * classes..<(image + 1) * classes].reduce(0, +) }
    func binned(_ bins: CalibrationBins, _ counts: [Int64]) -> Int64 {
      counts[image * CalibrationBins.bins..<(image + 1) * CalibrationBins.bins].reduce(0, +)
    }
    let labelled = pixels(confusion.truePositives) + pixels(confusion.falseNegatives)
    if pixels(confusion.falsePositives) != pixels(confusion.falseNegatives) {
      return "false positives and false negatives differ in number"
    }
    if binned(calibration, calibration.count) != labelled {
      return
        "the bins of ECE hold \(binned(calibration, calibration.count)) pixels, and \(labelled) are labelled"
    }
    if binned(calibration, calibration.correct) != pixels(confusion.truePositives) {
      return "the bins of ECE hold another number of correct pixels than tp"
    }
    let boundary = binned(boundaryCalibration, boundaryCalibration.count)
    if boundary > labelled { return "more boundary pixels than labelled ones" }
    for index in 0..<classes {
      let truePositives = confusion.truePositives[image * classes + index]
      let ofClass = truePositives + confusion.falseNegatives[image * classes + index]
      if classwise.sum(image, .all, index, .count) != labelled
        || classwise.sum(image, .all, index, .labelled) != ofClass
        || classwise.sum(image, .all, index, .agreeing) != truePositives
        || classwise.sum(image, .boundary, index, .count) != boundary
      {
        return "the classwise bins of class \(index) disagree with the other counts"
      }
    }
    return nil
  }
}

extension CalibrationBins {
  fileprivate var contradiction: String? {
    for (name, counts) in [("count", count), ("correct", correct)] {
      if let reason = Evaluation.impossible(counts) { return "\(name) has \(reason)" }
    }
    for index in count.indices {
      if correct[index] > count[index] { return "more correct pixels than pixels in a bin" }
      // A bin's confidences are at most 1 each.
      guard confidence[index].isFinite, confidence[index] >= 0, confidence[index] <= Double(count[index])
      else {
        return "a sum of confidence is \(confidence[index]), of \(count[index]) pixels"
      }
    }
    return nil
  }
}
