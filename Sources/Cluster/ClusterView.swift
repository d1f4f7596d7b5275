import Experiments
import Foundation

/// Where the runs of a folder of results stand with Slurm.
public struct ClusterView: Sendable {
  /// The last task that was to train a run.
  public struct Standing: Equatable, Sendable {
    /// nil where Slurm never took it, or nobody knows its number.
    public var address: TaskAddress?
    /// In Slurm's words; nil where Slurm does not remember it.
    public var state: String?
    /// `None` or empty where there is nothing to say.
    public var reason: String
    public var nodes: String
    /// `code:signal`, where the accounting tells it.
    public var exitCode: String?
    public var log: URL?
    /// Is trained by Slurm, or will be.
    public var isActive: Bool
    /// Waits for what did not end well.
    public var isStuck: Bool

    /// Started, as far as Slurm knows.
    public var isRunning: Bool { isActive && state != "PENDING" }
  }

  public let journal: Journal
  private let folder: ClusterFolder
  private var tasks: [String: [Int: QueuedTask]] = [:]
  private var accounted: [TaskAddress: AccountedTask] = [:]

  /// - Parameters:
  ///   - queue: what squeue knows.
  ///   - accounting: what sacct knows.
  public init(
    _ folder: ClusterFolder, journal: Journal, queue: [QueuedTask], accounting: [AccountedTask] = []
  ) {
    self.folder = folder
    self.journal = journal
    // A job of an older folder may have had the name.
    for task in queue
    where journal[task.name].map({ ($0.job ?? task.address.job) == task.address.job }) == true {
      tasks[task.name, default: [:]][task.address.index] = task
    }
    for task in accounting { accounted[task.address] = task }
  }

  /// Of the task that was to train a run last; nil if none ever was.
  public func standing(of run: RunID) -> Standing? {
    guard let (entry, index) = journal.lastTask(of: run) else { return nil }
    let task = tasks[entry.name]?[index]
    let address = task?.address ?? entry.job.map { TaskAddress(job: $0, index: index) }
    let ended = address.flatMap { accounted[$0] }
    return Standing(
      address: address, state: task?.state ?? ended?.state, reason: task?.reason ?? "",
      nodes: task?.nodes ?? ended?.nodes ?? "", exitCode: ended?.exitCode, log: address.map(folder.log),
      isActive: task?.isActive ?? false, isStuck: task?.isStuck ?? false)
  }

  /// Runs that Slurm has, with their tasks.
  public func active(_ runs: [RunID]) -> [RunID: TaskAddress] {
    var found: [RunID: TaskAddress] = [:]
    for run in runs {
      if let standing = standing(of: run), standing.isActive { found[run] = standing.address }
    }
    return found
  }

  /// Tasks of runs that are in the queue and will never start, each once, in the order of the runs.
  public func stuck(_ runs: [RunID]) -> [TaskAddress] {
    addresses(runs) { $0.isStuck }
  }

  /// Tasks of runs that are in the queue or running, each once, in the order of the runs.
  public func present(_ runs: [RunID]) -> [TaskAddress] {
    addresses(runs) { $0.isActive || $0.isStuck }
  }

  private func addresses(_ runs: [RunID], where isWanted: (Standing) -> Bool) -> [TaskAddress] {
    var seen: Set<TaskAddress> = []
    return runs.compactMap { run in
      guard let standing = standing(of: run), isWanted(standing), let address = standing.address,
        seen.insert(address).inserted
      else { return nil }
      return address
    }
  }

  /// All runs that a task was to train.
  public func runs(of address: TaskAddress) -> [RunID] {
    let names = tasks.filter { $0.value[address.index]?.address == address }.keys
    return names.sorted().flatMap { journal[$0]?.tasks[address.index] ?? [] }
  }
}
