import Foundation

/// Who gets a signal.
enum Role: String {
  case runner
  case worker
  /// Runner and workers at once, as an out-of-memory killer of a container does.
  case all = "runner and workers"
}

/// Signals at random moments of a chosen phase.
///
/// Promised: whatever was finished stays so; what was begun goes on from its last checkpoint to the same bits. SIGTERM, SIGINT
/// and SIGHUP end the runner with 130 and a checkpoint of each run; a worker that is killed is a failed run, which the next
/// command takes up; one that is asked to end is an unfinished run.
extension Campaign {
  private struct Stroke {
    let signal: Int32
    let role: Role
    let phase: Phase

    var name: String {
      switch signal {
      case SIGKILL: "KILL"
      case SIGTERM: "TERM"
      case SIGINT: "INT"
      case SIGHUP: "HUP"
      default: "STOP, CONT"
      }
    }
  }

  private static let strokes: [Stroke] = Phase.allCases.flatMap { phase in
    [
      (SIGKILL, Role.runner), (SIGKILL, .worker), (SIGKILL, .all), (SIGTERM, .runner), (SIGTERM, .worker),
      (SIGINT, .runner), (SIGINT, .worker), (SIGHUP, .runner), (SIGHUP, .worker), (SIGSTOP, .runner),
      (SIGSTOP, .worker),
    ].map { Stroke(signal: $0, role: $1, phase: phase) }
  }

  func signals(_ count: Int) throws {
    var strokes: [Stroke] = []
    while strokes.count < count { strokes += Campaign.strokes.shuffled(using: &chance) }
    for stroke in strokes.prefix(count) { try signal(stroke) }
  }

  private func signal(_ stroke: Stroke) throws {
    let candidates = runs.filter { $0.isPretraining == (stroke.phase == .pretraining) }
    let run = candidates[Int.random(in: candidates.indices, using: &chance)]
    let drawing = stroke.phase == .preparation && stroke.role != .worker
    try attempt(
      "signals", "\(stroke.name) to the \(stroke.role.rawValue) in \(stroke.phase.rawValue)",
      from: drawing ? .empty : .prepared
    ) { place, trial in
      (trial.signal, trial.phase) = (stroke.name, stroke.phase)
      let begin = Stopwatch()
      let child = try start(grid(), in: place)
      let reached = drawing || reach(stroke.phase, of: run, in: place, child)
      usleep(UInt32(1e6 * delay(stroke.phase, drawing: drawing)))
      trial.phase = Phase(of: run, in: place) ?? stroke.phase
      // A process that is still being loaded does what every process does.
      let isLoading = begin.seconds < 0.5
      let clock = Stopwatch()
      trial.struck = reached && strike(stroke, run, in: place, child)
      let ends = stroke.role != .worker && stroke.signal != SIGSTOP
      let end = child.wait(120)
      if ends { trial.ending = clock.seconds }
      if ends, stroke.signal != SIGKILL, clock.seconds > 10 {
        trial.findings.append("the runner took \(Int(clock.seconds)) s to end")
      }
      judge(stroke, child, end, isLoading: isLoading, &trial)
    }
  }

  private func judge(
    _ stroke: Stroke, _ child: Child, _ end: End?, isLoading: Bool, _ trial: inout Trial
  ) {
    switch (stroke.signal, stroke.role) {
    case (SIGSTOP, _): judge(child, end, allowed: [0], "the runner", &trial)
    case (SIGKILL, .worker):
      judge(child, end, allowed: [0, 1], says: ["killed by signal 9"], "the runner", &trial)
    case (SIGTERM, .worker): judge(child, end, allowed: [0, 1], says: ["unfinished"], "the runner", &trial)
    case (_, .worker): judge(child, end, allowed: [0], "the runner", &trial)
    case (SIGKILL, _): judge(child, end, allowed: [0], orSignal: SIGKILL, "the runner", &trial)
    case (let signal, _):
      judge(child, end, allowed: [0, 130], orSignal: isLoading ? signal : nil, "the runner", &trial)
    }
  }

  /// Waits until a run is in a phase.
  /// - Returns: false when it came to none.
  func reach(_ phase: Phase, of run: PlannedRun, in place: Workplace, _ child: Child) -> Bool {
    let clock = Stopwatch()
    while clock.seconds < 60, child.poll() == nil {
      if phase == .preparation {
        if holder(of: run, in: place) != nil { return true }
      } else if Phase(of: run, in: place) == phase {
        return true
      }
      usleep(200)
    }
    return false
  }

  /// Seconds from the beginning of a phase: about as long as it takes.
  private func delay(_ phase: Phase, drawing: Bool) -> Double {
    switch phase {
    case .preparation: chance.seconds(upTo: drawing ? reference.preparation * 1.1 : 0.1)
    case .pretraining, .training: chance.seconds(upTo: 0.1)
    case .evaluation: chance.seconds(upTo: 0.02)
    case .writing: chance.seconds(upTo: 0.01)
    case .publishing: chance.seconds(upTo: 0.03)
    }
  }

  /// The process that works on a run, as it has signed the run's lock.
  func holder(of run: PlannedRun, in place: Workplace) -> pid_t? {
    let file = "\(place.results)/\(Workplace.profile)/locks/\(run.id).lock"
    guard let data = FileManager.default.contents(atPath: file),
      let signature = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { return nil }
    return (signature["pid"] as? Int).flatMap { pid_t(exactly: $0) }
  }

  /// - Returns: whether there was somebody to be struck.
  private func strike(_ stroke: Stroke, _ run: PlannedRun, in place: Workplace, _ child: Child) -> Bool {
    guard child.poll() == nil else { return false }
    let target: pid_t
    switch stroke.role {
    case .runner: target = child.pid
    case .all: target = -child.pid
    case .worker:
      guard let pid = holder(of: run, in: place) else { return false }
      target = pid
    }
    guard kill(target, stroke.signal) == 0 else { return false }
    if stroke.signal == SIGSTOP {
      usleep(UInt32(1e6 * chance.seconds(upTo: 0.6)))
      kill(target, SIGCONT)
    }
    return true
  }
}
