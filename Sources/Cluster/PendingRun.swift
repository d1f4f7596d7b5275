import Experiments

/// What a run takes on the processors that it will have.
public struct RunNeed: Equatable, Sendable {
  /// Of the whole run; nil where nobody knows.
  public var seconds: Double?
  public var memoryBytes: Int

  public init(seconds: Double?, memoryBytes: Int) {
    self.seconds = seconds
    self.memoryBytes = memoryBytes
  }
}

/// A run that has to be trained.
public struct PendingRun: Equatable, Sendable {
  public let id: RunID
  /// Runs whose results it needs; those that are finished do not matter.
  public let inputs: [RunID]
  public let need: RunNeed
  /// Whether what is stored of it is to be thrown away.
  public let beginsAnew: Bool

  public init(_ id: RunID, inputs: [RunID], need: RunNeed, beginsAnew: Bool = false) {
    self.id = id
    self.inputs = inputs
    self.need = need
    self.beginsAnew = beginsAnew
  }
}

/// A task of a job array that Slurm has: `12_3`.
public struct TaskAddress: Hashable, Sendable, CustomStringConvertible {
  public let job: Int
  public let index: Int

  public init(job: Int, index: Int) {
    self.job = job
    self.index = index
  }

  /// nil for what is no task of an array.
  public init?(_ text: String) {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let job = parts[0], let index = parts[1] else { return nil }
    self.init(job: job, index: index)
  }

  public var description: String { "\(job)_\(index)" }
}
