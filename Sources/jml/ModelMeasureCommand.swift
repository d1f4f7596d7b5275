import ArgumentParser
import Benchmarks
import Experiments
import Foundation
import Results
import Runner
import Synchronization

struct ModelMeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure", abstract: "Measures latency and training memory for a table of costs.",
    discussion: """
      Each network is measured in a process of its own, and stored in <results>/costs/<model>.json with the hardware's
      name. Networks that have been measured are left alone.

      Example: jml model measure --table 9
      """)

  @Argument(help: "Models; default: all of the table.")
  var names: [String] = []

  @Option(help: "Table by number.")
  var table = 9

  @Option(help: "Timed evaluation passes.")
  var passes = 5

  @Option(help: "Folder for results.")
  var results = "results"

  @OptionGroup var options: ModelOptions

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Measure again.")
  var again = false

  /// The child's part: measure in this process and print.
  @Flag(help: .hidden)
  var here = false

  func validate() throws {
    guard (1...1000).contains(passes) else { throw ValidationError("--passes \(passes): 1 to 1000") }
  }

  func run() throws {
    let registry = try options.files.registry()
    let tables = registry.tables.values.filter { $0.costs != nil }.sorted { $0.number < $1.number }
    guard let table = tables.first(where: { $0.number == table }), let costs = table.costs else {
      throw RegistryError.brokenReference(
        file: "tables", path: "--table", value: String(table), allowed: tables.map { String($0.number) })
    }
    var known: [String] = []
    for row in table.rows.indices {
      for column in table.columns.indices {
        if let name = table.cost(row: row, column: column)?.model, !known.contains(name) {
          known.append(name)
        }
      }
    }
    for name in names where !known.contains(name) {
      throw RegistryError.brokenReference(
        file: "tables/\(table.name).yaml", path: "NAMES", value: name, allowed: known)
    }
    let wanted = names.isEmpty ? known : names
    if here {
      for name in wanted {
        Console.out(String(decoding: try measure(name, costs, registry).json(), as: UTF8.self))
      }
      return
    }
    let folder = URL(fileURLWithPath: results).appendingPathComponent("costs")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in wanted {
      let file = folder.appendingPathComponent("\(name).json")
      if !again, try ModelMeasurement(reading: file) != nil { continue }
      try OutputFile.write(try measured(name), to: file)
    }
  }

  private func measure(_ name: String, _ costs: CostSpec, _ registry: Registry) throws
    -> ModelMeasurement
  {
    let label = try named("hard", registry.labels)
    return try ModelMeasurement(
      model: try named(name, registry.models), costs: costs,
      recipe: try named("sgd_cityscapes", registry.recipes),
      loss: try named("ce_jml", registry.losses).spec(for: label), label: label,
      threads: try threading.adopted(), passes: passes)
  }

  private func named<Spec>(_ name: String, _ specs: [String: Spec]) throws -> Spec {
    guard let spec = specs[name] else {
      throw RegistryError.brokenReference(
        file: "experiments", path: "measure", value: name, allowed: specs.keys.sorted())
    }
    return spec
  }

  /// What a child process prints for one network.
  private func measured(_ name: String) throws -> String {
    let lines = Mutex<[String]>([])
    var command = [
      ProjectLocation.executable.path, "model", "measure", name, "--here", "--table", String(table),
      "--passes",
      String(passes), "--classes", String(options.classes),
    ]
    if let experiments = options.files.experiments { command += ["--experiments", experiments] }
    if let threads = threading.threads { command += ["--threads", String(threads)] }
    let child = try Subprocess(
      command, onOutput: { line in lines.withLock { $0.append(line) } }, onError: { Console.raw($0 + "\n") },
      endsWithParent: true)
    let end = child.wait()
    guard end == .exited(0) else { throw MeasurementFailed(model: name, exitCode: end.exitCode) }
    return lines.withLock { $0.joined(separator: "\n") } + "\n"
  }
}

private struct MeasurementFailed: ExitCoding, CustomStringConvertible {
  let model: String
  /// Of the process that measured.
  let exitCode: Int32
  var description: String { "\(model) could not be measured" }
}
