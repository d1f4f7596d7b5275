import Experiments

/// An array that others wait for: one of the same submission, by its place, or one that Slurm has already.
public enum ArrayReference: Hashable, Sendable {
  case planned(Int)
  case queued(job: Int)
}

/// One task of such an array.
public struct TaskReference: Hashable, Sendable {
  public let array: ArrayReference
  public let index: Int

  public init(_ array: ArrayReference, index: Int) {
    self.array = array
    self.index = index
  }
}

/// What the tasks of an array wait for.
public enum ArrayDependency: Equatable, Sendable {
  case none
  /// All of it waits for all of these.
  case tasks([TaskReference])
  /// Each task waits for the task of its own index in each of these.
  case sameIndex([ArrayReference])
}

/// Runs that one task trains, one after another.
public struct ArrayTask: Equatable, Sendable {
  public let index: Int
  public let runs: [RunID]
}

/// One call of sbatch: tasks that ask for the same and wait for the same.
public struct ArrayJob: Equatable, Sendable {
  /// 0 for runs that need none of the others, 1 for those that need some of level 0, and so on.
  public let level: Int
  public let request: Request
  public let dependency: ArrayDependency
  /// By ascending index.
  public let tasks: [ArrayTask]

  /// What each task asks for.
  public struct Request: Hashable, Sendable {
    public let memoryMiB: Int
    public let time: SlurmTime
  }

  public var runs: [RunID] { tasks.flatMap(\.runs) }
}
