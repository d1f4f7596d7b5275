import Foundation
import JSON
import Platform

/// The right to write a run's folder, held by one process at a time and given back on release of the last
/// reference, or by the kernel when the process dies. Where the kernel cannot hold it (`ClaimFile`), a process that was
/// taken for dead gets `ResultsError.lostClaim` from whatever would write. Not for use from two threads at once.
public final class RunClaim {
  public let runID: String
  /// The run's folder. Its files are written here only.
  public let folder: URL
  let lock: RunLock
  private var log: RunLog?
  private var checkpoints: CheckpointFiles { CheckpointFiles(folder: folder) }
  private var files: RunFiles { RunFiles(folder: folder) }

  init(runID: String, folder: URL, lock: RunLock) throws {
    self.runID = runID
    self.folder = folder
    self.lock = lock
    try FileSystem.checkIsFolder(folder)
    try FileSystem.make(folder: folder)
    // Whatever is unfinished here has no writer: we are the only one.
    for name in try FileSystem.names(in: folder) where name.hasSuffix(AsideName.suffix) {
      try FileSystem.remove(folder.appendingPathComponent(name))
    }
  }

  /// Saves a generation of checkpoints; the one before it stays until the next. Throws `ResultsError`.
  public func save(_ checkpoint: Checkpoint) throws {
    precondition(checkpoint.runID == runID, "RunClaim.save: checkpoint of \(checkpoint.runID) for \(runID)")
    try lock.confirm()
    try checkpoints.save(checkpoint)
  }

  /// The newest checkpoint that verifies, and the log cut back to it: lines after its iteration go. Without
  /// one the run begins anew, and so do the log and the evaluations on the way.
  ///
  /// Throws `ResultsError` or `HDF5Error.unreadable` for a checkpoint that the system does not let us read now: it may be
  /// whole.
  public func resume() throws -> CheckpointLoad {
    try lock.confirm()
    var load = try checkpoints.load(runID: runID)
    log = nil
    if let checkpoint = load.checkpoint {
      let damaged = try RunLog.truncate(files.log, after: checkpoint.iteration)
      if damaged > 0 { load.problems.append("\(files.log.path): \(damaged) damaged lines are left out") }
    } else {
      try FileSystem.remove(files.log)
      try removeKeptEvaluations()
    }
    return load
  }

  /// Appends a line to the log.
  public func log(iteration: Int, _ members: [String: JSONValue]) throws {
    try lock.confirm()
    let log = try self.log ?? RunLog(url: files.log)
    self.log = log
    try log.append(iteration: iteration, members)
  }

  /// Appends a line for an evaluation on the way.
  public func log(_ evaluation: LoggedEvaluation) throws {
    try log(iteration: evaluation.iteration, evaluation.members)
  }

  /// Publishes a result: first the tensors, then the record, which makes the run done, then the checkpoints
  /// go. The record's metrics and checksums are those of the tensors, whatever it had.
  /// - Returns: the record as it was stored.
  @discardableResult
  public func finish(_ record: RunRecord, _ tensors: RunTensors) throws -> RunRecord {
    precondition(
      record.state == .done && record.runID == runID && tensors.runID == runID,
      "RunClaim.finish: \(record.state) record of \(record.runID), tensors of \(tensors.runID), run \(runID)")
    try lock.confirm()
    let record = record.completed(by: tensors)
    try AtomicFile.write(try tensors.image(name: files.tensors.path), to: files.tensors)
    // An image of hundreds of megabytes takes its time.
    try lock.confirm()
    try AtomicFile.write(try RecordSeal.json(record, name: files.record.path), to: files.record)
    try removeTraining()
    return record
  }

  /// Removes what only a run that is being trained needs.
  func removeTraining() throws {
    try checkpoints.remove()
    try removeKeptEvaluations()
  }

  /// Whether a file of this name is one of those.
  static func isOfTraining(_ name: String) -> Bool {
    CheckpointFiles.names.contains(name) || RunClaim.isEvaluation(name)
  }

  /// Records how a run ended that gave no result. Checkpoints stay.
  public func close(_ record: RunRecord) throws {
    precondition(
      record.state != .done && record.runID == runID,
      "RunClaim.close: \(record.state) record of \(record.runID), run \(runID)")
    try lock.confirm()
    try AtomicFile.write(try record.json(name: files.record.path), to: files.record)
  }

  /// Removes everything that was stored for the run, to begin anew.
  public func reset() throws {
    try lock.confirm()
    log = nil
    // The record first: without it nothing that remains counts as a result.
    try FileSystem.remove(files.record)
    try removeTraining()
    try FileSystem.remove(files.tensors)
    try FileSystem.remove(files.log)
  }
}

/// Names inside a run's folder.
struct RunFiles {
  let record: URL
  let log: URL
  let tensors: URL

  init(folder: URL) {
    record = folder.appendingPathComponent("run.json")
    log = folder.appendingPathComponent("log.jsonl")
    tensors = folder.appendingPathComponent("tensors.h5")
  }
}
