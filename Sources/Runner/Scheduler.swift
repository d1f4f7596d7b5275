import Experiments
import Foundation
import Results

/// What happens to the runs of a plan, in the order in which it happens.
public enum ScheduleEvent: Sendable {
  /// Runs in all, and those of them that were finished before.
  case began(runs: Int, finished: Int)
  case launched(RunID)
  case run(RunID, RunEvent)
  case ended(RunID, RunEnd)
  /// Will not be run: its teacher gave no result.
  case blocked(RunID, teacher: RunID)
  /// Another runner works on it.
  case waiting(RunID, holder: String)
  case stopping
  /// Nothing new for a moment.
  case tick
}

/// What has become of the runs of a plan.
public struct ScheduleSummary: Sendable {
  public internal(set) var finishedBefore: [RunID] = []
  public internal(set) var finished: [RunID] = []
  public internal(set) var failed: [(id: RunID, reason: String)] = []
  public internal(set) var diverged: [(id: RunID, reason: String)] = []
  public internal(set) var blocked: [(id: RunID, teacher: RunID)] = []
  /// Neither finished nor failed: stopped, or never begun.
  public internal(set) var unfinished: [RunID] = []
  public internal(set) var stopped = false

  /// Every run of the plan has a result.
  public var isComplete: Bool {
    !stopped && failed.isEmpty && diverged.isEmpty && blocked.isEmpty && unfinished.isEmpty
  }

  /// 0, 1 when a run gave no result, 130 when stopped.
  public var exitCode: Int32 { stopped ? StopRequest.exitCode : isComplete ? 0 : 1 }
}

/// Runs a plan, teachers before students, each run in a process of its own, so that a crash takes only its run along.
public final class Scheduler {
  public struct Configuration: Sendable {
    /// Runs at a time.
    public var jobs: Int
    /// Whether runs go on after one has failed.
    public var keepGoing: Bool
    /// Whether diverged runs and damaged results are run again, from the start.
    public var retry: Bool
    /// The command that trains a run: `jml train`, with what it needs to make the same plan.
    public var command: @Sendable (RunID, _ restart: Bool) -> [String]
    /// Whether the user wants to stop; asked every fifth of a second.
    public var isStopRequested: @Sendable () -> Bool

    public init(
      jobs: Int, keepGoing: Bool, retry: Bool,
      command: @escaping @Sendable (RunID, _ restart: Bool) -> [String],
      isStopRequested: @escaping @Sendable () -> Bool = { StopRequest.isRequested }
    ) {
      self.jobs = jobs
      self.keepGoing = keepGoing
      self.retry = retry
      self.command = command
      self.isStopRequested = isStopRequested
    }
  }

  private enum State {
    case pending
    /// Until another runner lets go of it.
    case waiting(nextLook: ContinuousClock.Instant)
    case active(Worker)
    case done
    case failed
    case diverged
    case blocked
    /// Stopped on request.
    case interrupted
  }

  private let plan: Plan
  private let store: ResultStore
  private let configuration: Configuration
  private let observe: (ScheduleEvent) -> Void
  private let mailbox = Mailbox()
  private var states: [RunID: State] = [:]
  private var summary = ScheduleSummary()
  private var stopping = false

  /// - Parameter observe: called on the thread that calls `run()`.
  public init(
    plan: Plan, store: ResultStore, configuration: Configuration, observe: @escaping (ScheduleEvent) -> Void
  ) {
    self.plan = plan
    self.store = store
    self.configuration = configuration
    self.observe = observe
  }

  /// Returns when nothing is left to do or, after a stop request, when every process has ended.
  /// - Throws: `ResultsError` when the store cannot be read; processes are stopped then.
  public func run() throws -> ScheduleSummary {
    defer { endAll() }
    for run in plan.runs {
      let done = try store.verifiedState(run.id.text) == .done
      states[run.id] = done ? .done : .pending
      if done { summary.finishedBefore.append(run.id) }
    }
    observe(.began(runs: plan.runs.count, finished: summary.finishedBefore.count))
    while true {
      if !stopping, configuration.isStopRequested() { beginStop() }
      if !stopping { try launch() }
      guard isBusy() else { break }
      let messages = mailbox.take(timeout: 0.2)
      if messages.isEmpty { observe(.tick) }
      for message in messages { try handle(message) }
    }
    summary.stopped = stopping
    summary.unfinished = plan.runs.map(\.id).filter { id in
      switch states[id] {
      case .pending, .waiting, .active, .interrupted, nil: true
      case .done, .failed, .diverged, .blocked: false
      }
    }
    return summary
  }

  // MARK: Starting

  private var activeCount: Int { states.values.count { if case .active = $0 { true } else { false } } }

  /// Whether there is something to wait for. Asked after `launch()`: a run that it left pending waits for one of these,
  /// or for a run that somebody interrupted, which does not come back.
  private func isBusy() -> Bool {
    if activeCount > 0 { return true }
    guard !stopping, mayLaunch else { return false }
    return states.values.contains { if case .waiting = $0 { true } else { false } }
  }

  private var mayLaunch: Bool {
    configuration.keepGoing || (summary.failed.isEmpty && summary.diverged.isEmpty)
  }

  private func launch() throws {
    // Without a free place nothing can start, and to look at every run at every message would cost a tenth of a processor.
    var free = configuration.jobs - activeCount
    guard free > 0 else { return }
    for run in plan.runs {
      guard mayLaunch, free > 0 else { return }
      switch states[run.id] {
      case .pending: break
      case .waiting(let nextLook) where nextLook <= .now: break
      default: continue
      }
      if let teacher = run.dependencies.first(where: isLost) {
        states[run.id] = .blocked
        summary.blocked.append((run.id, teacher))
        observe(.blocked(run.id, teacher: teacher))
      } else if run.dependencies.allSatisfy(isDone) {
        try begin(run)
        free = configuration.jobs - activeCount
      }
    }
  }

  private func isDone(_ id: RunID) -> Bool { if case .done = states[id] { true } else { false } }

  private func isLost(_ id: RunID) -> Bool {
    switch states[id] {
    case .failed, .diverged, .blocked: true
    case .pending, .waiting, .active, .done, .interrupted, nil: false
    }
  }

  /// Asks the store first: another runner may have the run, or have finished it.
  private func begin(_ run: PlannedRun) throws {
    switch try store.verifiedState(run.id.text) {
    case .damaged(let reason) where !configuration.retry: end(run.id, .failed(reason))
    case .damaged: try start(run, restart: true)
    case .done: end(run.id, .done)
    case .running(let holder): wait(for: run.id, holder.description)
    case .failed(let reason) where wasWaiting(run.id): end(run.id, .failed(reason))
    case .diverged(let reason) where !configuration.retry: end(run.id, .diverged(reason))
    case .diverged: try start(run, restart: true)
    case .pending, .interrupted, .failed: try start(run, restart: false)
    }
  }

  private func wasWaiting(_ id: RunID) -> Bool { if case .waiting = states[id] { true } else { false } }

  private func wait(for id: RunID, _ holder: String) {
    if !wasWaiting(id) { observe(.waiting(id, holder: holder)) }
    states[id] = .waiting(nextLook: .now + .seconds(1))
  }

  private func start(_ run: PlannedRun, restart: Bool) throws {
    let worker = try Worker(run.id, command: configuration.command(run.id, restart), mailbox: mailbox)
    states[run.id] = .active(worker)
    observe(.launched(run.id))
  }

  // MARK: Ending

  private func handle(_ message: Mailbox.Message) throws {
    switch message {
    case .event(let id, let event):
      guard case .active(let worker) = states[id] else { return }
      worker.note(event)
      observe(.run(id, event))
    case .ended(let id, let processEnd):
      guard case .active(let worker) = states[id], let run = plan[id] else { return }
      let runEnd = worker.end(processEnd)
      if case .taken(let holder) = runEnd {
        wait(for: id, holder)
      } else {
        if worker.hasCrashed(processEnd), case .failed(let reason) = runEnd {
          try CrashRecord.write(run, reason: reason, iteration: worker.iteration, store: store)
        }
        end(id, runEnd)
      }
    }
  }

  private func end(_ id: RunID, _ end: RunEnd) {
    switch end {
    case .done:
      states[id] = .done
      summary.finished.append(id)
    case .failed(let reason):
      states[id] = .failed
      summary.failed.append((id, reason))
    case .diverged(let reason):
      states[id] = .diverged
      summary.diverged.append((id, reason))
    case .interrupted: states[id] = .interrupted
    case .taken: preconditionFailure("Scheduler.end: \(id) is another runner's")
    }
    observe(.ended(id, end))
  }

  private func beginStop() {
    stopping = true
    observe(.stopping)
    for case .active(let worker) in states.values { worker.stop() }
  }

  /// After an error: nothing that was started stays behind.
  private func endAll() {
    guard activeCount > 0 else { return }
    for case .active(let worker) in states.values { worker.stop() }
    while activeCount > 0 {
      for case .ended(let id, _) in mailbox.take(timeout: 1) { states[id] = .interrupted }
    }
  }
}
