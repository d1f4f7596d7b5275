import Experiments
import Foundation

/// `runs.jsonl` in a folder of results: what published runs reached, one line a run, so that tables and claims can be read,
/// and times foretold, where nothing has been trained. The runs' own folders, with the counts that prove the numbers, stay
/// on the machine that trained them.
public struct PublishedRuns: Sendable {
  public static let fileName = "runs.jsonl"

  /// A line: the numbers of a run, and its price.
  public struct Run: Codable, Sendable {
    let run: String
    /// By evaluation point and name of the metric; finite numbers of `Metric.all`.
    public let metrics: [String: [String: Double]]
    /// Wall clock, where it was trained.
    public let seconds: Double
    let peakMemoryBytes: Int
    public let threads: Int
    public let cpu: String
    /// Where the data came from, for captions.
    public let data: String
    let commit: String

    enum CodingKeys: String, CodingKey {
      case run, metrics, seconds, threads, cpu, data, commit
      case peakMemoryBytes = "peak_memory_bytes"
    }

    init(_ result: StoredResult) {
      let record = result.record
      let names = Set(Metric.all.map(\.name))
      run = record.runID
      metrics = Dictionary(
        uniqueKeysWithValues: result.evaluations.map { point in
          (point.point, point.evaluation.values.filter { names.contains($0.key) && $0.value.isFinite })
        })
      (seconds, peakMemoryBytes) = (record.wallSeconds, record.peakMemoryBytes)
      (threads, cpu, data) = (record.threads, record.cpu, record.dataDescription)
      commit = record.commit
    }
  }

  private var runs: [String: Run] = [:]

  /// The published runs of a folder; none without the file.
  /// - Throws: `ResultsError.unreadableJSON`, which names the line, `.damaged` for a run that stands twice, `.fileSystem`.
  public init(reading folder: URL) throws {
    let file = folder.appendingPathComponent(PublishedRuns.fileName)
    let lines = try FileSystem.read(file)?.split(separator: UInt8(ascii: "\n")) ?? []
    for (index, line) in lines.enumerated() {
      let place = "\(file.path):\(index + 1)"
      let run = try StoredJSON.decode(Run.self, from: Data(line), name: place)
      guard runs.updateValue(run, forKey: run.run) == nil else {
        throw ResultsError.damaged(path: place, reason: "\(run.run) stands twice")
      }
    }
  }

  public var count: Int { runs.count }

  public subscript(id: RunID) -> Run? { runs[id.text] }

  /// Takes the finished runs of a plan, verified, and forgets runs that the plan no longer has.
  /// - Returns: how many of the plan's runs are finished in the store.
  /// - Throws: `ResultsError`.
  public mutating func update(from plan: Plan, in store: ResultStore) throws -> Int {
    let planned = plan.runs.map(\.id.text)
    let finished = try planned.filter { try store.state($0) == .done }
    let kept = Set(planned)
    runs = runs.filter { kept.contains($0.key) }
    for id in finished { runs[id] = Run(try store.result(id)) }
    return finished.count
  }

  /// Sorted by id; the same runs give the same bytes.
  /// - Throws: `ResultsError`.
  public func write(to folder: URL) throws -> URL {
    let file = folder.appendingPathComponent(PublishedRuns.fileName)
    let lines = try runs.sorted { $0.key < $1.key }.map {
      try StoredJSON.encode($0.value, name: file.path) + Data("\n".utf8)
    }
    try FileSystem.make(folder: folder)
    try AtomicFile.write(Data(lines.joined()), to: file)
    return file
  }
}
