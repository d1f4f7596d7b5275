import Experiments
import Foundation
import Results

/// One act of handing arrays to Slurm.
public struct Submission: Sendable {
  /// An array with its script and its call of sbatch.
  public struct Part: Sendable {
    public let array: ArrayJob
    public let name: String
    public let script: BatchScript
    public let command: SbatchCommand
  }

  public let folder: ClusterFolder
  public let parts: [Part]
  private let time: String

  /// - Parameters:
  ///   - anew: runs whose stored beginnings are to be thrown away.
  ///   - profile: for the jobs' names.
  ///   - journal: what was submitted before, so that no name comes twice.
  ///   - time: now, which names of a folder that was made anew differ by.
  /// - Throws: `ClusterError.badPath`.
  public init(
    _ plan: SubmissionPlan, folder: ClusterFolder, places: BatchScript.Places, settings: SbatchSettings,
    anew: Set<RunID>, profile: String, journal: Journal, time: Date
  ) throws {
    self.folder = folder
    let stamp = time.formatted(.iso8601)
    self.time = stamp
    let mark = SHA256.hexDigest(of: "\(folder.root.path)\n\(stamp)").prefix(8)
    parts = try plan.arrays.enumerated().map { place, array in
      let name = "jml-\(profile)-\(mark)-\(journal.entries.count + place + 1)"
      return Part(
        array: array, name: name, script: BatchScript(array, name: name, places: places, anew: anew),
        command: try SbatchCommand(array, name: name, folder: folder, settings: settings))
    }
  }

  /// Writes scripts, hands the arrays over one by one, and writes down each before and after.
  /// - Returns: the numbers of the jobs. After an error those before it are Slurm's.
  /// - Throws: `ClusterError`, `ResultsError`.
  public func submit(_ slurm: Slurm, observe: (Part, _ job: Int) -> Void) throws {
    try AtomicFile.make(folder: folder.logs)
    try AtomicFile.make(folder: folder.scripts)
    var jobs: [Int] = []
    for part in parts {
      try AtomicFile.write(Data(part.script.text.utf8), to: folder.script(part.name))
      try Journal.append(Journal.planned(part.array, name: part.name, time: time), to: folder)
      let job = try slurm.submit(part.command.arguments { jobs[$0] })
      try Journal.append(Journal.submitted(name: part.name, job: job), to: folder)
      jobs.append(job)
      observe(part, job)
    }
  }

  /// All of it as lines of a POSIX shell that do the same, once the scripts are where they say.
  public var shellText: String {
    parts.enumerated().map { place, part in
      let (array, request) = (part.array, part.array.request)
      return "# \(part.name): level \(array.level), \(array.tasks.count) tasks, \(array.runs.count) runs, "
        + "\(request.memoryMiB) MiB, \(request.time)\n" + part.command.line(place: place) + "\n"
        + part.script.text.split(separator: "\n", omittingEmptySubsequences: false).map { "#   \($0)\n" }
        .joined()
    }.joined(separator: "\n")
  }
}
