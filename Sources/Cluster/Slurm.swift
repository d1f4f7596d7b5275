import Foundation

/// Slurm by its commands.
public struct Slurm: Sendable {
  /// What a command came to.
  public struct Reply: Sendable {
    public var code: Int32
    public var out: String
    public var err: String

    public init(code: Int32, out: String, err: String) {
      self.code = code
      self.out = out
      self.err = err
    }
  }

  /// Runs a program of PATH with arguments to its end. Throws `ClusterError.noSlurm` where there is none.
  private let call: @Sendable ([String]) throws -> Reply

  public init(call: @escaping @Sendable ([String]) throws -> Reply) { self.call = call }

  /// - Throws: `ClusterError.refused`, `.noSlurm`.
  private func answer(_ command: [String]) throws -> String {
    let reply = try call(command)
    guard reply.code == 0 else {
      let words = reply.err.isEmpty ? reply.out : reply.err
      throw ClusterError.refused(
        command: command[0], code: reply.code,
        reason: words.split(whereSeparator: \.isNewline).joined(separator: "; "))
    }
    return reply.out
  }

  /// Tasks of this user's arrays, ended ones too as long as Slurm remembers them.
  /// - Throws: `ClusterError`.
  public func queue() throws -> [QueuedTask] {
    try QueuedTask.parse(
      answer([
        "squeue", "--noheader", "--array", "--states=all", "--user=\(getuid())",
        "--format=\(QueuedTask.format)",
      ]))
  }

  /// What the accounting says of arrays; none for no arrays.
  /// - Throws: `ClusterError`; `.refused` on a cluster without accounting.
  public func accounting(of jobs: [Int]) throws -> [AccountedTask] {
    guard !jobs.isEmpty else { return [] }
    return try AccountedTask.parse(
      answer([
        "sacct", "--parsable2", "--noheader", "--allocations", "--format=\(AccountedTask.format)",
        "--jobs=\(jobs.map(String.init).joined(separator: ","))",
      ]))
  }

  /// Most tasks of an array that are numbered from 1.
  /// - Throws: `ClusterError`.
  public func tasksOfAnArray() throws -> Int {
    try SlurmConfiguration(parsing: answer(["scontrol", "show", "config"])).tasksOfAnArray
  }

  /// The longest time of a job in a partition, or in one of several (`a,b`); nil: in the cluster's default one.
  /// - Returns: nil where there is no limit.
  /// - Throws: `ClusterError`.
  public func longestTime(of partition: String?) throws -> SlurmTime? {
    try SlurmPartitions(parsing: answer(["scontrol", "show", "partition", "--oneliner"])).longestTime(
      partition)
  }

  /// - Returns: the number of the job.
  /// - Throws: `ClusterError`.
  public func submit(_ command: [String]) throws -> Int {
    let text = try answer(command)
    // "12", or "12;cluster".
    let number = text.split(whereSeparator: { $0 == ";" || $0.isWhitespace }).first.flatMap { Int($0) }
    guard let number else {
      throw ClusterError.unreadable(command: "sbatch", text: text, wanted: "the number of a job")
    }
    return number
  }

  /// Tasks that have ended meanwhile, or that Slurm ends because what they wait for is cancelled, are no error.
  /// - Throws: `ClusterError`.
  public func cancel(_ tasks: [TaskAddress]) throws {
    // A line of a command is not endless.
    for begin in stride(from: 0, to: tasks.count, by: 500) {
      let part = tasks[begin..<min(begin + 500, tasks.count)]
      do {
        _ = try answer(["scancel"] + part.map(\.description))
      } catch let error as ClusterError {
        let left = try queue().filter { ($0.isActive || $0.isStuck) && $0.state != "COMPLETING" }
        if left.contains(where: { part.contains($0.address) }) { throw error }
      }
    }
  }
}

/// What `scontrol show config` says.
struct SlurmConfiguration {
  private var values: [Substring: Substring] = [:]

  init(parsing text: String) {
    for line in text.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let key = line[..<equals].trimmingPrefix(" ").prefix { $0 != " " }
      values[key] = line[line.index(after: equals)...].drop { $0 == " " }
    }
  }

  /// Indices are less than `MaxArraySize`, and `max_array_tasks` may allow fewer of them.
  /// - Throws: `ClusterError.noArrays`, `.unreadable`.
  var tasksOfAnArray: Int {
    get throws {
      guard let text = values["MaxArraySize"], let size = Int(text.prefix { $0.isNumber }) else {
        throw ClusterError.unreadable(
          command: "scontrol", text: String(values["MaxArraySize"] ?? ""), wanted: "MaxArraySize = a number")
      }
      let parameters = values["SchedulerParameters"]?.split(separator: ",") ?? []
      let most = parameters.compactMap { parameter -> Int? in
        let pair = parameter.split(separator: "=")
        return pair.count == 2 && pair[0] == "max_array_tasks" ? Int(pair[1]) : nil
      }.first
      let tasks = min(size - 1, most ?? .max)
      guard tasks > 0 else { throw ClusterError.noArrays(maximum: size) }
      return tasks
    }
  }
}
