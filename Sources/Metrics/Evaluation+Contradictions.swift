/// Counts that no evaluation can give: what a damaged file may hold.
extension Evaluation {
  /// The first thing that contradicts itself, in words; nil for counts that an evaluation may have given.
  ///
  /// No count is negative, every sum is finite, and the three views of an image agree: its calibration bins hold exactly
  /// its labelled pixels, boundary bins no more than those, and each class's bins its labelled and its correct pixels.
  public var contradiction: String? {
    for (name, values) in [
      ("tp", confusion.truePositives), ("fp", confusion.falsePositives), ("fn", confusion.falseNegatives),
    ] where values.contains(where: { $0 < 0 }) { return "\(name) has a negative count" }
    for (name, bins) in [("ece", calibration), ("bece", boundaryCalibration)] {
      if let reason = bins.contradiction { return "calibration \(name): \(reason)" }
    }
    for field in ClasswiseCalibration.Field.allCases
    where classwise.values(of: field).contains(where: { $0 < 0 }) {
      return "classwise \(field) has a negative count"
    }
    return (0..<images).lazy.compactMap { image in
      contradiction(image).map { "image \(image): \($0)" }
    }.first
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
    for index in count.indices {
      if count[index] < 0 || correct[index] < 0 { return "a negative count" }
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
