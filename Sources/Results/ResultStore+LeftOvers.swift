import Foundation
import Platform

/// What killed processes leave where no run's claim looks: nothing of it is ever read.
extension ResultStore {
  /// Removes temporary files of processes of this host that have died, and what finished runs keep of the time before.
  ///
  /// Other runners may be at work: what they write is theirs, and a run that one of them has claimed is left alone.
  /// - Throws: `ResultsError`.
  public func removeLeftOvers() throws {
    for folder in [root] + ["specs", "checks", "locks"].map({ root.appendingPathComponent($0) }) {
      for name in try FileSystem.names(in: folder) where AsideName.isLeftOver(name) {
        try FileSystem.removeAll(folder.appendingPathComponent(name))
      }
    }
    for id in try runIDs() where try hasLeftOvers(id) { try tidy(id) }
  }

  /// A process that dies between the record of a result and the end of the checkpoints leaves a finished run with them.
  private func hasLeftOvers(_ runID: String) throws -> Bool {
    let names = try FileSystem.names(in: try folder(runID))
    return names.contains("run.json") && names.contains("tensors.h5")
      && names.contains { $0.hasSuffix(AsideName.suffix) || RunClaim.isOfTraining($0) }
  }

  private func tidy(_ runID: String) throws {
    guard case .taken(let lock) = try self.lock(runID), try finished(runID), try damage(runID) == nil else {
      return
    }
    try RunClaim(runID: runID, folder: try folder(runID), lock: lock).removeTraining()
  }
}
