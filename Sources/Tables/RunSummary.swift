import Experiments
import Results

/// What tables, and whoever else speaks of results, need to know of one run; the store's records and counts are
/// summarised to this.
public struct RunSummary: Equatable, Sendable {
  public let state: State
  /// By evaluation point and name of the metric, in the metric's unit; computed from the counts. Empty unless done.
  public let metrics: [String: [String: Double]]
  /// CPU of the run, for the caption; empty before it has run.
  public let hardware: String
  public let threads: Int
  /// Where the data came from, for the caption: embedded, or the folder's name.
  public let dataDescription: String
  /// Whether the numbers are those of `PublishedRuns`, not of a run on this machine.
  public let isPublished: Bool

  public enum State: Equatable, Sendable {
    case done
    case failed(reason: String)
    /// The loss stopped being finite.
    case diverged(reason: String)
    case pending
    case running
  }

  public init(
    state: State, metrics: [String: [String: Double]] = [:], hardware: String = "", threads: Int = 0,
    dataDescription: String = "", isPublished: Bool = false
  ) {
    self.state = state
    self.metrics = metrics
    self.hardware = hardware
    self.threads = threads
    self.dataDescription = dataDescription
    self.isPublished = isPublished
  }

  /// A finished run: every number comes from the counts, whatever the record says.
  public init(_ record: RunRecord, _ evaluations: [EvaluationPoint]) {
    self.init(
      state: .done,
      metrics: Dictionary(uniqueKeysWithValues: evaluations.map { ($0.point, $0.evaluation.values) }),
      hardware: record.cpu, threads: record.threads, dataDescription: record.dataDescription)
  }

  /// A run as it was published, where it is not finished here.
  public init(_ published: PublishedRuns.Run) {
    self.init(
      state: .done, metrics: published.metrics, hardware: published.cpu, threads: published.threads,
      dataDescription: published.data, isPublished: true)
  }

  public static let pending = RunSummary(state: .pending)

  public func value(_ metric: Metric, at evaluation: CellSpec.Evaluation = .last) -> Double? {
    metrics[evaluation.name]?[metric.name]
  }

  /// Summaries of every run of a plan. Finished runs are verified while they are read.
  /// - Parameter published: for runs that are not finished here.
  /// - Throws: `ResultsError`; `.damaged` names the file and what differs.
  public static func all(
    of plan: Plan, in store: ResultStore, else published: PublishedRuns? = nil
  ) throws -> [RunID: RunSummary] {
    var summaries: [RunID: RunSummary] = [:]
    // A run comes after those that it depends on.
    for run in plan.runs {
      switch try store.state(run.id.text) {
      case .done:
        let result = try store.result(run.id.text)
        summaries[run.id] = RunSummary(result.record, result.evaluations)
      case .damaged:
        // Reading it again throws what is wrong.
        _ = try store.result(run.id.text)
      case .failed(let reason): summaries[run.id] = RunSummary(state: .failed(reason: reason))
      case .diverged(let reason): summaries[run.id] = RunSummary(state: .diverged(reason: reason))
      case .running: summaries[run.id] = RunSummary(state: .running)
      case .pending, .interrupted:
        let lost = run.dependencies.first { summaries[$0]?.hasNoResult ?? false }
        summaries[run.id] =
          lost.map { RunSummary(state: .failed(reason: "\($0), which it needs, gave no result")) }
          ?? published?[run.id].map { RunSummary($0) } ?? .pending
      }
    }
    return summaries
  }

  private var hasNoResult: Bool {
    switch state {
    case .failed, .diverged: true
    case .done, .pending, .running: false
    }
  }

  /// Why this run gives no number and never will; nil for a good or an unfinished one.
  public func failure(of metric: Metric, at evaluation: CellSpec.Evaluation) -> String? {
    switch state {
    case .pending, .running: return nil
    case .failed(let reason): return "failed: \(reason)"
    case .diverged(let reason): return "diverged: \(reason)"
    case .done:
      guard let values = metrics[evaluation.name] else {
        return "it was not evaluated at the point '\(evaluation.name)'"
      }
      guard let value = values[metric.name] else { return "its counts give no metric '\(metric.name)'" }
      return value.isFinite ? nil : "its \(metric.name) is not a finite number"
    }
  }

  var stateName: String {
    switch state {
    case .done: return "done"
    case .failed: return "failed"
    case .diverged: return "diverged"
    case .pending, .running: return "pending"
    }
  }
}
