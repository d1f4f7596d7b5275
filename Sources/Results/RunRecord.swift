import Foundation
import JSON

/// How a run ended.
public enum RunOutcome: String, Codable, Sendable, CaseIterable {
  case done
  case failed
  /// The loss stopped being finite. Counted as not converged, never retried silently.
  case diverged
  /// Stopped on request; a checkpoint may exist.
  case interrupted
}

/// run.json: what a run was and what came out. Written with sorted keys; equal records give equal bytes.
public struct RunRecord: Codable, Equatable, Sendable {
  public static let schemaVersion = 2

  /// Of what tensors.h5 holds; 16 hexadecimal digits each.
  public struct Checksums: Codable, Equatable, Sendable {
    /// Over every evaluation point: name, iteration, ids, class names and counts.
    public var evaluation: String
    /// Over weights, buffers and further networks: names, shapes and values.
    public var model: String

    public init(evaluation: String, model: String) {
      self.evaluation = evaluation
      self.model = model
    }
  }

  public private(set) var schemaVersion = RunRecord.schemaVersion
  public var runID: String
  public var state: RunOutcome
  /// The resolved spec whose hash the run id is.
  public var spec: JSONValue
  public var seed: UInt64
  /// The source revision, and whether the tree differed from it.
  public var commit: String
  public var dirty: Bool
  /// Library and compiler versions by name: "dnnl", "openblas", "hdf5", "swift".
  public var versions: [String: String]
  public var threads: Int
  /// Processes that shared each batch, with as many threads each; nil for one. Their number changes bits, as that of threads
  /// does.
  public var ranks: Int?
  public var cpu: String
  /// Over all attempts that the result stands on, in seconds.
  public var wallSeconds: Double
  /// Of the process: everything, libraries and caches included.
  public var peakMemoryBytes: Int
  /// Of it, the most that was in tensors at once.
  public var peakTensorBytes: Int
  public var iterations: Int
  /// Metrics of the last evaluation by name, for people and quick looks: `Evaluation.values(classNames:)`. Tables compute
  /// them again from the counts, and refuse a record that says something else.
  public var metrics: [String: Double]
  /// nil unless done.
  public var checksums: Checksums?
  /// A hash over the data set's files, so that results of different data never look alike.
  public var dataFingerprint: String
  /// Where the data came from, in words for captions: embedded, or the folder's name.
  public var dataDescription: String
  /// Why the run failed or diverged.
  public var error: String?

  public init(
    runID: String, state: RunOutcome, spec: JSONValue, seed: UInt64, commit: String, dirty: Bool,
    versions: [String: String], threads: Int, cpu: String, wallSeconds: Double, peakMemoryBytes: Int,
    peakTensorBytes: Int = 0, iterations: Int, metrics: [String: Double] = [:], checksums: Checksums? = nil,
    dataFingerprint: String, dataDescription: String = "", error: String? = nil, ranks: Int? = nil
  ) {
    self.runID = runID
    self.state = state
    self.spec = spec
    self.seed = seed
    self.commit = commit
    self.dirty = dirty
    self.versions = versions
    self.threads = threads
    self.ranks = ranks
    self.cpu = cpu
    self.wallSeconds = wallSeconds
    self.peakMemoryBytes = peakMemoryBytes
    self.peakTensorBytes = peakTensorBytes
    self.iterations = iterations
    self.metrics = metrics
    self.checksums = checksums
    self.dataFingerprint = dataFingerprint
    self.dataDescription = dataDescription
    self.error = error
  }

  /// This record with the metrics and checksums of `tensors`: what a finished run publishes.
  func completed(by tensors: RunTensors) -> RunRecord {
    var record = self
    record.metrics = tensors.last.evaluation.values
    record.checksums = tensors.checksums
    return record
  }

  /// What no run can have left behind, in words; nil for a record that may be right.
  var contradiction: String? {
    if state != .done, checksums != nil {
      return "its state is '\(state)', and it has the checksums of a result"
    }
    if !(wallSeconds >= 0) || !wallSeconds.isFinite { return "wallSeconds is \(wallSeconds)" }
    for (name, value) in [
      ("threads", threads), ("peakMemoryBytes", peakMemoryBytes), ("peakTensorBytes", peakTensorBytes),
      ("iterations", iterations),
    ] where value < 0 { return "\(name) is \(value)" }
    if let ranks, ranks < 2 { return "ranks is \(ranks)" }
    return nil
  }

  /// Pretty JSON with a final newline. Throws `ResultsError.unwritableJSON` if a number is not finite.
  public func json(name: String = "run record") throws -> Data {
    try StoredJSON.encode(self, pretty: true, name: name) + Data("\n".utf8)
  }

  /// Throws `ResultsError.unreadableJSON`, `.unsupportedSchema`, or `.damaged` for numbers that no run has; `name` is for
  /// their messages.
  public init(json: Data, name: String) throws {
    struct Version: Decodable { let schemaVersion: Int }
    let version = try StoredJSON.decode(Version.self, from: json, name: name).schemaVersion
    guard version == RunRecord.schemaVersion else {
      throw ResultsError.unsupportedSchema(path: name, found: version, supported: RunRecord.schemaVersion)
    }
    self = try StoredJSON.decode(RunRecord.self, from: json, name: name)
    try StoredJSON.check(
      [
        ("threads", threads), ("iterations", iterations), ("peakMemoryBytes", peakMemoryBytes),
        ("peakTensorBytes", peakTensorBytes),
      ], seconds: ("wallSeconds", wallSeconds), name: name)
  }
}
