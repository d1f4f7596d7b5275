import Experiments
import Foundation
import JSON
import Results

/// `runs.jsonl` in a folder of results: what published runs reached, one line a run, so that tables and claims can be read,
/// and times foretold, where nothing has been trained. The runs' own folders, with the counts that prove the numbers, stay
/// on the machine that trained them.
public struct PublishedRuns: Sendable {
  public static let fileName = "runs.jsonl"

  /// One line: a run's summary, and its price.
  struct Entry: Codable, Sendable {
    let run: String
    /// By evaluation point and name of the metric.
    let metrics: [String: [String: Double]]
    let seconds: Double
    let peakMemoryBytes: Int
    let threads: Int
    let cpu: String
    let data: String
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

    var summary: RunSummary {
      RunSummary(
        state: .done, metrics: metrics, hardware: cpu, threads: threads, dataDescription: data,
        isPublished: true)
    }
  }

  private var entries: [String: Entry] = [:]

  /// The published runs of a folder; none without the file.
  /// - Throws: `ResultsError.unreadableJSON`, which names the line, or `.damaged` for a run that stands twice.
  public init(reading folder: URL) throws {
    let file = folder.appendingPathComponent(PublishedRuns.fileName)
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let text: String
    do {
      text = try String(contentsOf: file, encoding: .utf8)
    } catch {
      throw ResultsError.unreadableJSON(path: file.path, reason: "not a readable UTF-8 file")
    }
    for (index, line) in text.split(separator: "\n").enumerated() {
      let entry: Entry
      do {
        entry = try JSONDecoder().decode(Entry.self, from: Data(line.utf8))
      } catch {
        throw ResultsError.unreadableJSON(
          path: "\(file.path):\(index + 1)", reason: JSONError(error).reason)
      }
      guard entries.updateValue(entry, forKey: entry.run) == nil else {
        throw ResultsError.damaged(path: "\(file.path):\(index + 1)", reason: "\(entry.run) stands twice")
      }
    }
  }

  public var isEmpty: Bool { entries.isEmpty }

  public func summary(_ id: RunID) -> RunSummary? { entries[id.text]?.summary }

  /// Wall-clock seconds that a run took where it was trained.
  public func seconds(_ id: RunID) -> Double? { entries[id.text]?.seconds }

  /// Takes the finished runs of a plan, verified, and forgets runs that the plan no longer has.
  /// - Returns: how many of the runs are new or took the place of another, and how many lines there are.
  /// - Throws: `ResultsError`.
  public mutating func update(from plan: Plan, in store: ResultStore) throws -> (new: Int, all: Int) {
    let planned = Set(plan.runs.map(\.id.text))
    entries = entries.filter { planned.contains($0.key) }
    var new = 0
    for run in plan.runs where try store.state(run.id.text) == .done {
      entries[run.id.text] = Entry(try store.result(run.id.text))
      new += 1
    }
    return (new, entries.count)
  }

  /// Sorted by id; the same runs give the same bytes.
  public func write(to folder: URL) throws -> URL {
    let file = folder.appendingPathComponent(PublishedRuns.fileName)
    var data = Data()
    do {
      for key in entries.keys.sorted() {
        guard let entry = entries[key] else { continue }
        data += try JSONValue.encode(entry, pretty: false) + Data("\n".utf8)
      }
    } catch {
      throw ResultsError.unwritableJSON(path: file.path, reason: JSONError(error).reason)
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try AtomicFile.write(data, to: file)
    return file
  }
}

extension RunSummary {
  /// Summaries of a plan's runs; those that are not finished here are as published, where they are.
  /// - Throws: as `all(of:in:)`.
  public static func all(
    of plan: Plan, in store: ResultStore, else published: PublishedRuns?
  ) throws -> [RunID: RunSummary] {
    var summaries = try all(of: plan, in: store)
    guard let published else { return summaries }
    for run in plan.runs where summaries[run.id]?.state == .pending {
      if let summary = published.summary(run.id) { summaries[run.id] = summary }
    }
    return summaries
  }
}
