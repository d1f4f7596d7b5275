import ArgumentParser
import Results
import Runner

struct PublishCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish",
    abstract: "Keeps what finished runs reached in a file that is small enough for git.",
    discussion: """
      Writes <results>/<profile>/runs.jsonl: one line for every finished run of the tables and figures, with its metrics,
      seconds, memory, machine and a checksum. Lines of runs that are planned still and not finished here stay; those of
      other runs go. 'jml table' and 'jml claims' read it with --published, and 'jml plan' foretells times by it.

      Example: jml publish --profile mini
      """)

  @OptionGroup var places: PlaceOptions

  func run() throws {
    let workspace = try Workspace.everything(places.workspace())
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    var published = try PublishedRuns(reading: workspace.folder, unsealed: true)
    let finished = try published.update(from: plan, in: workspace.store)
    let file = try published.write(to: workspace.folder)
    Console.say(
      "wrote \(file.path): \(published.count) of \(plan.runs.count) runs, \(finished) of them finished here")
  }
}

/// For commands that read results or would make them.
struct PublishedOption: ParsableArguments {
  @Flag(
    name: .customLong("published"),
    help: "Take runs that are not finished here from <results>/<profile>/runs.jsonl, and say so.")
  var isOn = false

  /// nil unless they are asked for.
  func runs(_ workspace: Workspace) throws -> PublishedRuns? {
    isOn ? try PublishedRuns(reading: workspace.folder) : nil
  }
}
