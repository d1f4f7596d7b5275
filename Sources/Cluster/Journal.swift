import Experiments
import Foundation
import JSON
import Results

/// What was handed to Slurm out of a folder of results. It only grows: a line before an array is submitted, which says what
/// its tasks will train under which name, and a line after, with Slurm's number. The name is the job's in Slurm too, so that
/// an array whose second line is missing is found all the same.
public struct Journal: Sendable {
  /// One array.
  public struct Entry: Equatable, Sendable {
    public let name: String
    /// Runs by index of the task.
    public let tasks: [Int: [RunID]]
    /// nil where nobody wrote it down.
    public internal(set) var job: Int?
  }

  /// In the order of submission.
  public private(set) var entries: [Entry] = []
  private var places: [String: Int] = [:]
  /// The last task of each run: place of its entry, and index.
  private var last: [RunID: (place: Int, index: Int)] = [:]

  /// - Throws: `ClusterError.journal` for a line that is whole and says nothing; `ResultsError`.
  public init(reading folder: ClusterFolder) throws {
    for line in try AppendedLines.read(folder.journal) where line.isWhole && !line.text.isEmpty {
      do {
        try add(JSONValue(parsing: String(decoding: line.text, as: UTF8.self)))
      } catch let error as JSONError {
        throw ClusterError.journal(path: folder.journal.path, line: line.number, reason: error.reason)
      }
    }
  }

  /// For tests and dry runs.
  public init() {}

  private mutating func add(_ line: JSONValue) throws(JSONError) {
    guard let name = line["name"]?.text, !name.isEmpty else { throw JSONError(reason: "it names no job") }
    if case .object(let members) = line["tasks"] {
      var tasks: [Int: [RunID]] = [:]
      for (key, value) in members {
        guard let index = Int(key), case .array(let items) = value else {
          throw JSONError(reason: "tasks.\(key) is no list of runs")
        }
        let runs = items.compactMap { $0.text.flatMap { RunID($0) } }
        guard runs.count == items.count else { throw JSONError(reason: "tasks.\(key) names what is no run") }
        tasks[index] = runs
      }
      guard places.updateValue(entries.count, forKey: name) == nil else {
        throw JSONError(reason: "\(name) stands twice")
      }
      // Of several tasks of one array the lowest.
      for (index, runs) in tasks.sorted(by: { $0.key > $1.key }) {
        for run in runs { last[run] = (entries.count, index) }
      }
      entries.append(Entry(name: name, tasks: tasks, job: nil))
    } else if let job = line["job"]?.double.flatMap({ Int(exactly: $0) }), let place = places[name] {
      entries[place].job = job
    } else {
      throw JSONError(reason: "\(name) has neither tasks nor the number of a job that is known")
    }
  }

  public subscript(name: String) -> Entry? { places[name].map { entries[$0] } }

  /// The last task that was to train a run.
  public func lastTask(of run: RunID) -> (entry: Entry, index: Int)? {
    last[run].map { (entries[$0.place], $0.index) }
  }

  // MARK: Writing

  static func planned(_ array: ArrayJob, name: String, time: String) -> JSONValue {
    .object([
      "name": .string(name), "time": .string(time), "level": .int(array.level),
      "tasks": .object(
        Dictionary(
          uniqueKeysWithValues: array.tasks.map { ("\($0.index)", .array($0.runs.map { .string($0.text) })) })
      ),
    ])
  }

  static func submitted(name: String, job: Int) -> JSONValue {
    .object(["name": .string(name), "job": .int(job)])
  }

  /// - Throws: `ResultsError`.
  static func append(_ line: JSONValue, to folder: ClusterFolder) throws {
    try AppendedLines.append(Data(line.canonical.utf8), to: folder.journal)
  }
}

extension JSONValue {
  fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
}
