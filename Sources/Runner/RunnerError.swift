import Foundation

/// What keeps runs from starting or ending, beyond the errors of the rooms below.
public enum RunnerError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// No `experiments` folder; `tried` are the places looked at.
  case noExperiments(tried: [String])
  /// A data root that is no folder.
  case noDataFolder(path: String)
  /// The profile draws no embedded data of this data set, so that real folders are needed.
  case needsData(dataset: String, profile: String)
  /// A split that the format does not have.
  case unknownSplit(dataset: String, split: String, allowed: [String])
  /// The classes that the experiment file and the format speak of differ in number.
  case classCount(dataset: String, file: Int, format: Int)
  /// The data check has found errors; the first few of `count`, one line each.
  case badData(dataset: String, count: Int, first: [String])
  /// Warnings of the data check that are to be errors; the first few of `count`, one line each.
  case strictWarnings(dataset: String, count: Int, first: [String])
  /// Embedded data that is no longer what the generator drew, by whose name runs would know it.
  case alteredData(folder: String, count: Int, first: String)
  /// A data set whose content is another than when its runs were planned.
  case changedData(dataset: String)
  /// A list of labelled images that is not the published one: the beginnings of two hashes.
  case otherList(path: String, split: String, found: String, wanted: String)
  /// A frozen run of another profile than was asked for.
  case otherProfile(path: String, found: String, wanted: String)
  /// A folder that cannot be made.
  case noFolder(path: String, reason: String)
  /// No run, or more than one, of the plan has an id that begins or ends like this.
  case unknownRun(String)
  case ambiguousRun(String, candidates: [String])
  /// A run that another one needs has no result.
  case inputNotFinished(run: String, role: String, input: String)
  /// A spec that names no run for a role that its method needs.
  case inputMissing(run: String, role: String)
  /// A pretrained backbone of another kind.
  case backboneDiffers(run: String, wanted: String, found: String)
  /// Products of a kind that this CPU has no instructions for.
  case noPrecision(recipe: String, precision: String, needs: String)
  /// A method that this program does not have.
  case unknownMethod(kind: String, known: [String])
  /// Fewer threads work than were asked for, which would change bits; `reason` names what allows no more.
  case fewerThreads(asked: Int, working: Int, reason: String)
  /// A method that cannot be shared by ranks; `works` are those that can.
  case notAcrossRanks(method: String, works: [String])
  /// More ranks than a batch has samples.
  case moreRanksThanSamples(ranks: Int, batch: Int)
  /// A rank that differs from rank 0 in what has to be equal.
  case ranksDiffer(rank: Int, what: String, found: String, wanted: String)
  /// The operating system would not start a thread: a limit on processes.
  case noThread(program: String)
  /// The operating system would not start a process.
  case cannotStart(program: String, reason: String)

  public var description: String {
    switch self {
    case .noExperiments(let tried):
      return "no experiments folder; looked at \(tried.joined(separator: ", ")); name it with --experiments"
    case .noDataFolder(let path):
      return "\(path): no such data folder; --data names the folder that the data sets' folders are in"
    case .needsData(let dataset, let profile):
      return
        "profile \(profile) has no embedded data for \(dataset): name the folder of the real data with --data"
    case .unknownSplit(let dataset, let split, let allowed):
      return "datasets/\(dataset).yaml: split '\(split)'; allowed: \(allowed.joined(separator: ", "))"
    case .classCount(let dataset, let file, let format):
      return "datasets/\(dataset).yaml: classes: \(file); its format has \(format)"
    case .badData(let dataset, let count, let first):
      let more = count > first.count ? "; and \(count - first.count) more, see 'jml data check'" : ""
      return "\(dataset): \(count) error\(count == 1 ? "" : "s"): \(first.joined(separator: "; "))\(more)"
    case .strictWarnings(let dataset, let count, let first):
      let more = count > first.count ? "; and \(count - first.count) more, see 'jml data check'" : ""
      return "\(dataset): \(count) warning\(count == 1 ? "" : "s"), refused by --strict: "
        + "\(first.joined(separator: "; "))\(more)"
    case .alteredData(let folder, let count, let first):
      return "\(folder): \(count) file\(count == 1 ? " is" : "s are") not as the generator drew "
        + "\(count == 1 ? "it" : "them"), the first one \(first); remove the folder to have it drawn anew, or "
        + "use it as data of your own with --data"
    case .changedData(let dataset):
      return "\(dataset): its files or datasets/\(dataset).yaml are not those that the run was planned with"
    case .otherList(let path, let split, let found, let wanted):
      return
        "\(path): another list than labelled/\(split).yaml names: the SHA-1 of its sorted identifiers begins with "
        + "\(found), wanted \(wanted)"
    case .noFolder(let path, let reason): return "\(path): cannot make the folder: \(reason)"
    case .otherProfile(let path, let found, let wanted):
      return "\(path): a run of profile '\(found)', and --profile is '\(wanted)'"
    case .unknownRun(let text): return "run '\(text)' is not in the plan; 'jml plan' lists the runs"
    case .ambiguousRun(let text, let candidates):
      return "run '\(text)' may be any of \(candidates.joined(separator: ", "))"
    case .inputNotFinished(let run, let role, let input):
      return "\(run) needs \(input) (\(role)), which is not finished; train that one first"
    case .inputMissing(let run, let role):
      return "\(run) names no run for the role \(role), which its method needs"
    case .backboneDiffers(let run, let wanted, let found):
      return "\(run) needs a backbone \(wanted), and its input of role backbone has \(found)"
    case .noPrecision(let recipe, let precision, let needs):
      return
        "recipe \(recipe): precision: '\(precision)' needs a CPU with \(needs), which this one lacks; allowed here: float32"
    case .unknownMethod(let kind, let known):
      return "method '\(kind)' is not known; allowed: \(known.joined(separator: ", "))"
    case .fewerThreads(let asked, let working, let reason):
      return
        "\(asked) threads were asked for, and \(working) would work: \(reason); take that limit away, or ask for fewer "
        + "with --threads"
    case .notAcrossRanks(let method, let works):
      return
        "--mpi: '\(method)' is not split over ranks, train it in one process; split are: \(works.joined(separator: ", "))"
    case .moreRanksThanSamples(let ranks, let batch):
      return "--mpi: \(ranks) ranks cannot share a batch of \(batch); start at most \(batch)"
    case .ranksDiffer(let rank, let what, let found, let wanted):
      return "--mpi: rank \(rank) has the \(what) '\(found)', rank 0 '\(wanted)'; they have to be equal"
    case .noThread(let program):
      return
        "\(program): cannot start a thread to listen to it: the limit on processes (ulimit -u) is reached"
    case .cannotStart(let program, let reason): return "\(program): cannot start: \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
