import Foundation
import JSON

/// The right to write a run's folder, held by one process at a time and given back on release of the last
/// reference, or by the kernel when the process dies. Not for use from two threads at once.
public final class RunClaim {
  public let runID: String
  /// The run's folder. Its files are written here only.
  public let folder: URL
  private let lock: RunLock
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
    for name in try FileSystem.names(in: folder) where name.hasSuffix(AtomicFile.partialSuffix) {
      try FileSystem.remove(folder.appendingPathComponent(name))
    }
  }

  /// Saves a generation of checkpoints; the one before it stays until the next. Throws `ResultsError`.
  public func save(_ checkpoint: Checkpoint) throws {
    precondition(checkpoint.runID == runID, "RunClaim.save: checkpoint of \(checkpoint.runID) for \(runID)")
    try checkpoints.save(checkpoint)
  }

  /// The newest checkpoint that verifies, and the log cut back to it: lines after its iteration go. Without
  /// one the run begins anew, and so does the log.
  public func resume() throws -> CheckpointLoad {
    let load = checkpoints.load(runID: runID)
    log = nil
    if let checkpoint = load.checkpoint {
      try RunLog.truncate(files.log, after: checkpoint.iteration)
    } else {
      try FileSystem.remove(files.log)
    }
    return load
  }

  /// Appends a line to the log.
  public func log(iteration: Int, _ members: [String: JSONValue]) throws {
    let log = try self.log ?? RunLog(url: files.log)
    self.log = log
    try log.append(iteration: iteration, members)
  }

  /// Publishes a result: first the tensors, then the record, which makes the run done, then the checkpoints
  /// go. The record's metrics and checksums are those of the tensors, whatever it had.
  /// - Returns: the record as it was stored.
  @discardableResult
  public func finish(_ record: RunRecord, _ tensors: RunTensors) throws -> RunRecord {
    precondition(
      record.state == .done && record.runID == runID && tensors.runID == runID,
      "RunClaim.finish: \(record.state) record of \(record.runID), tensors of \(tensors.runID), run \(runID)")
    let record = record.completed(by: tensors)
    try AtomicFile.write(try tensors.image(name: files.tensors.path), to: files.tensors)
    try AtomicFile.write(try record.json(name: files.record.path), to: files.record)
    try checkpoints.remove()
    try removeKeptEvaluations()
    return record
  }

  /// Records how a run ended that gave no result. Checkpoints stay.
  public func close(_ record: RunRecord) throws {
    precondition(
      record.state != .done && record.runID == runID,
      "RunClaim.close: \(record.state) record of \(record.runID), run \(runID)")
    try AtomicFile.write(try record.json(name: files.record.path), to: files.record)
  }

  /// Removes everything that was stored for the run, to begin anew.
  public func reset() throws {
    log = nil
    // The record first: without it nothing that remains counts as a result.
    try FileSystem.remove(files.record)
    try checkpoints.remove()
    try removeKeptEvaluations()
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
