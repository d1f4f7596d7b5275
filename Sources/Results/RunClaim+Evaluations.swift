import Foundation
import HDF5

/// Evaluations of a run that is still being trained, such as the best one so far: `evaluation-<point>.h5` beside the
/// checkpoints, until the result holds them.
///
/// A run that goes on from a checkpoint comes to the same evaluations again, so that a file of a later moment than the
/// checkpoint is no harm.
extension RunClaim {
  /// Keeps the evaluation under its point's name, in place of an earlier one. Throws `ResultsError`, `HDF5Error`.
  public func keep(_ point: EvaluationPoint) throws {
    try lock.confirm()
    let url = evaluationFile(point.point)
    let writer = try HDF5Writer(name: url.path)
    try writer.write(attribute: RunTensors.schemaVersion, named: "schema_version")
    try writer.write(attribute: runID, named: "run_id")
    try writer.write(attribute: RunTensors.checksum([point]), named: "checksum")
    try writer.write(point)
    try AtomicFile.write(try writer.image(), to: url)
  }

  /// The evaluation kept under `name`; nil if there is none. Throws `ResultsError.damaged` for one that was changed.
  public func keptEvaluation(_ name: String) throws -> EvaluationPoint? {
    let url = evaluationFile(name)
    guard FileSystem.exists(url) else { return nil }
    let file = try HDF5File(reading: url.path)
    let point = try file.evaluationPoint(name)
    guard try file.attribute(string: "run_id") == runID,
      try file.attribute(string: "checksum") == RunTensors.checksum([point])
    else { throw ResultsError.damaged(path: url.path, reason: "it is not what was written for \(runID)") }
    return point
  }

  /// Forgets evaluations on the way, which a run that has not come to the first of them will make again. Throws
  /// `ResultsError`.
  public func removeKeptEvaluations() throws {
    for name in try FileSystem.names(in: folder) where RunClaim.isEvaluation(name) {
      try FileSystem.remove(folder.appendingPathComponent(name))
    }
  }

  static func isEvaluation(_ name: String) -> Bool { name.hasPrefix("evaluation-") && name.hasSuffix(".h5") }

  /// Why the evaluation kept under `name` cannot be used, in words that name the file; nil if it can.
  /// - Throws: `HDF5Error.unreadable`, `ResultsError.fileSystem` where it may be whole.
  public func lossOfKeptEvaluation(_ name: String) throws -> String? {
    do {
      return try keptEvaluation(name) == nil ? "\(evaluationFile(name).path): it is not there" : nil
    } catch {
      guard FileSystem.isDamage(error, of: evaluationFile(name)) else { throw error }
      return "\(error)"
    }
  }

  private func evaluationFile(_ point: String) -> URL {
    folder.appendingPathComponent("evaluation-\(point).h5")
  }
}
