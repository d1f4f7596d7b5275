import Foundation
import HDF5
import Metrics

/// What was counted on the evaluation set, with the images' ids in the order of the counts.
public struct StoredEvaluation: Equatable, Sendable {
  public let imageIDs: [String]
  /// One for each class.
  public let classNames: [String]
  public let evaluation: Evaluation

  public init(imageIDs: [String], classNames: [String], evaluation: Evaluation) {
    precondition(
      imageIDs.count == evaluation.images && classNames.count == evaluation.classes,
      """
      StoredEvaluation: \(imageIDs.count) ids for \(evaluation.images) images, \(classNames.count) names for \
      \(evaluation.classes) classes
      """)
    self.imageIDs = imageIDs
    self.classNames = classNames
    self.evaluation = evaluation
  }

  /// Every metric by name: `Evaluation.values(classNames:)`.
  public var values: [String: Double] { evaluation.values(classNames: classNames) }
}

/// A moment of training at which the model was evaluated.
public struct EvaluationPoint: Equatable, Sendable {
  /// After the last iteration: every finished run has it.
  public static let last = "last"
  /// Where the evaluation during training was best.
  public static let best = "best"

  /// `last`, `best` or another name of letters, digits and `_`.
  public let point: String
  /// Iterations done.
  public let iteration: Int
  public let evaluation: StoredEvaluation

  public init(point: String, iteration: Int, evaluation: StoredEvaluation) {
    precondition(EvaluationPoint.isName(point), "EvaluationPoint: '\(point)' cannot name a group")
    self.point = point
    self.iteration = iteration
    self.evaluation = evaluation
  }

  /// The documented objects of /eval are no points.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty && !["tp", "fp", "fn", "ids"].contains(text)
      && text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
      }
  }
}

extension HDF5Writer {
  /// Writes `/eval/<point>`.
  func write(_ point: EvaluationPoint) throws {
    let group = "eval/\(point.point)"
    let evaluation = point.evaluation.evaluation
    let counts = evaluation.confusion
    let shape = [counts.images, counts.classes]
    try write(int64s: counts.truePositives, shape: shape, at: "\(group)/tp", compress: true)
    try write(int64s: counts.falsePositives, shape: shape, at: "\(group)/fp", compress: true)
    try write(int64s: counts.falseNegatives, shape: shape, at: "\(group)/fn", compress: true)
    try write(strings: point.evaluation.imageIDs, at: "\(group)/ids")
    try write(strings: point.evaluation.classNames, at: "\(group)/class_names")
    for (name, bins) in [("ece", evaluation.calibration), ("bece", evaluation.boundaryCalibration)] {
      let (path, shape) = ("\(group)/calibration/\(name)", [bins.images, CalibrationBins.bins])
      try write(int64s: bins.count, shape: shape, at: "\(path)/count", compress: true)
      try write(doubles: bins.confidence, shape: shape, at: "\(path)/confidence", compress: true)
      try write(int64s: bins.correct, shape: shape, at: "\(path)/correct", compress: true)
    }
    let classwise = evaluation.classwise
    for field in ClasswiseCalibration.Field.allCases {
      try write(
        int64s: classwise.values(of: field),
        shape: [
          counts.images, ClasswiseCalibration.Pixels.allCases.count, counts.classes, CalibrationBins.bins,
        ],
        at: "\(group)/classwise/\(field)", compress: true)
    }
    try write(
      bytes: classwise.hasIgnored.map { $0 ? 1 : 0 }, shape: [counts.images],
      at: "\(group)/classwise/has_ignored")
    try write(attribute: point.iteration, named: "iteration", at: group)
  }
}

extension HDF5File {
  /// Reads and checks `/eval/<point>`.
  /// - Throws: `HDF5Error`, or `ResultsError.damaged` for counts that contradict themselves.
  func evaluationPoint(_ point: String) throws -> EvaluationPoint {
    let group = "eval/\(point)"
    func damaged(_ reason: String) -> ResultsError { .damaged(path: path, reason: reason) }
    let shape = try shape("\(group)/tp")
    guard shape.count == 2 else {
      throw damaged("/\(group)/tp has the shape \(shape), not [images, classes]")
    }
    let (images, classes) = (shape[0], shape[1])
    func require(_ part: String, _ wanted: [Int], _ found: [Int]) throws {
      guard found == wanted else { throw damaged("/\(group)/\(part) has the shape \(found), not \(wanted)") }
    }
    func require(_ part: String, _ wanted: [Int]) throws {
      try require(part, wanted, self.shape("\(group)/\(part)"))
    }
    func counts(_ part: String, _ wanted: [Int]) throws -> [Int64] {
      try int64s("\(group)/\(part)") { try require(part, wanted, $0) }
    }
    try require("ids", [images])
    try require("class_names", [classes])
    func bins(_ name: String) throws -> CalibrationBins {
      let (wanted, part) = ([images, CalibrationBins.bins], "calibration/\(name)/confidence")
      let confidence = try doubles("\(group)/\(part)") { try require(part, wanted, $0) }
      return CalibrationBins(
        images: images, count: try counts("calibration/\(name)/count", wanted), confidence: confidence,
        correct: try counts("calibration/\(name)/correct", wanted))
    }
    try require("classwise/has_ignored", [images])
    let perClass = [images, ClasswiseCalibration.Pixels.allCases.count, classes, CalibrationBins.bins]
    let evaluation = Evaluation(
      confusion: ConfusionCounts(
        classes: classes, images: images, truePositives: try counts("tp", shape),
        falsePositives: try counts("fp", shape), falseNegatives: try counts("fn", shape)),
      calibration: try bins("ece"), boundaryCalibration: try bins("bece"),
      classwise: ClasswiseCalibration(
        classes: classes,
        fields: try ClasswiseCalibration.Field.allCases.map { try counts("classwise/\($0)", perClass) },
        hasIgnored: try bytes("\(group)/classwise/has_ignored").map { $0 != 0 }))
    if let reason = evaluation.contradiction { throw damaged("/\(group): \(reason)") }
    return EvaluationPoint(
      point: point, iteration: try attribute(int: "iteration", at: group),
      evaluation: StoredEvaluation(
        imageIDs: try strings("\(group)/ids"), classNames: try strings("\(group)/class_names"),
        evaluation: evaluation))
  }

  /// Every point, sorted by name; `last` is among them.
  func evaluationPoints() throws -> [EvaluationPoint] {
    let names = try children(of: "eval").filter(EvaluationPoint.isName)
    guard names.contains(EvaluationPoint.last) else {
      throw ResultsError.damaged(path: path, reason: "there is no evaluation /eval/\(EvaluationPoint.last)")
    }
    return try names.map { try evaluationPoint($0) }
  }
}

extension Checksum {
  /// Name, iteration, ids, class names and every count.
  mutating func add(_ point: EvaluationPoint) {
    let stored = point.evaluation
    let evaluation = stored.evaluation
    add(point.point)
    add(UInt64(bitPattern: Int64(point.iteration)))
    for names in [stored.imageIDs, stored.classNames] {
      add(UInt64(names.count))
      for name in names { add(name) }
    }
    let counts = evaluation.confusion
    for values in [counts.truePositives, counts.falsePositives, counts.falseNegatives] {
      values.withUnsafeBytes { add($0) }
    }
    for bins in [evaluation.calibration, evaluation.boundaryCalibration] {
      bins.count.withUnsafeBytes { add($0) }
      bins.confidence.withUnsafeBytes { add($0) }
      bins.correct.withUnsafeBytes { add($0) }
    }
    for field in ClasswiseCalibration.Field.allCases {
      evaluation.classwise.values(of: field).withUnsafeBytes { add($0) }
    }
    evaluation.classwise.hasIgnored.map { UInt8($0 ? 1 : 0) }.withUnsafeBytes { add($0) }
  }
}
