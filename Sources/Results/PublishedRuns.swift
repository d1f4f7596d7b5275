import Experiments
import Foundation

/// `runs.jsonl` in a folder of results: what published runs reached, one line a run, so that tables and claims can be read,
/// and times foretold, where nothing has been trained. The runs' own folders, with the counts that prove the numbers, stay
/// on the machine that trained them. What proves the numbers there is missing here, so that every line has a checksum of
/// its own, and values that no run can reach are refused.
public struct PublishedRuns: Sendable {
  public static let fileName = "runs.jsonl"

  /// A line: the numbers of a run, and its price.
  public struct Run: Codable, Sendable {
    /// Its id.
    public let run: String
    /// By evaluation point and name of the metric; finite numbers of `Metric.all`.
    public let metrics: [String: [String: Double]]
    /// Wall clock, where it was trained.
    public let seconds: Double
    public let peakMemoryBytes: Int
    public let threads: Int
    public let cpu: String
    /// Where the data came from, for captions.
    public let data: String
    public let commit: String

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
  /// - Parameter unsealed: whether lines without a checksum are taken, as they were published before there was one; to
  ///   publish them again, and for nothing else.
  /// - Throws: `ResultsError.unreadableJSON`, which names the line; `.damaged` for one that was changed, or whose run stands
  ///   twice; `.fileSystem`.
  public init(reading folder: URL, unsealed: Bool = false) throws {
    let file = folder.appendingPathComponent(PublishedRuns.fileName)
    let lines = try FileSystem.read(file)?.split(separator: UInt8(ascii: "\n")) ?? []
    for (index, line) in lines.enumerated() {
      let place = "\(file.path):\(index + 1)"
      let run = try PublishedLine.run(line, place: place, unsealed: unsealed)
      guard runs.updateValue(run, forKey: run.run) == nil else {
        throw ResultsError.damaged(path: place, reason: "\(run.run) stands twice")
      }
    }
  }

  public var count: Int { runs.count }

  public subscript(id: RunID) -> Run? { runs[id.text] }

  /// Sorted by id.
  public var all: [Run] { runs.sorted { $0.key < $1.key }.map(\.value) }

  /// Takes the finished runs of a plan, verified, and forgets runs that the plan no longer has.
  /// - Returns: how many of the plan's runs are finished in the store.
  /// - Throws: `ResultsError`; `.damaged` for a result that was changed, and then nothing is taken.
  public mutating func update(from plan: Plan, in store: ResultStore) throws -> Int {
    let planned = plan.runs.map(\.id.text)
    let finished = try planned.compactMap { id -> Run? in
      switch try store.state(id) {
      // Reading a damaged one throws what is wrong.
      case .done, .damaged: return Run(try store.result(id))
      case .pending, .running, .failed, .diverged, .interrupted: return nil
      }
    }
    let kept = Set(planned)
    runs = runs.filter { kept.contains($0.key) }
    for run in finished { runs[run.run] = run }
    return finished.count
  }

  /// Sorted by id; the same runs give the same bytes.
  /// - Throws: `ResultsError`.
  public func write(to folder: URL) throws -> URL {
    let file = folder.appendingPathComponent(PublishedRuns.fileName)
    let lines = try runs.sorted { $0.key < $1.key }.map {
      PublishedLine.sealed(try StoredJSON.encode($0.value, name: file.path)) + Data("\n".utf8)
    }
    try FileSystem.make(folder: folder)
    try AtomicFile.write(Data(lines.joined()), to: file)
    return file
  }
}
