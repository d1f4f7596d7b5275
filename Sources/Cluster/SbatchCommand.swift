import Foundation

/// What the user asks of Slurm for all arrays of a submission.
public struct SbatchSettings: Equatable, Sendable {
  public var partition: String?
  public var account: String?
  public var cpus: Int
  /// Tasks of an array at a time; nil for as many as there is room for.
  public var throttle: Int?
  /// Seconds before the end of its time at which a task is warned.
  public var warningSeconds: Int
  /// Further options, as sbatch takes them.
  public var others: [String]

  public init(
    partition: String? = nil, account: String? = nil, cpus: Int, throttle: Int? = nil,
    warningSeconds: Int = 120, others: [String] = []
  ) {
    self.partition = partition
    self.account = account
    self.cpus = cpus
    self.throttle = throttle
    self.warningSeconds = warningSeconds
    self.others = others
  }
}

/// The call of sbatch for one array.
public struct SbatchCommand: Sendable {
  public let array: ArrayJob
  public let name: String
  private let before: [String]
  private let after: [String]

  /// - Throws: `ClusterError.badPath`.
  public init(_ array: ArrayJob, name: String, folder: ClusterFolder, settings: SbatchSettings) throws {
    self.array = array
    self.name = name
    let throttle = settings.throttle.map { "%\($0)" } ?? ""
    before = [
      "sbatch", "--parsable", "--job-name=\(name)",
      "--comment=jml: \(array.runs.count) runs, first \(array.runs[0])",
      "--array=\(SlurmText.list(array.tasks.map(\.index)))\(throttle)", "--nodes=1", "--ntasks=1",
      "--cpus-per-task=\(settings.cpus)", "--mem=\(array.request.memoryMiB)M", "--time=\(array.request.time)",
      "--signal=B:USR1@\(settings.warningSeconds)", "--requeue", "--open-mode=append",
      "--output=\(try folder.logPattern())",
    ]
    after =
      (settings.partition.map { ["--partition=\($0)"] } ?? [])
      + (settings.account.map { ["--account=\($0)"] } ?? []) + settings.others + [folder.script(name).path]
  }

  /// - Parameter job: the number of an array that was submitted before, by its place.
  public func arguments(job: (Int) -> Int) -> [String] { words { "\(job($0))" } }

  /// A line of a POSIX shell that keeps the array's number in `$job<place>` for those after it.
  /// - Parameter place: the array's, from 0.
  public func line(place: Int) -> String {
    let words = words { "${job\($0)}" }.map { word in
      word.hasPrefix("--dependency=") ? "\"\(word)\"" : SlurmText.quoted(word)
    }
    return "job\(place)=$(\(words.joined(separator: " ")))"
  }

  private func words(_ job: (Int) -> String) -> [String] {
    func number(_ array: ArrayReference) -> String {
      switch array {
      case .planned(let place): job(place)
      case .queued(let number): "\(number)"
      }
    }
    switch array.dependency {
    case .none: return before + after
    case .tasks(let tasks):
      let list = tasks.map { "\(number($0.array))_\($0.index)" }.joined(separator: ":")
      return before + ["--kill-on-invalid-dep=yes", "--dependency=afterok:\(list)"] + after
    case .sameIndex(let arrays):
      let list = arrays.map(number).joined(separator: ":")
      return before + ["--kill-on-invalid-dep=yes", "--dependency=aftercorr:\(list)"] + after
    }
  }
}
