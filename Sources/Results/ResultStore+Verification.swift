import Foundation
import HDF5

/// A finished run that has been verified: its record, and what the record's numbers come from.
public struct StoredResult: Sendable {
  public let record: RunRecord
  /// Sorted by name; `last` is among them.
  public let evaluations: [EvaluationPoint]

  /// The evaluation of `point`; nil if the run has none.
  public subscript(point: String) -> EvaluationPoint? { evaluations.first { $0.point == point } }
}

/// Reading results. Nothing is believed that cannot be checked: the spec is what the id is the hash of, arrays have the
/// checksums of the record, the record's metrics are those of the counts, to the last bit, and the record has its own.
extension ResultStore {
  /// A finished run's record and counts.
  /// - Throws: `ResultsError.damaged`, `.unsupportedSchema` or `.unreadableJSON`, which name the file and what differs.
  public func result(_ runID: String) throws -> StoredResult {
    let (record, checksums) = try finishedRecord(runID)
    let tensors = try tensorsFile(runID)
    let evaluations = try reading(tensors) { try RunTensors.evaluations(reading: tensors, runID: runID) }
    try compare(RunTensors.checksum(evaluations), checksums.evaluation, "evaluation", tensors)
    let result = StoredResult(record: record, evaluations: evaluations)
    try compare(record.metrics, result[EvaluationPoint.last]?.evaluation.values ?? [:], runID)
    try verifyRecord(runID)
    return result
  }

  /// What was counted in a finished run at a point, `last` or `best`.
  /// - Throws: as `result(_:)`, and `ResultsError.damaged` when the run was not evaluated at the point.
  public func evaluation(_ runID: String, point: String = EvaluationPoint.last) throws -> StoredEvaluation {
    let result = try result(runID)
    guard let found = result[point] else {
      throw ResultsError.damaged(
        path: try tensorsFile(runID).path,
        reason: "there is no evaluation /eval/\(point); there are \(result.evaluations.map(\.point))")
    }
    return found.evaluation
  }

  /// The final model of a finished run, verified against its record.
  /// - Throws: `ResultsError` as `result(_:)`.
  public func model(_ runID: String) throws -> StoredModel { try models(runID).model }

  /// The final model, and the networks that the method has besides it.
  /// - Throws: `ResultsError` as `result(_:)`.
  public func models(
    _ runID: String
  ) throws -> (model: StoredModel, networks: [(name: String, model: StoredModel)]) {
    let (_, checksums) = try finishedRecord(runID)
    let tensors = try tensorsFile(runID)
    let models = try reading(tensors) { try RunTensors.models(reading: tensors, runID: runID) }
    try compare(RunTensors.checksum(models.model, models.networks), checksums.model, "model", tensors)
    try verifyRecord(runID)
    return models
  }

  /// What is wrong with a stored record or result, in words that name the file; nil if nothing is, or if there is none.
  /// - Parameter model: whether the networks are read too, which takes as long as their size.
  /// - Throws: `ResultsError.fileSystem`, `.badRunID`.
  public func damage(_ runID: String, model: Bool = false) throws -> String? {
    do {
      guard try record(runID)?.state == .done, FileSystem.exists(try tensorsFile(runID)) else { return nil }
      _ = try result(runID)
      if model { _ = try models(runID) }
      return nil
    } catch let error as ResultsError where error.isDamage {
      return error.description
    }
  }

  /// `state(_:)`, with a finished run's record and counts verified.
  /// - Parameter model: whether the networks are verified too.
  /// - Throws: as `damage(_:model:)`.
  public func verifiedState(_ runID: String, model: Bool = false) throws -> RunState {
    let state = try state(runID)
    guard state == .done, let reason = try damage(runID, model: model) else { return state }
    return .damaged(reason)
  }

  private func finishedRecord(_ runID: String) throws -> (RunRecord, RunRecord.Checksums) {
    let path = RunFiles(folder: try folder(runID)).record.path
    guard let record = try record(runID), record.state == .done else {
      throw ResultsError.damaged(path: path, reason: "it is no record of a finished run")
    }
    guard let checksums = record.checksums else {
      throw ResultsError.damaged(path: path, reason: "it lacks the checksums of a finished run")
    }
    return (record, checksums)
  }

  /// Seconds, seed, machine and whatever else only the record says. Asked last: what else was found says more.
  private func verifyRecord(_ runID: String) throws {
    let url = RunFiles(folder: try folder(runID)).record
    guard let data = try FileSystem.read(url) else { return }
    if let reason = try RecordSeal.damage(data, name: url.path) {
      throw ResultsError.damaged(path: url.path, reason: reason)
    }
  }

  /// A file that lacks something, or is no HDF5 file, is damaged; one that cannot be read from disk may be whole.
  private func reading<Value>(_ url: URL, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as HDF5Error {
      if case .unreadable = error { throw error }
      let (text, prefix) = (error.description, "\(url.path): ")
      throw ResultsError.damaged(
        path: url.path, reason: text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
    }
  }

  private func compare(_ found: String, _ recorded: String, _ what: String, _ url: URL) throws {
    guard found != recorded else { return }
    throw ResultsError.damaged(
      path: url.path,
      reason:
        "its \(what) has the checksum \(found), and run.json says \(recorded): one of the two was changed")
  }

  /// A record may lack metrics that a later version computes.
  private func compare(_ recorded: [String: Double], _ counted: [String: Double], _ runID: String) throws {
    guard let name = recorded.keys.sorted().first(where: { recorded[$0] != counted[$0] }) else { return }
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "no value" }
    throw ResultsError.damaged(
      path: RunFiles(folder: try folder(runID)).record.path,
      reason:
        "metrics.\(name) is \(text(recorded[name])), and the counts in tensors.h5 give \(text(counted[name]))"
    )
  }
}
