/// What the user and the cluster allow.
public struct SubmissionLimits: Equatable, Sendable {
  /// Longest time of a task; a run that needs more goes back to the queue with a checkpoint.
  public var time: SlurmTime
  /// Most tasks of an array, numbered from 1, so that the highest index is less than Slurm's `MaxArraySize`.
  public var tasks: Int
  /// Runs are put together into one task up to this many seconds; 0 for one run a task.
  public var packedSeconds: Double
  /// Memory of every task, MiB; nil where each run's own is asked for.
  public var memoryMiB: Int?

  public init(time: SlurmTime, tasks: Int, packedSeconds: Double = 600, memoryMiB: Int? = nil) {
    precondition(tasks > 0, "SubmissionLimits: \(tasks) tasks in an array")
    self.time = time
    self.tasks = tasks
    self.packedSeconds = packedSeconds
    self.memoryMiB = memoryMiB
  }

  /// Of memory and of time: what is measured on one machine is not all that another one takes.
  static let memoryMargin = 1.2
  static let timeMargin = 1.5

  /// What a run asks for, rounded up, so that runs that are much alike share an array.
  func request(_ need: RunNeed) -> ArrayJob.Request {
    let bytes = Double(need.memoryBytes) * SubmissionLimits.memoryMargin
    return ArrayJob.Request(
      memoryMiB: memoryMiB ?? SubmissionLimits.rounded(mebibytes: Int((bytes / 1_048_576).rounded(.up))),
      time: need.seconds.map { time(seconds: max($0, packedSeconds)) } ?? time)
  }

  /// Up to 4 GiB to halves of one, to 16 GiB to whole ones, to 64 GiB to four, then to sixteen.
  static func rounded(mebibytes: Int) -> Int {
    let step = mebibytes <= 4096 ? 512 : mebibytes <= 16384 ? 1024 : mebibytes <= 65536 ? 4096 : 16384
    return max(1024, (mebibytes + step - 1) / step * step)
  }

  /// 15, 30 minutes, 1, 2, 4, 8, ... hours.
  private func time(seconds: Double) -> SlurmTime {
    let wanted = seconds * SubmissionLimits.timeMargin / 60
    var minutes = 15
    while Double(minutes) < wanted, minutes < time.minutes { minutes *= 2 }
    return min(time, SlurmTime(minutes: minutes))
  }
}
