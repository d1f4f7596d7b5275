import Foundation

/// The job of a queueing system that this process is part of.
public enum BatchJob {
  /// Slurm's number, `12_3` for a task of an array; nil outside of a job.
  public static let current = number(in: ProcessInfo.processInfo.environment)

  /// - Parameter environment: variables by name.
  public static func number(in environment: [String: String]) -> String? {
    if let array = environment["SLURM_ARRAY_JOB_ID"], let task = environment["SLURM_ARRAY_TASK_ID"] {
      return "\(array)_\(task)"
    }
    return environment["SLURM_JOB_ID"]
  }
}
