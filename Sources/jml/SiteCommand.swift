import ArgumentParser
import Experiments
import Foundation
import Results
import Runner
import Site
import Tables

struct SiteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "site", abstract: "Writes the results as a site: static pages with JSON beside each.",
    discussion: """
      Pages of tables, claims, runs, figures, nights and speed from what lies in the folder of results: table JSON and
      claims.json as 'jml table' and 'jml claims' wrote them, runs.jsonl, figures/, bench/ and regression/history/. Runs
      whose folders are here are verified and shown with their classes, calibration and curves. A table that has not
      been rendered is shown as far as it has numbers. Nothing is trained. The same records give the same bytes.
      With --predict, networks of runs whose folders are here look at their evaluated images again, for a confusion
      matrix and pictures: a second or so a run.

      The output folder's own earlier files are replaced; a file that this command did not write is never touched.

      Example: jml site --output site
      """)

  @OptionGroup var places: PlaceOptions

  @Option(help: "Folder to write to; it is made if it does not exist.")
  var output: String

  @Option(help: "Heading of the site.")
  var title = SiteRecords.defaultTitle

  @Flag(help: "Run the networks that are here over their images: confusion matrices and pictures.")
  var predict = false

  func validate() throws {
    try FolderName.check(output, "--output")
    if title.isEmpty { throw ValidationError("--title is empty: a heading is wanted") }
  }

  func run() throws {
    let workspace = try Workspace.everything(places.workspace())
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    let results = workspace.folder.deletingLastPathComponent()
    let published = try PublishedRuns(reading: workspace.folder)
    let runs = try SiteRuns(workspace, plan, published, pictures: predict ? RunPictures(workspace) : nil)
    let tables = plan.tables.map { table in
      (
        name: table.name, hasRuns: table.hasRuns,
        json: { () throws -> String in
          let costs = try CostTables.costs(of: table, workspace.registry, results: results)
          return renderTable(table, plan: plan, costs: costs) { runs.summaries[$0] ?? .pending }.json
        }
      )
    }
    let records = try SiteRecords(
      reading: results, profile: workspace.profile.name, title: title, tables: tables, runs: runs.entries)
    let folder = URL(fileURLWithPath: output)
    let files = try Site(records).files
    let (written, removed) = try GeneratedFolder(folder).replace(with: files)
    Console.out("\(folder.relativePath)/index.html\n")
    Console.say(
      "wrote \(folder.path): \(files.count) files, \(written) of them new or changed"
        + (removed > 0 ? ", \(removed) removed" : ""))
  }
}

/// What is known of runs: those whose folders are here, verified, and the published ones.
private struct SiteRuns {
  let entries: [RunEntry]
  let summaries: [RunID: RunSummary]

  /// - Throws: `ResultsError`; `.damaged` names the file and what differs.
  init(
    _ workspace: Workspace, _ plan: Plan, _ published: PublishedRuns, pictures: RunPictures?
  ) throws {
    let store = workspace.store
    var entries: [String: RunEntry] = [:]
    for run in published.all { entries[run.run] = RunEntry(run) }
    var summaries: [RunID: RunSummary] = [:]
    for run in plan.runs {
      let id = run.id.text
      switch try store.state(id) {
      case .done:
        let result = try store.result(id)
        var entry = RunEntry(result, log: try store.log(id))
        try pictures?.add(to: &entry, of: run)
        entries[id] = entry
        summaries[run.id] = RunSummary(result.record, result.evaluations)
      case .damaged:
        // Reading it again throws what is wrong.
        _ = try store.result(id)
      case .failed(let reason): summaries[run.id] = RunSummary(state: .failed(reason: reason))
      case .diverged(let reason): summaries[run.id] = RunSummary(state: .diverged(reason: reason))
      case .pending, .running, .interrupted:
        summaries[run.id] = published[run.id].map { RunSummary($0) } ?? .pending
      }
      entries[id]?.spec = run.spec.json
    }
    self.entries = entries.values.sorted { $0.id < $1.id }
    self.summaries = summaries
  }
}
