/// Numbers from counts: the one place where a metric gets its name. What a table prints and what a run's record holds
/// come from here.
extension Evaluation {
  /// Every metric by name, in the unit of the paper's tables: percent, the static calibration errors per mille. What has
  /// no value has no key.
  ///
  /// | key | metric |
  /// | --- | --- |
  /// | `accuracy`, `macc`, `miou`, `mdice` | over the data set (form D) |
  /// | `macc_i`, `miou_i`, `mdice_i`, `macc_c`, `miou_c`, `mdice_c` | over images (I), over images per class (C) |
  /// | `miou_occurring` | `miou` over the classes that some label has |
  /// | `ece`, `bece`, `ece_i`, `bece_i` | of all labelled and of boundary pixels; pooled, and over images |
  /// | `sce`, `bsce` | with the event of the authors' code |
  /// | `sce_textbook`, `bsce_textbook` | with the textbook's event |
  /// | `iou.<class>` | a space of the class's name is `_` |
  /// | `classes`, `classes_occurring` | how many classes `miou` and `miou_occurring` are over |
  ///
  /// - Parameter classNames: one for each class.
  public func values(classNames: [String]) -> [String: Double] {
    precondition(
      classNames.count == classes, "Evaluation.values: \(classNames.count) names for \(classes) classes")
    var values: [String: Double] = [:]
    values["accuracy"] = confusion.accuracy
    for (key, score) in [("macc", ClassScore.accuracy), ("miou", .iou), ("mdice", .dice)] {
      values[key] = confusion.meanD(score)?.percent
      values["\(key)_i"] = confusion.meanI(score)?.percent
      values["\(key)_c"] = confusion.meanC(score)?.percent
    }
    let (mean, occurring) = (confusion.meanIoUD(), confusion.meanIoUD(over: .labelled))
    values["miou"] = mean?.percent
    values["classes"] = (mean?.count).map { Double($0) }
    values["miou_occurring"] = occurring?.percent
    values["classes_occurring"] = (occurring?.count).map { Double($0) }
    for (key, bins) in [("ece", calibration), ("bece", boundaryCalibration)] {
      values[key] = bins.expectedCalibrationErrorD
      values["\(key)_i"] = bins.expectedCalibrationErrorI?.percent
    }
    for (key, pixels) in [("sce", ClasswiseCalibration.Pixels.all), ("bsce", .boundary)] {
      values[key] = classwise.errorD(.authors, over: pixels)
      values["\(key)_textbook"] = classwise.errorD(.textbook, over: pixels)
    }
    for (name, value) in zip(classNames, confusion.classIoU) {
      values["iou." + String(name.map { $0 == " " ? "_" : $0 })] = value
    }
    return values
  }
}
