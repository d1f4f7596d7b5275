import Cluster
import Experiments
import Foundation
import Runner

extension Workspace {
  var clusterFolder: ClusterFolder { ClusterFolder(results: folder) }

  /// What Slurm says of runs that were handed to it from here.
  /// - Returns: nil where none ever were.
  /// - Throws: `ClusterError.journal`, `ResultsError`. A cluster that does not answer is a notice.
  func clusterView(_ runs: [RunID], notice: (String) -> Void) throws -> ClusterView? {
    let journal = try Journal(reading: clusterFolder)
    guard !journal.entries.isEmpty else { return nil }
    var queue: [QueuedTask] = []
    do {
      queue = try SlurmProcess.slurm.queue()
    } catch let error as ClusterError {
      notice("what Slurm says is not known: \(error)")
      return ClusterView(clusterFolder, journal: journal, queue: [])
    }
    let view = ClusterView(clusterFolder, journal: journal, queue: queue)
    // Slurm forgets what has ended after a few minutes; the accounting does not.
    let forgotten = Set(
      runs.compactMap { run in view.standing(of: run).flatMap { $0.state == nil ? $0.address?.job : nil } })
    guard !forgotten.isEmpty else { return view }
    do {
      let accounting = try SlurmProcess.slurm.accounting(of: forgotten.sorted())
      return ClusterView(clusterFolder, journal: journal, queue: queue, accounting: accounting)
    } catch let error as ClusterError {
      notice("how earlier tasks ended is not known: \(error)")
      return view
    }
  }
}
