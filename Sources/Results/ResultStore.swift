import Experiments
import Foundation
import JSON

/// Where a run stands.
public enum RunState: Equatable, Sendable {
  /// Nothing, or nothing of use, is stored.
  case pending
  case running(LockHolder)
  case done
  case failed(String)
  case diverged(String)
  /// A checkpoint exists and nobody works on the run.
  case interrupted
  /// A record or a result that contradicts itself, with what is wrong. It is never used and never overwritten, unless
  /// somebody asks for it.
  case damaged(String)
}

/// What came of asking for a run.
public enum ClaimResult {
  case claimed(RunClaim)
  /// Another process, or another claim of this one, works on it.
  case taken(LockHolder)
  /// There is a result already.
  case done
}

/// The results of one profile:
///
///     <root>/runs/<run id>/run.json                 the record; state "done" makes it a result
///     <root>/runs/<run id>/tensors.h5               weights, counts of every evaluation, curves
///     <root>/runs/<run id>/log.jsonl                one line an iteration that was logged
///     <root>/runs/<run id>/checkpoint.h5            while unfinished, with checkpoint.previous.h5
///     <root>/locks/<run id>.lock                    who works on it; <run id>.claim where the kernel's locks do not do
///
/// Files are replaced as a whole, so that reading needs no lock. Any number of processes may use one root.
public struct ResultStore: Sendable {
  public let root: URL

  let locking: Locking

  /// - Parameter root: the profile's folder. It need not exist: only a claim makes folders.
  public init(root: URL, locking: Locking = .system) {
    self.root = root
    self.locking = locking
  }

  /// Takes a run for this process, unless it is done or another one has it. A damaged result is none: whoever takes it
  /// decides what to do (`damage(_:)`). Throws `ResultsError`.
  public func claim(_ runID: String) throws -> ClaimResult {
    let folder = try self.folder(runID)
    try FileSystem.make(folder: root.appendingPathComponent("locks"))
    switch try RunLock.attempt(lockFile(runID), locking) {
    case .held(let holder): return .taken(holder)
    case .taken(let lock):
      // Asked under the lock: whoever had it a moment ago may have finished.
      if try finished(runID), try damage(runID) == nil { return .done }
      return .claimed(try RunClaim(runID: runID, folder: folder, lock: lock))
    }
  }

  /// The run's record; nil if it has none. Throws `ResultsError` for one that cannot be read, or whose spec is not the one
  /// that the run id is the hash of.
  public func record(_ runID: String) throws -> RunRecord? {
    let file = RunFiles(folder: try folder(runID)).record
    guard let data = try FileSystem.read(file) else { return nil }
    let record = try RunRecord(json: data, name: file.path)
    guard record.runID == runID else {
      throw ResultsError.damaged(path: file.path, reason: "it is the record of run \(record.runID)")
    }
    if let reason = record.contradiction { throw ResultsError.damaged(path: file.path, reason: reason) }
    if RunID(runID) != nil {
      let digest = SHA256.hexDigest(of: record.spec.canonical).prefix(16)
      guard runID.hasSuffix(digest) else {
        throw ResultsError.damaged(
          path: file.path, reason: "its spec has the hash \(digest), and the run's is \(runID.suffix(16))")
      }
    }
    return record
  }

  /// Where a run stands, from its record alone: a result may still turn out to be damaged (`damage(_:)`). Throws
  /// `ResultsError` when the folder cannot be read.
  public func state(_ runID: String) throws -> RunState {
    let found: RunRecord?
    do {
      found = try record(runID)
    } catch let error as ResultsError where error.isDamage {
      return .damaged(error.description)
    }
    if found?.state == .done, FileSystem.exists(try tensorsFile(runID)) { return .done }
    if let holder = try RunLock.holder(of: lockFile(runID), locking) { return .running(holder) }
    let checkpoints = CheckpointFiles(folder: try folder(runID))
    guard let record = found else { return checkpoints.exist ? .interrupted : .pending }
    switch record.state {
    case .done: return .pending
    case .failed: return .failed(record.error ?? "no reason recorded")
    case .diverged: return .diverged(record.error ?? "no reason recorded")
    case .interrupted: return checkpoints.exist ? .interrupted : .pending
    }
  }

  /// Ids of the runs that have a folder, sorted.
  public func runIDs() throws -> [String] {
    try FileSystem.names(in: root.appendingPathComponent("runs")).filter(ResultStore.isRunID)
  }

  /// Everything in a finished run's tensors.h5.
  public func tensors(_ runID: String) throws -> RunTensors { try RunTensors(reading: tensorsFile(runID)) }

  /// The run's log, whole lines only.
  public func log(_ runID: String) throws -> [JSONValue] {
    try RunLog.entries(of: RunFiles(folder: try folder(runID)).log)
  }

  /// The run's folder, whether it exists or not. Throws `ResultsError.badRunID`.
  public func folder(_ runID: String) throws -> URL {
    guard ResultStore.isRunID(runID) else { throw ResultsError.badRunID(runID) }
    return root.appendingPathComponent("runs").appendingPathComponent(runID)
  }

  public func tensorsFile(_ runID: String) throws -> URL { RunFiles(folder: try folder(runID)).tensors }

  /// A record without its tensors, which somebody may have deleted, is no result.
  func finished(_ runID: String) throws -> Bool {
    let tensors = try tensorsFile(runID)
    do {
      return try record(runID)?.state == .done && FileSystem.exists(tensors)
    } catch let error as ResultsError where error.isDamage {
      return false
    }
  }

  /// Without a claim: for looking after a run that is finished.
  func lock(_ runID: String) throws -> RunLock.Attempt { try RunLock.attempt(lockFile(runID), locking) }

  private func lockFile(_ runID: String) throws -> URL {
    guard ResultStore.isRunID(runID) else { throw ResultsError.badRunID(runID) }
    return root.appendingPathComponent("locks").appendingPathComponent("\(runID).lock")
  }

  private static func isRunID(_ text: String) -> Bool {
    !text.isEmpty && text.count <= 200 && !text.hasPrefix(".")
      && text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 46
          || $0 == 95
      }
  }
}
