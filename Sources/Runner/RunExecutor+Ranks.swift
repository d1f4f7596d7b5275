import Datasets
import Experiments
import Foundation
import Ranks
import Results

/// A run that several ranks train together: each reads and computes its share of every batch and of the evaluation. Rank 0
/// alone claims the run and writes log, checkpoints and result; what it has found on disk it tells the others, so that they
/// need no access to it. A checkpoint knows nothing of ranks.
///
/// Before every step all say whether they have their batch, and whether they were asked to stop: one that cannot read a
/// picture, or was sent a signal, ends all of them at the same point.
extension RunExecutor {
  func execute(restart: Bool, among ranks: any Communicator) throws -> RunEnd {
    try ranks.checkEqual([
      ("run", id), ("threads", "\(threads)"), ("processor", Machine.processor),
      ("revision", SourceRevision.current.commit),
    ])
    let beginning = try ranks.agree { () throws -> Beginning? in
      // Kernels take the number of threads from the thread that calls them: this one.
      try ThreadTeam.adopt(threads)
      try Assembly.checkSharing(spec, ranks: ranks.size)
      return try ranks.rank == 0 ? begin(restart: restart) : nil
    }
    var claim: RunClaim?
    var ends: [RunEnd] = []
    switch beginning {
    case .claimed(let mine): claim = mine
    case .ended(let end): ends = [end]
    case nil: break
    }
    let said = ranks.broadcast(Array(try JSONEncoder().encode(ends)))
    try ranks.check()
    if let end = try JSONDecoder().decode([RunEnd].self, from: Data(said)).first { return end }
    return try attempt(claim)
  }

  /// The checkpoint that rank 0 has found, on all ranks.
  func ofRankZero(_ checkpoint: Checkpoint?) throws -> Checkpoint? {
    guard let ranks else { return checkpoint }
    let image = try ranks.agree { try checkpoint?.image() ?? Data() }
    let said = ranks.broadcast(Array(image))
    try ranks.check()
    guard ranks.rank != 0, !said.isEmpty else { return checkpoint }
    return try Checkpoint(image: Data(said), name: "the checkpoint of rank 0", runID: id)
  }

  /// The next batch, and whether some rank was asked to stop; nil: nobody else was asked, ask this process after the step.
  func next(_ prefetcher: Prefetcher) throws -> (batch: TrainingBatch, isAsked: Bool?) {
    guard let ranks else { return (try prefetcher.next(), nil) }
    let (batch, isAsked) = try ranks.agree(flag: StopRequest.isRequested) { try prefetcher.next() }
    return (batch, isAsked)
  }
}
