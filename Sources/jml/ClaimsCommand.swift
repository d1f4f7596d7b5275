import ArgumentParser
import Claims
import Experiments
import Foundation
import Runner
import Tables

struct ClaimsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claims", abstract: "Judges the paper's claims by its own numbers and by ours.",
    discussion: """
      Every claim of experiments/claims is counted over cells of tables: it holds, fails, or is not decidable, as long as
      runs are missing or for the reason that is told. Differences of ours are tested, paired where both sides have the same
      seeds and folds, and corrected over all claims. Prints Markdown (or JSON) and, of all claims, writes
      <results>/<profile>/claims.md and claims.json. Nothing is trained; the same counts give the same bytes.

      Example: jml claims --profile mini A01-jml-beats-ce-miou
      """)

  @OptionGroup var places: PlaceOptions

  @Argument(help: "Ids of claims. Default: all.")
  var claims: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var published: PublishedOption

  @Flag(help: "Print only, write no files.")
  var dryRun = false

  @Option(help: "JSON of verdicts by id; exit code 1 and a line for each that differs.")
  var expect: String?

  @Option(help: "Write the verdicts to this file, for --expect.")
  var record: String?

  func run() throws {
    let workspace = try Workspace(places.workspace())
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    let summaries = try RunSummary.all(
      of: plan, in: workspace.store, else: try published.runs(workspace))
    let all = try ClaimReport(registry: workspace.registry, plan: plan) { summaries[$0] ?? .pending }
    let report = try all.selecting(claims)
    // Before anything is written: a file that cannot be compared with is no reason to renew another.
    let expected = try expect.map { file in
      try Expectations(try text(of: file), file: file, of: report, known: all.rows.map(\.id))
    }
    if claims.isEmpty, !dryRun {
      try FileManager.default.createDirectory(at: workspace.folder, withIntermediateDirectories: true)
      try OutputFile.write(report.markdown, to: workspace.folder.appendingPathComponent("claims.md"))
      try OutputFile.write(report.json.pretty, to: workspace.folder.appendingPathComponent("claims.json"))
    }
    Console.out(json ? report.json.pretty : report.markdown)
    if let record { try OutputFile.write(Expectations(report).json.pretty, to: URL(fileURLWithPath: record)) }
    let flips = expected?.flips(in: report) ?? []
    for line in flips { Console.error(line) }
    if !flips.isEmpty { throw ExitCode(1) }
  }

  private func text(of file: String) throws -> String {
    do {
      return try String(contentsOfFile: file, encoding: .utf8)
    } catch {
      throw RegistryError.unreadable(file: file, reason: "not a readable UTF-8 file")
    }
  }
}
