/// A task of an array as squeue knows it, in the queue or ended a short while ago.
public struct QueuedTask: Equatable, Sendable {
  public let address: TaskAddress
  /// Of the job.
  public let name: String
  /// In Slurm's words: PENDING, RUNNING, FAILED, ...
  public let state: String
  /// Empty while there is none.
  public let nodes: String
  /// Why it is pending, or what it ended of; `None` where there is nothing to say.
  public let reason: String

  public init(address: TaskAddress, name: String, state: String, nodes: String, reason: String) {
    self.address = address
    self.name = name
    self.state = state
    self.nodes = nodes
    self.reason = reason
  }

  /// Array, index, name, state, nodes and, since it may hold anything, the reason at the end.
  static let format = "%F|%K|%j|%T|%N|%r"

  /// States of a job that has ended for good; squeue(1). All others are in the queue, or on the way back to it.
  private static let ends: Set<String> = [
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
    "REVOKED", "TIMEOUT",
  ]

  /// Will not start: what it waits for did not end well.
  public var isStuck: Bool { state == "PENDING" && reason.hasPrefix("DependencyNeverSatisfied") }
  /// Is trained, or will be.
  public var isActive: Bool { !QueuedTask.ends.contains(state) && !isStuck }

  /// Lines of `squeue --noheader --array --format=`; jobs that are no arrays are left out.
  /// - Throws: `ClusterError.unreadable`.
  static func parse(_ text: String) throws -> [QueuedTask] {
    try text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "|", maxSplits: 5, omittingEmptySubsequences: false)
        .map { $0.trimmingPrefix(" ") }
      guard fields.count == 6, let job = Int(fields[0]), !fields[3].isEmpty else {
        throw ClusterError.unreadable(command: "squeue", text: String(line), wanted: format)
      }
      guard let index = Int(fields[1]) else { return nil }
      return QueuedTask(
        address: TaskAddress(job: job, index: index), name: String(fields[2]), state: String(fields[3]),
        nodes: String(fields[4]), reason: String(fields[5]))
    }
  }
}

/// A task as the cluster's accounting knows it.
public struct AccountedTask: Equatable, Sendable {
  public let address: TaskAddress
  public let state: String
  /// `code:signal`.
  public let exitCode: String
  public let nodes: String

  static let format = "JobID,State,ExitCode,NodeList"

  /// Lines of `sacct --parsable2 --noheader --allocations --format=`. Tasks that never started stand together in brackets, and
  /// are left out.
  /// - Throws: `ClusterError.unreadable`.
  static func parse(_ text: String) throws -> [AccountedTask] {
    try text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 4 else {
        throw ClusterError.unreadable(command: "sacct", text: String(line), wanted: format)
      }
      guard let address = TaskAddress(fields[0]) else { return nil }
      // "CANCELLED by 1000".
      let state = fields[1].split(separator: " ").first.map(String.init) ?? ""
      return AccountedTask(address: address, state: state, exitCode: fields[2], nodes: fields[3])
    }
  }
}
