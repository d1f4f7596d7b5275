import ArgumentParser
import Experiments
import Foundation
import Regression
import Results
import Runner
import Tables

struct RegressAcceptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Moves a subset's reference to the numbers of a night, for a reason.",
    discussion: """
      Takes the latest night of the history, or that of --night, and writes <references>/<name>.json; the former reference
      stays in the file, with its reason. A night with runs that failed, or with values that were given by --set, is refused.
      With --published, the numbers of <results>/<profile>/runs.jsonl become the reference of a tier of statistics; what they
      know of their machine is its cpu and threads.

      Example: jml regress accept mini --reason "random scaling samples as the paper's code does"
      """)

  @Argument(help: "The subset.")
  var name: String

  @Option(help: "Why the numbers are right. Stored.")
  var reason: String

  @Option(help: "Date of the night, YYYY-MM-DD. Default: the latest.")
  var night: String?

  @Flag(help: "Take published runs instead of a night.")
  var published = false

  @Option(help: "Folder of the published runs' results.")
  var results = "results"

  @OptionGroup var places: ReferenceOptions

  func validate() throws {
    if reason.trimmingCharacters(in: .whitespaces).isEmpty { throw ValidationError("--reason is empty") }
    if let night, !Night.isDate(night) { throw ValidationError("--night \(night): YYYY-MM-DD is wanted") }
    if published, night != nil { throw ValidationError("--published takes no --night") }
  }

  func run() throws {
    let registry = try places.files.registry()
    let spec = try places.spec(name, registry)
    let former = try Reference.read(name, in: places.folder)
    let accepted = try published ? fromPublished(spec) : fromNight(spec)
    let reference = former?.moved(to: accepted) ?? Reference(name: name, accepted)
    let file = try reference.write(to: places.folder)
    let before = former.map { "; that of \($0.current.date) is kept in its history" } ?? ""
    Console.say("wrote \(file.path): \(accepted.cells.count) cells, \(accepted.source)\(before)")
  }

  private func fromNight(_ spec: RegressionSpec) throws -> Reference.Accepted {
    let (nights, notices) = try places.history.read()
    for notice in notices { Console.say(notice) }
    guard let found = nights.last(where: { $0.name == name && (night ?? $0.date) == $0.date }) else {
      throw RegressionError.noNight(name: name, history: places.history.folder.path)
    }
    func refuse(_ reason: String) -> RegressionError { .notAcceptable(name: name, reason: reason) }
    if let problem = found.cells.flatMap(\.problems).first { throw refuse(problem) }
    guard found.overrides.isEmpty else {
      throw refuse("the night had other values: \(found.overrides.joined(separator: ", "))")
    }
    guard found.tier == spec.tier.rawValue, found.profile == spec.profile else {
      throw refuse("the night was of tier \(found.tier), profile \(found.profile)")
    }
    return Reference.Accepted(found, reason: reason, date: WorldClock.today)
  }

  private func fromPublished(_ spec: RegressionSpec) throws -> Reference.Accepted {
    func refuse(_ reason: String) -> RegressionError { .notAcceptable(name: name, reason: reason) }
    guard !spec.tier.comparesBits else {
      throw refuse("tier \(spec.tier.rawValue) compares counts and weights, which published runs do not have")
    }
    let workspace = try Workspace(places.workspace(spec, results: results))
    let (plan, unknown) = try workspace.planForReading()
    if let first = unknown.first { throw refuse(first.notice) }
    let runs = try PublishedRuns(reading: workspace.folder)
    let cells = try spec.cells(of: plan)
    let used = Set(cells.flatMap(\.runs)).sorted()
    let found = try used.map { id in
      guard let run = runs[id] else {
        throw refuse("\(workspace.folder.path)/\(PublishedRuns.fileName) has no run \(id)")
      }
      return run
    }
    let machines = Set(found.map { "\($0.cpu), \($0.threads) threads" }).sorted()
    guard machines.count == 1, let first = found.first else {
      throw refuse("its runs are of several machines: \(machines.joined(separator: "; "))")
    }
    let accepted = Reference.Accepted(
      tier: spec.tier.rawValue, profile: spec.profile, reason: reason, date: WorldClock.today,
      source: "published", commit: Set(found.map(\.commit)).sorted().joined(separator: ", "),
      // A run's id is the hash of its numerics too.
      numerics: RunSpec.currentNumerics,
      machine: MachineClass(cpu: first.cpu, processor: nil, threads: first.threads, versions: nil),
      data: plan.dataFingerprints,
      cells: cells.map { cell in
        CellResult(
          cell, plan: plan, unfinished: "is not published",
          summary: { runs[$0].map { RunSummary($0) } ?? .pending }, checksums: { _ in nil })
      })
    if let problem = accepted.cells.flatMap(\.problems).first { throw refuse(problem) }
    return accepted
  }
}
