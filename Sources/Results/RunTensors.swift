import Foundation
import HDF5
import JSON
import Metrics

/// A network's weights and buffers, sorted by name.
public struct StoredModel: Sendable {
  public let weights: [NamedTensor]
  public let buffers: [NamedTensor]

  public init(weights: [NamedTensor], buffers: [NamedTensor]) {
    self.weights = weights.sorted { $0.name < $1.name }
    self.buffers = buffers.sorted { $0.name < $1.name }
  }
}

/// tensors.h5: everything of a finished run that is an array.
///
/// | object | type | shape |
/// | --- | --- | --- |
/// | `/weights/<dotted name>`, `/buffers/<dotted name>` | float32 | the tensor's |
/// | `/networks/<name>/{weights,buffers}/<dotted name>` | float32 | the tensor's |
/// | `/eval/<point>/{tp,fp,fn}` | int64 | [images, classes] |
/// | `/eval/<point>/ids`, `/eval/<point>/class_names` | string | [images], [classes] |
/// | `/eval/<point>/calibration/{ece,bece}/{count,correct}` | int64 | [images, bins] |
/// | `/eval/<point>/calibration/{ece,bece}/confidence` | float64 | [images, bins] |
/// | `/eval/<point>/classwise/{count,probability,labelled,agreeing}` | int64 | [images, 2, classes, bins] |
/// | `/eval/<point>/classwise/has_ignored` | uint8 | [images] |
/// | `/curves/iteration` | int64 | [points] |
/// | `/curves/loss`, `/curves/learning_rate` | float64 | [points] |
///
/// A point is a moment of training: `last`, and `best` where training was evaluated on the way; its group has the
/// attribute `iteration`. `/eval/{tp,fp,fn,ids}` and `/calibration` are those of `last` (hard links). The axis of 2 is all
/// labelled pixels, boundary pixels; `probability` is a sum in units of 2^-32, `labelled` counts pixels of the class,
/// `agreeing` those also predicted as it. `/networks` holds what a method has besides the model, if anything.
///
/// Attributes of `/`: `run_id`, `spec` (JSON), `schema_version`. Equal contents give equal bytes.
public struct RunTensors: Sendable {
  public static let schemaVersion = 2

  public let runID: String
  public let spec: JSONValue
  /// The model that the run is about.
  public let model: StoredModel
  /// Others by name, such as a mean teacher; sorted by name.
  public let networks: [(name: String, model: StoredModel)]
  /// Sorted by name; `last` is among them.
  public let evaluations: [EvaluationPoint]
  public let curves: Curves

  public var weights: [NamedTensor] { model.weights }
  public var buffers: [NamedTensor] { model.buffers }
  /// What was counted after the last iteration.
  public let last: EvaluationPoint

  public init(
    runID: String, spec: JSONValue, model: StoredModel, networks: [(name: String, model: StoredModel)] = [],
    evaluations: [EvaluationPoint], curves: Curves
  ) {
    let names = evaluations.map(\.point)
    guard let last = evaluations.first(where: { $0.point == EvaluationPoint.last }),
      Set(names).count == names.count, Set(networks.map(\.name)).count == networks.count
    else {
      preconditionFailure("RunTensors: evaluations \(names), networks \(networks.map(\.name))")
    }
    precondition(
      networks.allSatisfy { EvaluationPoint.isName($0.name) },
      "RunTensors: networks \(networks.map(\.name)) cannot name groups")
    self.runID = runID
    self.spec = spec
    self.model = model
    self.networks = networks.sorted { $0.name < $1.name }
    self.evaluations = evaluations.sorted { $0.point < $1.point }
    self.last = last
    self.curves = curves
  }

  /// The evaluation of `point`; nil if the run has none.
  public subscript(point: String) -> EvaluationPoint? { evaluations.first { $0.point == point } }

  /// What the run's record keeps to know its arrays by.
  public var checksums: RunRecord.Checksums {
    RunRecord.Checksums(
      evaluation: RunTensors.checksum(evaluations), model: RunTensors.checksum(model, networks))
  }

  static func checksum(_ evaluations: [EvaluationPoint]) -> String {
    var sum = Checksum()
    for point in evaluations { sum.add(point) }
    return sum.text
  }

  static func checksum(_ model: StoredModel, _ networks: [(name: String, model: StoredModel)]) -> String {
    var sum = Checksum()
    func add(_ model: StoredModel) {
      for group in [model.weights, model.buffers] {
        sum.add(UInt64(group.count))
        for entry in group { sum.add(entry) }
      }
    }
    add(model)
    for network in networks {
      sum.add(network.name)
      add(network.model)
    }
    return sum.text
  }

  /// Of networks and of the counts of each class and bin, which are most of it.
  private var bytes: Int {
    let tensors = ([model] + networks.map(\.model)).flatMap { $0.weights + $0.buffers }
    let values = evaluations.reduce(0) { sum, point in
      let evaluation = point.evaluation.evaluation
      return ClasswiseCalibration.Field.allCases.reduce(sum) {
        $0 + evaluation.classwise.values(of: $1).count
      }
    }
    return tensors.reduce(8 * values) { $0 + 4 * $1.tensor.shape.count }
  }

  /// The file's bytes. Throws `HDF5Error` or `ResultsError.unwritableJSON`.
  public func image(name: String = "tensors.h5") throws -> Data {
    let writer = try HDF5Writer(name: name, expecting: bytes)
    try writer.write(attribute: RunTensors.schemaVersion, named: "schema_version")
    try writer.write(attribute: runID, named: "run_id")
    try writer.write(attribute: try StoredJSON.text(spec, name: name), named: "spec")
    try writer.write(weights, group: "weights")
    try writer.write(buffers, group: "buffers")
    for network in networks {
      try writer.write(network.model.weights, group: "networks/\(network.name)/weights")
      try writer.write(network.model.buffers, group: "networks/\(network.name)/buffers")
    }
    for point in evaluations { try writer.write(point) }
    for part in ["tp", "fp", "fn", "ids"] {
      try writer.link("eval/\(EvaluationPoint.last)/\(part)", as: "eval/\(part)")
    }
    try writer.link("eval/\(EvaluationPoint.last)/calibration", as: "calibration")
    try writer.write(curves)
    return try writer.image()
  }

  /// Reads everything. Throws `HDF5Error`, or `ResultsError` for a file that contradicts itself.
  public init(reading url: URL) throws {
    let file = try RunTensors.open(url)
    let stored = try RunTensors.models(in: file)
    self.init(
      runID: try file.attribute(string: "run_id"),
      spec: try StoredJSON.parse(try file.attribute(string: "spec"), name: url.path), model: stored.model,
      networks: stored.networks, evaluations: try file.evaluationPoints(), curves: try file.curves())
  }

  /// Reads only what tables need: every evaluation point, sorted by name; `last` is among them.
  static func evaluations(reading url: URL, runID: String) throws -> [EvaluationPoint] {
    try open(url, of: runID).evaluationPoints()
  }

  /// Reads only the networks, for instance of a teacher.
  static func models(
    reading url: URL, runID: String
  ) throws -> (model: StoredModel, networks: [(name: String, model: StoredModel)]) {
    try models(in: open(url, of: runID))
  }

  private static func models(
    in file: HDF5File
  ) throws -> (model: StoredModel, networks: [(name: String, model: StoredModel)]) {
    func model(_ prefix: String) throws -> StoredModel {
      StoredModel(
        weights: try file.tensors(group: "\(prefix)weights"),
        buffers: try file.tensors(group: "\(prefix)buffers"))
    }
    let names = file.exists("networks") ? try file.names(in: "networks") : []
    if let name = names.first(where: { !EvaluationPoint.isName($0) }) {
      throw ResultsError.damaged(path: file.path, reason: "/networks/\(name) is no name of a network")
    }
    return (try model(""), try names.map { (name: $0, model: try model("networks/\($0)/")) })
  }

  private static func open(_ url: URL, of runID: String) throws -> HDF5File {
    let file = try open(url)
    let found = try file.attribute(string: "run_id")
    guard found == runID else {
      throw ResultsError.damaged(path: url.path, reason: "it belongs to run \(found), not to \(runID)")
    }
    return file
  }

  private static func open(_ url: URL) throws -> HDF5File {
    let file = try HDF5File(reading: url.path)
    let version = try file.attribute(int: "schema_version")
    guard version == schemaVersion else {
      throw ResultsError.unsupportedSchema(path: url.path, found: version, supported: schemaVersion)
    }
    return file
  }
}
