import ArgumentParser
import Experiments
import Foundation
import JSON
import Regression
import Runner

struct RegressRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Trains subsets of the tables anew and compares every cell with its reference.",
    discussion: """
      A subset is a file of experiments/regression. Each of its runs is trained from nothing in <folder>/<name>, which is
      removed at the end. stdout has one line for each cell that is a regression: other bits in tier smoke, significantly
      worse in tiers mini and paper, or a run that failed, diverged or was not finished in time. The night is appended to
      the history. Of another version of the numerics, or on another class of machines, than the reference's nothing is
      compared, and that is said.

      Exit codes: 0 no regression, 1 a regression, 69 something had no comparable reference and nothing was a regression, 75
      another process works on the subset, 130 stopped: nothing is recorded, and the next night begins anew.

      Example: jml regress smoke mini --jobs 2
      """)

  @Argument(help: "Subsets. Default: all, but for those of tier paper.")
  var names: [String] = []

  @OptionGroup var places: ReferenceOptions

  @Option(help: "Folder with real data. Default: embedded data in data/embedded/<profile>.")
  var data: String?

  @Option(help: "Folder in which nights train.")
  var folder = ".nightly"

  @Option(help: "Runs at a time. Default: as many as the cores have threads for.")
  var jobs: Int?

  @Option(help: "Date of the night, YYYY-MM-DD. Default: today's, UTC.")
  var date: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override of a value, to see whether the night finds it; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []

  @Flag(
    help:
      "Compare by tests what another version of the numerics or another class of machines made; never by bits."
  )
  var across = false

  @Flag(help: "Keep the night's folder as <folder>/<date>-<name>.")
  var keep = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs \(jobs): 1 to 256 are allowed") }
    if let date, !Night.isDate(date) { throw ValidationError("--date \(date): YYYY-MM-DD is wanted") }
    try FolderName.check(data, "--data")
    try FolderName.check(folder, "--folder")
  }

  func run() throws {
    let registry = try places.files.registry()
    let specs = try wanted(registry)
    // Before hours of training: a reference that cannot be read.
    let references = try specs.map { try Reference.read($0.name, in: places.folder) }
    StopRequest.listen()
    var reports: [RegressionReport] = []
    for (spec, reference) in zip(specs, references) {
      guard let report = try night(spec, reference) else { throw ExitCode(StopRequest.exitCode) }
      reports.append(report)
    }
    if json { Console.out(.object(["nights": .array(reports.map(\.json))])) }
    if reports.contains(where: { $0.verdict == .regressed }) { throw ExitCode(1) }
    if reports.contains(where: { $0.verdict == .notCompared }) {
      throw ExitCode(RegressRunCommand.notCompared)
    }
  }

  /// EX_UNAVAILABLE of sysexits: there is nothing to say whether the night is good or bad.
  static let notCompared = ExitCodes.nothingToCompare

  /// Bits first: they take seconds.
  private func wanted(_ registry: Registry) throws -> [RegressionSpec] {
    if !names.isEmpty { return try names.map { try places.spec($0, registry) } }
    let tiers = RegressionSpec.Tier.allCases
    let all = try registry.regressionNames.map { try places.spec($0, registry) }
    return tiers.filter { $0 != .paper }.flatMap { tier in all.filter { $0.tier == tier } }
  }

  /// - Returns: nil when somebody stopped it.
  private func night(_ spec: RegressionSpec, _ reference: Reference?) throws -> RegressionReport? {
    let place = try NightFolder(spec.name, base: URL(fileURLWithPath: folder))
    let date = date ?? WorldClock.today
    let run = NightRun(
      spec: spec,
      options: places.workspace(spec, data: data, results: place.url.path, overrides: overrides),
      jobs: jobs ?? max(1, Machine.cores / spec.threads), date: date)
    Console.say("\(spec.name): tier \(spec.tier.rawValue), profile \(spec.profile), in \(place.url.path)")
    guard let night = try run.night() else {
      try end(place, date)
      return nil
    }
    let report = NightJudge.report(
      night, reference: reference?.current, test: spec.test, across: across)
    let file = try places.history.append(night.judged(report))
    if !json { for line in report.lines { Console.out("regressed: \(line)\n") } }
    for note in report.notes { Console.say("\(spec.name): \(note)") }
    Console.say(report.summary)
    Console.say("appended to \(file.path)")
    try end(place, date)
    return report
  }

  private func end(_ place: NightFolder, _ date: String) throws {
    if let kept = try place.end(keptAs: keep ? date : nil) { Console.say("kept \(kept.path)") }
  }
}
