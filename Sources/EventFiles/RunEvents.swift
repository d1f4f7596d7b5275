import Experiments
import Foundation
import JSON
import Results

/// What a stored run says to TensorBoard: losses by term, learning rate and seconds from its log, metrics of
/// its evaluations on the way from the log and of its evaluation points from their counts, its spec as text.
///
/// A log knows no time of day: seconds count from the beginning of training. Equal files of a run give equal events.
public struct RunEvents {
  /// Ascending by step; empty for a run of which nothing is stored.
  public let events: [Event]
  /// Lines of the log that were taken.
  public let logged: Int

  /// - Parameters:
  ///   - runID: of any run, finished or not.
  ///   - store: a finished run is verified on the way.
  /// - Throws: `ResultsError`; `.damaged` names the file and what differs.
  public init(_ runID: String, in store: ResultStore) throws {
    let state = try store.state(runID)
    let result: StoredResult?
    switch state {
    case .done, .damaged: result = try store.result(runID)
    case .pending, .running, .failed, .diverged, .interrupted: result = nil
    }
    let file = try store.folder(runID).appendingPathComponent("log.jsonl").path
    var log: [LogLine] = []
    var moments: [LoggedEvaluation] = []
    for (index, entry) in try store.log(runID).enumerated() {
      let place = "\(file):\(index + 1)"
      guard LoggedEvaluation.isOne(entry) else {
        log.append(try LogLine(entry, place: place))
        continue
      }
      guard let moment = LoggedEvaluation(entry) else {
        throw ResultsError.damaged(path: place, reason: "'evaluation' has no metrics of an iteration")
      }
      moments.append(moment)
    }
    let record = try result?.record ?? store.record(runID)
    // Counts say more than a log, which may have the same point.
    let counted = (result?.evaluations ?? []).map { LoggedEvaluation($0, of: RunEvents.network($0)) }
    self.init(log: log, evaluations: counted + moments, record: record)
  }

  init(log: [LogLine], evaluations: [LoggedEvaluation], record: RunRecord?) {
    var seconds = 0.0
    var before = 0
    var times: [(step: Int, seconds: Double)] = [(0, 0)]
    var events = record.map { [Event(wallTime: 0, step: 0, .values(RunEvents.texts($0)))] } ?? []
    for line in log {
      // A log skips iterations of long runs: those in between took as long.
      seconds += line.seconds * Double(max(0, line.iteration - before))
      before = line.iteration
      times.append((line.iteration, seconds))
      events.append(Event(wallTime: seconds, step: line.iteration, .values(line.values)))
    }
    for point in RunEvents.distinct(evaluations) {
      let time = times.last { $0.step <= point.iteration }?.seconds ?? 0
      events.append(Event(wallTime: time, step: point.iteration, .values(RunEvents.values(point))))
    }
    logged = log.count
    let order = events.indices.sorted { (events[$0].step, $0) < (events[$1].step, $1) }
    self.events = order.map { events[$0] }
  }

  // MARK: Evaluations

  /// The network that a point is of; nil: the run's own. `last_student` and `best_student` are of `student`.
  private static func network(_ point: EvaluationPoint) -> String? {
    let parts = point.point.split(separator: "_", maxSplits: 1)
    return parts.count == 2 ? String(parts[1]) : nil
  }

  /// The best of a network may be its last: one evaluation of an iteration is enough.
  private static func distinct(_ points: [LoggedEvaluation]) -> [LoggedEvaluation] {
    struct Key: Hashable {
      let network: String?
      let iteration: Int
    }
    var seen: Set<Key> = []
    return points.filter { seen.insert(Key(network: $0.network, iteration: $0.iteration)).inserted }
  }

  /// Every metric that tables know, in their order, in its unit.
  private static func values(_ point: LoggedEvaluation) -> [Event.Value] {
    let group = "evaluation" + (point.network.map { "_\($0)" } ?? "")
    return Metric.all.compactMap { metric in
      point.metrics[metric.name].flatMap {
        $0.isFinite ? .scalar(tag: "\(group)/\(metric.name)", Float($0)) : nil
      }
    }
  }

  // MARK: Text

  private static func texts(_ record: RunRecord) -> [Event.Value] {
    [.text(tag: "run", facts(record)), .text(tag: "spec", code(record.spec.pretty))]
  }

  /// A list in Markdown.
  private static func facts(_ record: RunRecord) -> String {
    let versions = record.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let items: [(String, String)] = [
      ("run", record.runID), ("state", record.state.rawValue), ("reason", record.error ?? ""),
      ("iterations", "\(record.iterations)"), ("seconds", String(format: "%.1f", record.wallSeconds)),
      ("seed", "\(record.seed)"), ("commit", record.commit + (record.dirty ? ", with changes" : "")),
      ("versions", versions.joined(separator: ", ")), ("CPU", "\(record.cpu), threads: \(record.threads)"),
      ("data", "\(record.dataDescription), fingerprint \(record.dataFingerprint)"),
    ]
    return items.filter { !$0.1.isEmpty }.map { name, text in
      "- \(name): " + text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }.joined(separator: "\n")
  }

  /// Indented, as Markdown shows code.
  private static func code(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    \($0)" }
      .joined(separator: "\n")
  }
}
