import ArgumentParser
import Experiments
import Foundation
import Results
import Runner
import Tables

struct TableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Renders tables from finished runs, ours beside the paper's.",
    discussion: """
      Prints Markdown, or what --format says, and writes <results>/<profile>/<table>.md and .json; a table of costs alone
      goes to <results>/costs. Every number is computed from the counts of the runs, which are verified on the way: a result
      that was changed is refused. Nothing is trained; cells whose runs are not finished say so. The same counts give
      the same bytes. With --figure, the points of a figure's sweep.

      csv has one row a cell (RFC 4180) with the paper's number and the difference; latex is a table environment that
      needs booktabs; html is a fragment without style or script.

      Examples: jml table --table 4 --profile mini
                jml table --table 4 --published --dry-run --format latex > table04.tex
      """)

  @OptionGroup var options: WorkspaceOptions

  @OptionGroup var published: PublishedOption

  @Flag(help: "Print only, write no files.")
  var dryRun = false

  @Option(help: "What is printed: \(TableFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: TableFormat?

  func validate() throws {
    if options.json, let format, format != .json {
      throw ValidationError("--json and --format \(format.rawValue) exclude each other")
    }
  }

  func run() throws {
    let workspace = try Workspace(options.options())
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    for notice in try workspace.otherResultsNotices(plan) { Console.say(notice) }
    let summaries = try RunSummary.all(
      of: plan, in: workspace.store, else: try published.runs(workspace))
    let results = URL(fileURLWithPath: options.places.results ?? "results")
    var documents: [(content: TableDocument, folder: URL)] = []
    for table in plan.tables {
      let costs = try CostTables.costs(of: table, workspace.registry, results: results)
      let content = TableDocument(table, plan: plan, costs: costs) { summaries[$0] ?? .pending }
      documents.append(
        (content, table.hasRuns ? workspace.folder : results.appendingPathComponent("costs")))
    }
    for sweep in plan.sweeps {
      documents.append((TableDocument(sweep, plan: plan) { summaries[$0] ?? .pending }, workspace.folder))
    }
    if !dryRun { for document in documents { try write(document.content, to: document.folder) } }
    for figure in plan.qualitative {
      Console.say("\(figure.name) is pictures: 'jml figure \(figure.number)' draws it")
    }
    Console.out(TableDocument.text(documents.map(\.content), format ?? (options.json ? .json : .markdown)))
  }

  private func write(_ document: TableDocument, to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (format, ending) in [(TableFormat.markdown, "md"), (.json, "json")] {
      let file = folder.appendingPathComponent("\(document.name).\(ending)")
      try OutputFile.write(document.text(format), to: file)
    }
  }
}

extension TableFormat: ExpressibleByArgument {}
