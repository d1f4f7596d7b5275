import ArgumentParser
import Datasets
import Experiments
import Foundation
import JSON
import Runner

struct DataPreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Writes augmented training samples with their labels, as pictures and as numbers.",
    discussion: """
      For every data set of the tables, OUTPUT/<data set> gets one PNG a sample (image, views of the batch, label in
      colours, side by side) and samples.h5 (images, labels, ids, class_names). The samples are the first ones that
      the first run with this data set trains on.

      Example: jml data preview --table 4 --count 8 --output preview
      """)

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var strictness: StrictOption

  @Option(help: "Samples of each data set.")
  var count = 8

  @Option(help: "Folder to write to.")
  var output: String

  @Option(help: "Seed of the draws. Default: the run's.")
  var seed: UInt64?

  func validate() throws {
    if !(1...1000).contains(count) { throw ValidationError("--count \(count): 1 to 1000 are allowed") }
  }

  func run() throws {
    let workspace = try Workspace(options.options(strict: strictness.strict))
    let data = try workspace.prepare(progress: Console.reading)
    Console.sayWarnings(data)
    let plan = try workspace.plan(data)
    var written: [String: JSONValue] = [:]
    for name in plan.datasets {
      let runs = plan.runs.map(\.spec).filter { $0.data.name == name }
      // A run with an unlabelled stream shows the labelled one as well.
      guard let spec = runs.first(where: { $0.semiSupervised?.unlabelledBatch != nil }) ?? runs.first,
        let prepared = data[name]
      else { continue }
      var files: [URL] = []
      for loader in try Assembly(spec, data: prepared).batches(seed: seed).loaders {
        var folder = URL(fileURLWithPath: output).appendingPathComponent(name)
        if loader.stream != BatchLoader.labelledStream { folder.appendPathComponent(loader.stream) }
        files += try DataPreview(loader).write(count, to: folder)
        Console.say("\(name), \(loader.stream): \(count) samples in \(folder.path)")
      }
      written[name] = .object([
        "run": .string(spec.id.text), "files": .array(files.map { .string($0.path) }),
      ])
      if !options.json { Console.out(files.map { $0.path + "\n" }.joined()) }
    }
    if options.json { Console.out(JSONValue.object(written).pretty) }
  }
}
