import Experiments
import Results

/// What is left to hand over of a plan.
public struct RemainingRuns: Sendable {
  /// Each after those that it needs.
  public private(set) var runs: [PlannedRun] = []
  /// Of them, those of which nothing that is stored is used.
  public private(set) var anew: Set<RunID> = []
  public private(set) var finished = 0
  /// That Slurm has.
  public private(set) var queued = 0
  /// That would end as they did, or that somebody has to look at; with the reasons.
  public private(set) var refused: [(id: RunID, reason: String)] = []
  /// That need a refused run, directly or not, and which.
  public private(set) var blocked: [(id: RunID, by: RunID)] = []

  /// - Parameters:
  ///   - states: of the plan's runs, in their order.
  ///   - active: runs that Slurm has, with their tasks.
  ///   - retry: whether diverged runs and damaged results are run again, from the start.
  public init(_ plan: Plan, states: [RunState], active: [RunID: TaskAddress], retry: Bool) {
    precondition(
      states.count == plan.runs.count, "RemainingRuns: \(states.count) states, \(plan.runs.count) runs")
    var lost: [RunID: RunID] = [:]
    for (run, state) in zip(plan.runs, states) {
      if state == .done {
        finished += 1
      } else if active[run.id] != nil {
        queued += 1
      } else if let reason = RemainingRuns.refusal(state), !retry {
        lost[run.id] = run.id
        refused.append((run.id, reason))
      } else if let by = run.dependencies.compactMap({ lost[$0] }).first {
        lost[run.id] = by
        blocked.append((run.id, by))
      } else {
        runs.append(run)
        if RemainingRuns.refusal(state) != nil { anew.insert(run.id) }
      }
    }
  }

  private static func refusal(_ state: RunState) -> String? {
    switch state {
    case .diverged(let reason), .damaged(let reason): reason
    case .pending, .running, .done, .failed, .interrupted: nil
    }
  }
}
