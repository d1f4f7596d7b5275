import Foundation

/// Where a profile's results keep what belongs to Slurm:
///
///     <results>/<profile>/cluster/journal.jsonl          what was handed to Slurm, one line an event
///     <results>/<profile>/cluster/scripts/<name>.sh      the batch script of each job array
///     <results>/<profile>/cluster/logs/<job>_<task>.log  what each task said, over all its attempts
public struct ClusterFolder: Equatable, Sendable {
  public let root: URL

  /// - Parameter results: `<results>/<profile>`.
  public init(results: URL) { root = results.appendingPathComponent("cluster") }

  public var journal: URL { root.appendingPathComponent("journal.jsonl") }
  public var scripts: URL { root.appendingPathComponent("scripts") }
  public var logs: URL { root.appendingPathComponent("logs") }
  /// Held while runs are handed over.
  public var lock: URL { root.appendingPathComponent("submit.lock") }

  public func script(_ name: String) -> URL { scripts.appendingPathComponent("\(name).sh") }
  public func log(_ task: TaskAddress) -> URL { logs.appendingPathComponent("\(task).log") }

  /// The same for `--output`.
  /// - Throws: `ClusterError.badPath`.
  func logPattern() throws -> String { try SlurmText.pattern(logs.path) + "/%A_%a.log" }
}
