import ArgumentParser
import Claims
import Experiments
import Foundation
import JSON
import Results
import Runner
import Tables

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compares the cells of tables in two folders of results.",
    discussion: """
      A and B are folders of results, as --results takes them, or files runs.jsonl of published runs. Each cell that has
      runs of its own is shown with mean ± deviation and n of both sides, the difference B - A and p of Welch's test,
      two-sided, also after Holm's correction over all tests; then how many cells differ, and which only one side has. A
      difference is better or worse by the direction of its metric. Nothing is trained or written. Runs of another
      version of the engine have other ids, and are not compared. The exit code is 0 whatever differs.

      With --margin, two one-sided tests say of each metric whether B's means are A's but for that much: of the differences
      between runs of equal seed and fold, each averaged over all cells. With --set-b, B's runs have further overrides.

      Examples: jml compare results ../before/results --table 4
                jml compare results results/mini/runs.jsonl
                jml compare results results-bfloat16 --set-b recipe.precision=bfloat16 --seeds 5 --margin 0.3
      """)

  @Argument(help: "Folder of results, or a file runs.jsonl.")
  var a: String

  @Argument(help: "Another one.")
  var b: String

  @Option(name: .customLong("table"), help: "Table by number or name; may be repeated. Default: every table.")
  var tables: [String] = []

  @OptionGroup var places: PlaceOptions

  @Option(
    name: .customLong("set-b"),
    help: ArgumentHelp(
      "Override of a value in B alone, after those of --set; may be repeated.", valueName: "key=value"))
  var overridesOfB: [String] = []

  @Option(
    help: "Test whether means differ by less than this, in the metrics' units, such as 0.3 points of mIoU.")
  var margin: Double?

  @OptionGroup var published: PublishedOption

  @Option(help: "What is printed: \(Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: Format?

  @Flag(help: "Print JSON.")
  var json = false

  enum Format: String, CaseIterable, ExpressibleByArgument { case text, markdown, json }

  func validate() throws {
    if places.results != nil { throw ValidationError("--results: the two folders are the arguments") }
    if let margin, !(margin > 0 && margin.isFinite) {
      throw ValidationError("--margin \(margin): a number above 0 is wanted")
    }
    if json, let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) exclude each other")
    }
  }

  func run() throws {
    let sides = try [a, b].map { try ComparedSide($0, workspace: workspace) }
    let folders = sides.compactMap(\.workspace)
    let workspaces = folders.isEmpty ? [try workspace(nil)] : folders
    let plan = try self.plan(workspaces)
    for folder in folders {
      for notice in try folder.otherResultsNotices(plan) { Console.say(notice) }
    }
    let more = try overridesOfB.map { try Override($0) }
    let plans = [plan, more.isEmpty ? plan : try workspaces[0].plan(plan, overriding: more)]
    let summaries = try zip(sides, plans).map { try $0.summaries($1, published: published.isOn) }
    let comparison = ResultsComparison(
      plan: plans[0], other: plans[1], margin: margin, first: { summaries[0][$0] ?? .pending },
      second: { summaries[1][$0] ?? .pending })
    switch format ?? (json ? .json : .text) {
    case .json: Console.out(comparison.json(names: (a, b)))
    case .markdown: Console.out(comparison.markdown(names: (a, b)))
    case .text:
      Console.out(Console.columns(comparison.lines))
      Console.out("\n" + comparison.conclusions.map { $0 + "\n" }.joined())
    }
  }

  private func workspace(_ results: String?) throws -> Workspace {
    var options = places.workspace(tables: tables)
    options.results = results
    return try Workspace(options)
  }

  /// The plan of the side that knows most of the data, A's of equals: a folder of a file alone has checked none.
  private func plan(_ workspaces: [Workspace]) throws -> Plan {
    let plans = try workspaces.map { try $0.planForReading() }
    let best = plans.indices.min { plans[$0].unknown.count < plans[$1].unknown.count } ?? 0
    for data in plans[best].unknown { Console.say(data.notice) }
    return plans[best].plan
  }
}

/// A set of results that is compared.
private struct ComparedSide {
  /// nil for a file of published runs.
  let workspace: Workspace?
  private let name: String

  /// - Throws: `UnreadableResults` where there is neither a folder with results of the profile nor a file runs.jsonl.
  init(_ name: String, workspace: (String?) throws -> Workspace) throws {
    self.name = name
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) else {
      throw UnreadableResults("\(name): no such folder of results")
    }
    guard isFolder.boolValue else {
      guard URL(fileURLWithPath: name).lastPathComponent == PublishedRuns.fileName else {
        throw UnreadableResults("\(name): neither a folder of results nor a file \(PublishedRuns.fileName)")
      }
      self.workspace = nil
      return
    }
    let found = try workspace(name)
    guard FileManager.default.fileExists(atPath: found.folder.path, isDirectory: &isFolder),
      isFolder.boolValue
    else { throw UnreadableResults("\(name): no results of profile \(found.profile.name) in it") }
    self.workspace = found
  }

  /// - Parameter published: whether published runs of a folder stand in for those that are not finished in it.
  /// - Throws: `UnreadableResults` for whatever keeps results from being read.
  func summaries(_ plan: Plan, published: Bool) throws -> [RunID: RunSummary] {
    do {
      guard let workspace else {
        let file = URL(fileURLWithPath: name)
        let runs = try PublishedRuns(reading: file.deletingLastPathComponent())
        return Dictionary(
          uniqueKeysWithValues: plan.runs.compactMap { run in runs[run.id].map { (run.id, RunSummary($0)) } })
      }
      return try RunSummary.all(
        of: plan, in: workspace.store, else: published ? try PublishedRuns(reading: workspace.folder) : nil)
    } catch {
      throw UnreadableResults("\(error)")
    }
  }
}

/// Results that cannot be compared, since they cannot be read.
struct UnreadableResults: ExitCoding, CustomStringConvertible {
  let description: String
  var exitCode: Int32 { ExitCodes.badInput }

  init(_ description: String) { self.description = description }
}
