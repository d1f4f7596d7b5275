import Foundation
import Platform

/// What keeps runs from being handed to Slurm, or from being looked after there.
public enum ClusterError: ExitCoding, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// A command of Slurm's that is not here.
  case noSlurm(command: String, reason: String)
  /// A cluster whose job arrays hold no task: `MaxArraySize`.
  case noArrays(maximum: Int)
  /// Tasks of more time than a partition lets any job have: Slurm would let them wait for ever.
  case tooLong(partition: String?, wanted: SlurmTime, longest: SlurmTime)
  /// A command of Slurm's that ended with an error; its own words.
  case refused(command: String, code: Int32, reason: String)
  /// What a command of Slurm's printed and should not have.
  case unreadable(command: String, text: String, wanted: String)
  /// A folder that cannot be named to Slurm.
  case badPath(path: String, reason: String)
  /// Nothing is known of the memory that a run takes.
  case unknownMemory(run: String, model: String)
  /// A line of the journal of submissions that says nothing.
  case journal(path: String, line: Int, reason: String)
  /// Another process submits into the same folder of results.
  case taken(folder: String, holder: String)

  public var exitCode: Int32 {
    switch self {
    // EX_UNAVAILABLE.
    case .noSlurm, .noArrays: 69
    case .refused, .unreadable: 1
    // EX_USAGE: other options help.
    case .badPath, .unknownMemory, .tooLong: 64
    case .journal: 65
    case .taken: 75
    }
  }

  public var description: String {
    switch self {
    case .noSlurm(let command, let reason):
      "\(command): \(reason); Slurm's commands are needed here (--dry-run goes without)"
    case .noArrays(let maximum):
      "Slurm's MaxArraySize is \(maximum): a job array holds no task; allowed: 2 or more"
    case .tooLong(let partition, let wanted, let longest):
      "--time \(wanted): \(partition.map { "partition \($0)" } ?? "the default partition") lets no job have more than "
        + "\(longest)"
    case .refused(let command, let code, let reason): "\(command) ended with code \(code): \(reason)"
    case .unreadable(let command, let text, let wanted): "\(command) printed '\(text)'; wanted: \(wanted)"
    case .badPath(let path, let reason): "\(path): \(reason)"
    case .unknownMemory(let run, let model):
      "\(run): nothing is known of the memory that \(model) takes; say it with --memory, or measure it with "
        + "'jml model measure \(model)'"
    case .journal(let path, let line, let reason): "\(path):\(line): \(reason)"
    case .taken(let folder, let holder): "\(folder): another process submits its runs (\(holder))"
    }
  }

  public var errorDescription: String? { description }
}
