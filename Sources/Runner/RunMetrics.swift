import Experiments
import Metrics

/// The numbers that a run's record holds, from what was counted. Percent.
enum RunMetrics {
  /// Keys: those of `Metric`; `miou_occurring`, the mean over the classes that some label has; `classes` and
  /// `classes_occurring`, how many classes the two means are over; `iou.<class>`. What has no value has no key.
  static func values(_ evaluation: Evaluation, classNames: [String]) -> [String: Double] {
    let counts = evaluation.confusion
    var values: [String: Double] = [:]
    for metric in Metric.allCases {
      switch metric {
      case .accuracy: values[metric.rawValue] = counts.accuracy
      case .miou: values[metric.rawValue] = counts.meanIoUD()?.percent
      case .ece: values[metric.rawValue] = evaluation.calibration.expectedCalibrationErrorD
      case .bece: values[metric.rawValue] = evaluation.boundaryCalibration.expectedCalibrationErrorD
      }
    }
    values["classes"] = (counts.meanIoUD()?.count).map { Double($0) }
    let occurring = counts.meanIoUD(over: .labelled)
    values["miou_occurring"] = occurring?.percent
    values["classes_occurring"] = (occurring?.count).map { Double($0) }
    for (name, value) in zip(classNames, counts.classIoU) {
      values["iou." + String(name.map { $0 == " " ? "_" : $0 })] = value
    }
    return values
  }
}
