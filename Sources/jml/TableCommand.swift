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
      Prints Markdown (or JSON) and writes <results>/<profile>/<table>.md and .json; a table of costs alone goes to
      <results>/costs. Every number is computed from the counts of the runs, which are verified on the way: a result
      that was changed is refused. Nothing is trained; cells whose runs are not finished say so. The same counts give
      the same bytes. With --figure, the points of a figure's sweep.

      Example: jml table --table 4 --profile mini
      """)

  @OptionGroup var options: WorkspaceOptions

  @OptionGroup var published: PublishedOption

  @Flag(help: "Print only, write no files.")
  var dryRun = false

  func run() throws {
    let workspace = try Workspace(options.options())
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    for notice in try workspace.otherResultsNotices(plan) { Console.say(notice) }
    let summaries = try RunSummary.all(
      of: plan, in: workspace.store, else: try published.runs(workspace))
    let results = URL(fileURLWithPath: options.places.results ?? "results")
    var documents: [Document] = []
    for table in plan.tables {
      let costs = try CostTables.costs(of: table, workspace.registry, results: results)
      let (markdown, json) = renderTable(table, plan: plan, costs: costs) { summaries[$0] ?? .pending }
      let folder = table.hasRuns ? workspace.folder : results.appendingPathComponent("costs")
      documents.append(Document(name: table.name, folder: folder, markdown: markdown, json: json))
    }
    for sweep in plan.sweeps {
      let (markdown, json) = renderSweep(sweep, plan: plan) { summaries[$0] ?? .pending }
      documents.append(Document(name: sweep.name, folder: workspace.folder, markdown: markdown, json: json))
    }
    if !dryRun { for document in documents { try document.write() } }
    for figure in plan.qualitative {
      Console.say("\(figure.name) is pictures: 'jml figure \(figure.number)' draws it")
    }
    let texts = documents.map { options.json ? $0.json : $0.markdown }
    if options.json, texts.count != 1 {
      Console.out("[\n" + texts.joined(separator: ",\n") + "]\n")
    } else {
      Console.out(texts.joined(separator: "\n"))
    }
  }

  private struct Document {
    let name: String
    let folder: URL
    let markdown: String
    let json: String

    func write() throws {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (text, ending) in [(markdown, "md"), (json, "json")] {
        try OutputFile.write(text, to: folder.appendingPathComponent("\(name).\(ending)"))
      }
    }
  }
}
