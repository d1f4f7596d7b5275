import Cluster
import Experiments
import Foundation
import Testing

/// Runs with short names, and what plans of them look like in a line.
enum Samples {
  static func id(_ name: String) throws -> RunID { try #require(RunID("\(name)-0123456789abcdef")) }

  static func name(_ id: RunID) -> String { String(id.text.dropLast(17)) }

  /// `seconds` and MiB of each.
  static func run(
    _ name: String, _ inputs: String..., seconds: Double? = 3600, mebibytes: Int = 1000
  ) throws -> PendingRun {
    PendingRun(
      try id(name), inputs: try inputs.map(id), need: RunNeed(seconds: seconds, memoryBytes: mebibytes << 20))
  }

  static func limits(tasks: Int = 1000, packed: Double = 600) throws -> SubmissionLimits {
    SubmissionLimits(time: try #require(SlurmTime("24:00:00")), tasks: tasks, packedSeconds: packed)
  }

  /// `0: 1=a+b 2=c <- ok 0_1`: level, tasks, what they wait for.
  static func lines(_ plan: SubmissionPlan) -> [String] {
    func array(_ reference: ArrayReference) -> String {
      switch reference {
      case .planned(let place): "#\(place)"
      case .queued(let job): "\(job)"
      }
    }
    return plan.arrays.map { job in
      let tasks = job.tasks.map { "\($0.index)=\($0.runs.map(name).joined(separator: "+"))" }
      let line = "\(job.level): \(tasks.joined(separator: " "))"
      switch job.dependency {
      case .none: return line
      case .tasks(let tasks):
        return line + " <- ok " + tasks.map { "\(array($0.array))_\($0.index)" }.joined(separator: " ")
      case .sameIndex(let arrays): return line + " <- corr " + arrays.map(array).joined(separator: " ")
      }
    }
  }
}
