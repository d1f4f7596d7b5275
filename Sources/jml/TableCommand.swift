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
      Prints Markdown (or JSON) and writes <results>/<profile>/<table>.md and .json. Nothing is trained; cells whose
      runs are not finished say so. The same records give the same bytes.

      Example: jml table --table 4 --profile mini
      """)

  @OptionGroup var options: WorkspaceOptions

  @Flag(help: "Print only, write no files.")
  var dryRun = false

  func run() throws {
    let isDone = try renderCosts()
    if isDone { return }
    let workspace = try Workspace(options.options())
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    for notice in workspace.otherDataNotices(plan) { Console.say(notice) }
    var summaries: [RunID: RunSummary] = [:]
    for run in plan.runs { summaries[run.id] = try summary(run, workspace.store, teachers: summaries) }
    if !dryRun {
      try FileManager.default.createDirectory(at: workspace.folder, withIntermediateDirectories: true)
    }
    var documents: [String] = []
    for table in plan.tables {
      let (markdown, json) = renderTable(table, plan: plan) { summaries[$0] ?? .pending }
      documents.append(options.json ? json : markdown)
      guard !dryRun else { continue }
      for (text, ending) in [(markdown, "md"), (json, "json")] {
        let file = workspace.folder.appendingPathComponent("\(table.name).\(ending)")
        try AtomicFile.write(Data(text.utf8), to: file)
        Console.say("wrote \(file.path)")
      }
    }
    if options.json, documents.count != 1 {
      Console.out("[\n" + documents.joined(separator: ",\n") + "]\n")
    } else {
      Console.out(documents.joined(separator: "\n"))
    }
  }

  /// Tables of costs that were asked for by `--table`.
  /// - Returns: whether nothing else was asked for.
  private func renderCosts() throws -> Bool {
    let registry = try Registry.load(options.experiments)
    let tables = CostTables.named(options.tables, registry)
    guard !tables.isEmpty else { return false }
    guard tables.count == options.tables.count else {
      throw ValidationError(
        "--table: tables of costs (\(tables.map { String($0.number) }.joined(separator: ", "))) go alone")
    }
    let results = URL(fileURLWithPath: options.results ?? "results")
    for table in tables {
      let (markdown, json) = try CostTables.render(table, registry, results: results)
      Console.out(options.json ? json : markdown)
      guard !dryRun else { continue }
      let folder = results.appendingPathComponent("costs")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (text, ending) in [(markdown, "md"), (json, "json")] {
        let file = folder.appendingPathComponent("\(table.name).\(ending)")
        try AtomicFile.write(Data(text.utf8), to: file)
        Console.say("wrote \(file.path)")
      }
    }
    return true
  }

  /// - Parameter teachers: summaries of runs that come before in the plan.
  private func summary(
    _ run: PlannedRun, _ store: ResultStore, teachers: [RunID: RunSummary]
  ) throws -> RunSummary {
    let record = try store.record(run.id.text)
    func summary(_ state: RunSummary.State) -> RunSummary {
      RunSummary(
        state: state, metrics: record?.metrics ?? [:], hardware: record?.cpu ?? "",
        threads: record?.threads ?? 0,
        dataDescription: record?.dataDescription ?? "")
    }
    switch try store.state(run.id.text) {
    case .done: return summary(.done)
    case .failed(let reason): return summary(.failed(reason: reason))
    case .diverged(let reason): return summary(.diverged(reason: reason))
    case .running: return summary(.running)
    case .pending, .interrupted:
      for id in run.dependencies {
        switch teachers[id]?.state {
        case .failed, .diverged: return summary(.failed(reason: "its teacher \(id) gave no result"))
        case .done, .pending, .running, nil: break
        }
      }
      return summary(.pending)
    }
  }
}
