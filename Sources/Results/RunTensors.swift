import Foundation
import HDF5
import JSON
import Metrics

/// What was counted on the evaluation set, with the images' ids in the order of the counts.
public struct StoredEvaluation: Equatable, Sendable {
  public let imageIDs: [String]
  public let evaluation: Evaluation

  public init(imageIDs: [String], evaluation: Evaluation) {
    precondition(
      imageIDs.count == evaluation.confusion.images,
      "StoredEvaluation: \(imageIDs.count) ids for \(evaluation.confusion.images) images")
    self.imageIDs = imageIDs
    self.evaluation = evaluation
  }
}

/// tensors.h5: everything of a finished run that is an array.
///
/// | object | type | shape |
/// | --- | --- | --- |
/// | `/weights/<dotted name>`, `/buffers/<dotted name>` | float32 | the tensor's |
/// | `/eval/tp`, `/eval/fp`, `/eval/fn` | int64 | [images, classes] |
/// | `/eval/ids` | string | [images] |
/// | `/calibration/{ece,bece}/{count,correct}` | int64 | [images, bins] |
/// | `/calibration/{ece,bece}/confidence` | float64 | [images, bins] |
/// | `/curves/iteration` | int64 | [points] |
/// | `/curves/loss`, `/curves/learning_rate` | float64 | [points] |
///
/// Attributes of `/`: `run_id`, `spec` (JSON), `schema_version`. Equal contents give equal bytes.
public struct RunTensors: Sendable {
  public static let schemaVersion = 1

  public let runID: String
  public let spec: JSONValue
  public let weights: [NamedTensor]
  public let buffers: [NamedTensor]
  public let evaluation: StoredEvaluation
  public let curves: Curves

  public init(
    runID: String, spec: JSONValue, weights: [NamedTensor], buffers: [NamedTensor],
    evaluation: StoredEvaluation,
    curves: Curves
  ) {
    self.runID = runID
    self.spec = spec
    self.weights = weights
    self.buffers = buffers
    self.evaluation = evaluation
    self.curves = curves
  }

  /// The file's bytes. Throws `HDF5Error` or `ResultsError.unwritableJSON`.
  public func image(name: String = "tensors.h5") throws -> Data {
    let writer = try HDF5Writer(name: name)
    try writer.write(attribute: RunTensors.schemaVersion, named: "schema_version")
    try writer.write(attribute: runID, named: "run_id")
    try writer.write(attribute: try StoredJSON.text(spec, name: name), named: "spec")
    try writer.write(weights, group: "weights")
    try writer.write(buffers, group: "buffers")

    let counts = evaluation.evaluation.confusion
    let shape = [counts.images, counts.classes]
    try writer.write(int64s: counts.truePositives, shape: shape, at: "eval/tp", compress: true)
    try writer.write(int64s: counts.falsePositives, shape: shape, at: "eval/fp", compress: true)
    try writer.write(int64s: counts.falseNegatives, shape: shape, at: "eval/fn", compress: true)
    try writer.write(strings: evaluation.imageIDs, at: "eval/ids")
    for (group, bins) in [
      ("calibration/ece", evaluation.evaluation.calibration),
      ("calibration/bece", evaluation.evaluation.boundaryCalibration),
    ] {
      let shape = [bins.images, CalibrationBins.bins]
      try writer.write(int64s: bins.count, shape: shape, at: "\(group)/count", compress: true)
      try writer.write(doubles: bins.confidence, shape: shape, at: "\(group)/confidence", compress: true)
      try writer.write(int64s: bins.correct, shape: shape, at: "\(group)/correct", compress: true)
    }
    try writer.write(curves)
    return try writer.image()
  }

  /// Reads everything. Throws `HDF5Error`, or `ResultsError` for a file that contradicts itself.
  public init(reading url: URL) throws {
    let file = try RunTensors.open(url)
    runID = try file.attribute(string: "run_id")
    spec = try StoredJSON.parse(try file.attribute(string: "spec"), name: url.path)
    weights = try file.tensors(group: "weights")
    buffers = try file.tensors(group: "buffers")
    evaluation = try RunTensors.evaluation(in: file)
    curves = try file.curves()
  }

  /// Reads only what tables need.
  public static func evaluation(reading url: URL) throws -> StoredEvaluation { try evaluation(in: open(url)) }

  /// Reads only the model, for instance of a teacher. Sorted by name.
  public static func model(
    reading url: URL
  ) throws -> (weights: [NamedTensor], buffers: [NamedTensor]) {
    let file = try open(url)
    return (try file.tensors(group: "weights"), try file.tensors(group: "buffers"))
  }

  private static func open(_ url: URL) throws -> HDF5File {
    let file = try HDF5File(reading: url.path)
    let version = try file.attribute(int: "schema_version")
    guard version == schemaVersion else {
      throw ResultsError.unsupportedSchema(path: url.path, found: version, supported: schemaVersion)
    }
    return file
  }

  private static func evaluation(in file: HDF5File) throws -> StoredEvaluation {
    let shape = try file.shape("eval/tp")
    let ids = try file.strings("eval/ids")
    guard shape.count == 2, ids.count == shape[0], try file.shape("eval/fp") == shape,
      try file.shape("eval/fn") == shape
    else { throw ResultsError.damaged(path: file.path, reason: "the counts in /eval differ in shape") }
    func bins(_ group: String) throws -> CalibrationBins {
      let wanted = [shape[0], CalibrationBins.bins]
      for part in ["count", "confidence", "correct"] where try file.shape("\(group)/\(part)") != wanted {
        throw ResultsError.damaged(path: file.path, reason: "/\(group)/\(part) is not \(wanted)")
      }
      return CalibrationBins(
        images: shape[0], count: try file.int64s("\(group)/count"),
        confidence: try file.doubles("\(group)/confidence"), correct: try file.int64s("\(group)/correct"))
    }
    let confusion = ConfusionCounts(
      classes: shape[1], images: shape[0], truePositives: try file.int64s("eval/tp"),
      falsePositives: try file.int64s("eval/fp"), falseNegatives: try file.int64s("eval/fn"))
    return StoredEvaluation(
      imageIDs: ids,
      evaluation: Evaluation(
        confusion: confusion, calibration: try bins("calibration/ece"),
        boundaryCalibration: try bins("calibration/bece")))
  }
}
