import Experiments
import Foundation
import Platform

/// Tells a person how a schedule goes: on a terminal by a line that is kept up to date, elsewhere by a line every few
/// seconds; starts, ends and remarks get lines of their own.
public final class ProgressDisplay {
  /// Between plain lines, in seconds.
  private static let pause = 5.0

  private struct Going {
    /// Whether it has said that it is there.
    var isHeard = false
    var iteration = 0
    var iterations: Int
    var loss: Double?
    var learningRate: Double?
    /// Of the latest steps, smoothed.
    var secondsPerStep: Double?
    var evaluated: (done: Int, images: Int)?
    let begin = ContinuousClock.now
  }

  private let runs: [PlannedRun]
  private let positions: [RunID: Int]
  private let jobs: Int
  private let isLive: Bool
  private let columns: () -> Int
  private let write: (String) -> Void
  private var estimate: GridEstimate
  private var going: [(id: RunID, state: Going)] = []
  private var left: Set<RunID>
  private var lastLine = ContinuousClock.now
  private var liveLineIsUp = false

  /// - Parameters:
  ///   - runs: all that may be spoken of, in order.
  ///   - isLive: whether the line is rewritten in place.
  ///   - estimate: what is known from earlier runs.
  ///   - columns: how wide the terminal is, asked for each line, since somebody may change it.
  ///   - write: writes text as it is, line ends included.
  public init(
    runs: [PlannedRun], jobs: Int, isLive: Bool, estimate: GridEstimate,
    columns: @escaping () -> Int = { Terminal.columns(of: STDERR_FILENO) }, write: @escaping (String) -> Void
  ) {
    self.runs = runs
    positions = Dictionary(uniqueKeysWithValues: runs.enumerated().map { ($1.id, $0) })
    self.jobs = jobs
    self.isLive = isLive
    self.estimate = estimate
    self.columns = columns
    self.write = write
    left = Set(runs.map(\.id))
  }

  public func show(_ event: ScheduleEvent) {
    switch event {
    case .began(let count, let before):
      say("\(count) runs" + (before > 0 ? ", \(before) finished before" : ""))
    case .launched(let id):
      going.append((id, Going(iterations: run(id)?.spec.scale.iterations ?? 0)))
      left.remove(id)
    case .run(let id, let event): update(id, event)
    case .ended(let id, let end): ended(id, end)
    case .blocked(let id, let teacher):
      left.remove(id)
      say("\(id): not run, its teacher \(teacher) gave no result")
    case .waiting(let id, let holder):
      going.removeAll { $0.id == id }
      left.insert(id)
      say("\(id): waiting, another runner has it (\(holder))")
    case .stopping: say("stopping: saving checkpoints; the same command goes on from there")
    case .tick: refresh()
    }
  }

  /// Takes the live line away.
  public func end() {
    if liveLineIsUp { write("\r\u{1B}[K") }
    liveLineIsUp = false
  }

  /// A line of its own, above the live one.
  public func say(_ text: String) {
    end()
    write("jml: \(TerminalText.line(text))\n")
  }

  private func update(_ id: RunID, _ event: RunEvent) {
    guard let index = going.firstIndex(where: { $0.id == id }) else { return }
    switch event {
    case .started(let iteration, let iterations):
      going[index].state.isHeard = true
      going[index].state.iteration = iteration
      going[index].state.iterations = iterations
      let from = iteration > 0 ? ", goes on after iteration \(iteration)" : ""
      say("run \(position(id)): \(id)\(from)")
    case .step(let iteration, let loss, _, let rate, let seconds):
      let old = going[index].state.secondsPerStep ?? seconds
      going[index].state.secondsPerStep = old + 0.1 * (seconds - old)
      going[index].state.iteration = iteration
      going[index].state.loss = loss
      going[index].state.learningRate = rate
    case .evaluating(let done, let images): going[index].state.evaluated = (done, images)
    case .notice(let text): say("\(id): \(text)")
    case .done, .failed, .diverged, .interrupted, .taken: break
    }
    refresh()
  }

  private func ended(_ id: RunID, _ end: RunEnd) {
    let begin = going.first { $0.id == id }?.state.begin
    going.removeAll { $0.id == id }
    left.remove(id)
    switch end {
    case .done:
      if let begin, let run = run(id) {
        let seconds = ProgressDisplay.seconds(since: begin)
        estimate.add(run.spec, seconds: seconds)
        say("run \(position(id)) finished in \(ProgressDisplay.duration(seconds)): \(id)")
      }
    case .failed(let reason): say("run \(position(id)) FAILED: \(id): \(reason)")
    case .diverged(let reason): say("run \(position(id)) DIVERGED: \(id): \(reason)")
    case .interrupted: say("run \(position(id)) stopped: \(id)")
    case .taken: break
    }
  }

  private func position(_ id: RunID) -> String {
    "\((positions[id] ?? 0) + 1)/\(runs.count)"
  }

  private func run(_ id: RunID) -> PlannedRun? { positions[id].map { runs[$0] } }

  // MARK: The line

  private func refresh() {
    let pause = isLive ? 0.1 : ProgressDisplay.pause
    let heard = going.filter(\.state.isHeard)
    guard !heard.isEmpty, ProgressDisplay.seconds(since: lastLine) >= pause else { return }
    lastLine = .now
    let parts = heard.map { "run \(position($0.id)) " + text($0.state) }
    let grid = remaining().map { ", all runs \(ProgressDisplay.duration($0)) left" } ?? ""
    let line = parts.joined(separator: " | ") + grid
    if isLive {
      // A line that reaches the last column wraps in some terminals, and only its last row could be rewritten.
      write("\r\u{1B}[K" + TerminalText.prefix(line, columns: columns() - 1))
      liveLineIsUp = true
    } else {
      write("jml: \(line)\n")
    }
  }

  private func text(_ state: Going) -> String {
    if let (done, images) = state.evaluated { return "evaluating, image \(done)/\(images)" }
    var text = "iteration \(state.iteration)/\(state.iterations)"
    guard let loss = state.loss, let rate = state.learningRate, let step = state.secondsPerStep else {
      return text
    }
    text += String(format: " loss %.4f lr %.2e", loss, rate)
    if step > 0 {
      let left = Double(state.iterations - state.iteration) * step
      text += String(format: " %.2f it/s", 1 / step) + ", \(ProgressDisplay.duration(left)) left"
    }
    return text
  }

  /// Seconds for everything that is going or yet to come.
  private func remaining() -> Double? {
    let speeds = going.compactMap { $0.state.secondsPerStep }
    let fallback = speeds.isEmpty ? nil : speeds.reduce(0, +) / Double(speeds.count)
    var seconds = 0.0
    for run in runs where left.contains(run.id) {
      let whole = fallback.map { $0 * Double(run.spec.scale.iterations) }
      guard let estimate = estimate.seconds(run.spec, fallback: whole) else { return nil }
      seconds += estimate
    }
    for (_, state) in going {
      guard let step = state.secondsPerStep ?? fallback else { return nil }
      seconds += step * Double(state.iterations - state.iteration)
    }
    return seconds / Double(max(1, min(jobs, left.count + going.count)))
  }

  private static func seconds(since begin: ContinuousClock.Instant) -> Double {
    let spent = begin.duration(to: .now).components
    return Double(spent.seconds) + Double(spent.attoseconds) * 1e-18
  }

  /// `0:07`, `12:30`, `3:05:00`.
  static func duration(_ seconds: Double) -> String {
    let whole = Int(max(0, seconds).rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0
      ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }
}
