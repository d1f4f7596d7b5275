import ArgumentParser
import EventFiles
import Experiments
import Foundation
import Platform
import Results
import Runner

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Stored runs for other programs.",
    subcommands: [ExportTensorBoardCommand.self])
}

struct ExportTensorBoardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tensorboard", abstract: "Event files that TensorBoard shows.",
    discussion: """
      Writes <output>/<run id>/\(EventFile.name) for each run of which something is stored, finished or not: losses by
      term, learning rate and seconds of an iteration from its log; the metrics of its evaluation points (the last one
      and, where a profile evaluates on the way, the best); its spec, and what it ran on, as text. Finished runs are
      verified. Seconds count from the beginning of training, since a log has no time of day. The same files of a run
      give the same bytes.

      Examples: jml export tensorboard --table 4 --output events && tensorboard --logdir events
                jml export tensorboard --run 3f2a9c0d --output events
      """)

  @Option(name: .customLong("table"), help: "The runs of a table, by number or name; may be repeated.")
  var tables: [String] = []

  @Option(
    name: .customLong("run"),
    help: "A run that is stored, by its id, the beginning of it or of its hash; may be repeated.")
  var runs: [String] = []

  @Option(help: "Folder to write to; it is made if it does not exist.")
  var output: String

  @OptionGroup var places: PlaceOptions

  func validate() throws {
    if tables.isEmpty, runs.isEmpty { throw ValidationError("name runs with --table or --run") }
    try FolderName.check(output, "--output")
  }

  func run() throws {
    let workspace = try Workspace(places.workspace(tables: tables))
    let named = try runs.map { try stored($0, in: workspace.store) }
    let planned = tables.isEmpty ? [] : try self.planned(workspace)
    var seen: Set<String> = []
    var bare = 0
    for id in named + planned where seen.insert(id).inserted {
      let events = try RunEvents(id, in: workspace.store).events
      guard !events.isEmpty else {
        bare += 1
        continue
      }
      Console.out(try write(events, id).relativePath + "\n")
    }
    guard bare > 0 else { return }
    Console.say("\(bare) of \(seen.count) runs have neither log nor record yet")
    if bare == seen.count { throw ExitCode(1) }
  }

  private func planned(_ workspace: Workspace) throws -> [String] {
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    return plan.runs.map(\.id.text)
  }

  private func write(_ events: [Event], _ id: String) throws -> URL {
    let folder = URL(fileURLWithPath: output).appendingPathComponent(id)
    // A link would put the file wherever it points.
    try RegularFile.checkIsFolder(folder.path)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appendingPathComponent(EventFile.name)
    try AtomicFile.write(EventFile.bytes(events), to: file)
    return file
  }

  /// A run of any plan that has a folder.
  private func stored(_ text: String, in store: ResultStore) throws -> String {
    let ids = try store.runIDs()
    if ids.contains(text) { return text }
    let found = ids.filter { $0.hasPrefix(text) || $0.suffix(16).hasPrefix(text) }
    guard let id = found.first, !text.isEmpty else {
      throw ValidationError("--run \(text): no run of that id is stored in \(store.root.path)")
    }
    guard found.count == 1 else {
      throw RunnerError.ambiguousRun(text, candidates: Array(found.prefix(4)))
    }
    return id
  }
}
