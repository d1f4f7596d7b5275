import Foundation
import Kernels
import Platform

/// The threads of this thread's kernels, as they really are.
///
/// Bits depend on how many threads share a sum, and oneDNN's primitives wait for every thread that they count on. So the
/// team is measured before it is used, and one that is smaller than what was asked for is refused by the name of what made
/// it so: what a record says of threads is what worked.
public enum ThreadTeam {
  /// Makes the calling thread's kernels use `threads` threads, after having seen that many at work.
  /// - Throws: `RunnerError.fewerThreads`.
  public static func adopt(_ threads: Int) throws(RunnerError) {
    let (working, startable) = KernelRuntime.team(of: threads)
    guard working >= threads else {
      throw .fewerThreads(
        asked: threads, working: working,
        reason: startable < threads
          ? shortage() : reason(environment: ProcessInfo.processInfo.environment))
    }
    KernelRuntime.threads = threads
  }

  /// The most threads that the environment allows; where nobody asks for a number, that many are enough.
  static var limit: Int {
    let text = ProcessInfo.processInfo.environment["OMP_THREAD_LIMIT"] ?? ""
    return Int(text.trimmingCharacters(in: .whitespaces)).flatMap { $0 > 0 ? $0 : nil } ?? .max
  }

  /// Variables of the OpenMP runtime that can make a team smaller, the one that surely does first.
  private static let variables = [
    "OMP_THREAD_LIMIT", "OMP_DYNAMIC", "OMP_MAX_ACTIVE_LEVELS", "OMP_NESTED", "OMP_PLACES", "OMP_PROC_BIND",
    "GOMP_CPU_AFFINITY",
  ]

  /// Which settings of the environment can be why a team is smaller than was asked.
  static func reason(environment: [String: String]) -> String {
    let found = variables.compactMap { name in environment[name].map { "\(name)=\($0)" } }
    return found.isEmpty
      ? "the OpenMP runtime gives no more" : "\(found.joined(separator: ", ")) in the environment"
  }

  /// What may keep the system from starting threads.
  private static func shortage() -> String {
    var limit = rlimit()
    let known = getrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit) == 0
    var parts: [String] = []
    if known, limit.rlim_cur < UInt64(Int64.max) { parts.append("ulimit -u \(limit.rlim_cur)") }
    if let group = ControlGroup.current.processLimit {
      parts.append("\(group) for the control group (pids.max)")
    }
    if let space = MemoryLimits.current.addressSpace { parts.append("\(space >> 20) MiB of address space") }
    return "the system starts no more" + (parts.isEmpty ? "" : "; there is: " + parts.joined(separator: ", "))
  }
}
