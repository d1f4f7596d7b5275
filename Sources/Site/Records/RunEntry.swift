import Experiments
import Foundation
import JSON
import Results

/// What is known of a run: its published numbers, and, where its folder is here, what lies in it.
public struct RunEntry: Sendable {
  public let id: String
  let metrics: [String: [String: Double]]
  let seconds: Double
  let peakMemoryBytes: Int
  let threads: Int
  let cpu: String
  let data: String
  let commit: String
  /// The resolved spec, whose hash is in the id; nil for a run that is not planned any more.
  public var spec: JSONValue?
  /// nil where the run's folder is not here.
  public var detail: Detail?

  public struct Detail: Sendable {
    let evaluation: StoredEvaluation
    let versions: [String: String]
    let dataFingerprint: String
    let isDirty: Bool
    /// (iteration, loss), as the log has them.
    let losses: [(iteration: Int, value: Double)]
    /// (iteration, mIoU in percent) of the run's own network: evaluations on the way, and the last.
    let scores: [(iteration: Int, value: Double)]
    /// What its network predicts of some images; empty unless that was asked for.
    public var pictures: [Picture] = []
    /// Pixels, label by prediction; nil unless that was asked for.
    public var confusion: [[Int64]]?

    /// - Parameter log: of the run, whole lines.
    public init(_ result: StoredResult, log: [JSONValue]) {
      guard let last = result[EvaluationPoint.last] else {
        preconditionFailure("RunEntry: a finished run without its last evaluation")
      }
      evaluation = last.evaluation
      versions = result.record.versions
      dataFingerprint = result.record.dataFingerprint
      isDirty = result.record.dirty
      losses = log.compactMap { line in
        guard let iteration = line["iteration"]?.double, let loss = line["loss"]?.double else { return nil }
        return (iteration: Int(iteration), value: loss)
      }
      let moments =
        log.compactMap(LoggedEvaluation.init).filter { $0.network == nil && $0.iteration != last.iteration }
        + [LoggedEvaluation(last, of: nil)]
      scores = moments.compactMap { moment in
        moment.metrics[Metric.miou.name].map { (iteration: moment.iteration, value: $0) }
      }
    }
  }

  public struct Picture: Sendable {
    let title: String
    let png: Data
    let width: Int
    let height: Int

    public init(title: String, png: Data, width: Int, height: Int) {
      (self.title, self.png, self.width, self.height) = (title, png, width, height)
    }
  }

  public init(_ run: PublishedRuns.Run) {
    id = run.run
    metrics = run.metrics
    (seconds, peakMemoryBytes, threads) = (run.seconds, run.peakMemoryBytes, run.threads)
    (cpu, data, commit) = (run.cpu, run.data, run.commit)
  }

  /// A finished run that is here, published or not.
  public init(_ result: StoredResult, log: [JSONValue]) {
    let record = result.record
    id = record.runID
    metrics = Dictionary(uniqueKeysWithValues: result.evaluations.map { ($0.point, $0.evaluation.values) })
    (seconds, peakMemoryBytes, threads) = (record.wallSeconds, record.peakMemoryBytes, record.threads)
    (cpu, data, commit) = (record.cpu, record.dataDescription, record.commit)
    spec = record.spec
    detail = Detail(result, log: log)
  }

  func value(_ metric: String, point: String = EvaluationPoint.last) -> Double? { metrics[point]?[metric] }

  /// Runs that it starts from, by role.
  var inputs: [(role: String, run: String)] {
    guard case .object(let members)? = spec?["inputs"] else { return [] }
    return members.sorted { $0.key < $1.key }.compactMap { role, run in
      run.text.map { (role: role, run: $0) }
    }
  }
}

/// The parts of a run's id: data set, model, method, seed, fold and the hash of its spec.
struct RunName: Equatable, Sendable {
  let dataset: String
  let model: String
  let method: String
  let seed: String
  let fold: String?
  let hash: String

  /// - Returns: nil for a text that is no such id.
  init?(_ id: String) {
    guard RunID(id) != nil else { return nil }
    var parts = id.split(separator: "-").map(String.init)
    guard parts.count >= 5, let hash = parts.popLast() else { return nil }
    self.hash = hash
    fold = parts.last.flatMap { RunName.number($0, after: "f") }
    if fold != nil { parts.removeLast() }
    guard let seed = parts.last.flatMap({ RunName.number($0, after: "s") }), parts.count >= 4 else {
      return nil
    }
    self.seed = seed
    (dataset, model, method) = (parts[0], parts[1], parts[2..<parts.count - 1].joined(separator: " + "))
  }

  private static func number(_ text: String, after letter: Character) -> String? {
    guard text.first == letter, text.count > 1, text.dropFirst().allSatisfy({ "0"..."9" ~= $0 }) else {
      return nil
    }
    return String(text.dropFirst())
  }

  var short: String { String(hash.prefix(8)) }
}
