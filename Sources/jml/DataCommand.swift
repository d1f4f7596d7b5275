import ArgumentParser
import Datasets
import Experiments
import Foundation
import JSON
import Platform
import Runner

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Makes the embedded data, checks data, or shows it as a run sees it.",
    subcommands: [DataMakeCommand.self, DataCheckCommand.self, DataPreviewCommand.self])
}

struct DataMakeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make",
    abstract: "Writes the embedded data of a profile, in the formats of the real data sets.",
    discussion: """
      Data that is there already is left alone, and refused if somebody has changed it. jml run does this by itself.

      Example: jml data make --profile mini --output scenes
      """)

  @OptionGroup var options: WorkspaceOptions

  @Option(help: "Folder to write to. Default: data/embedded/<profile>.")
  var output: String?

  func validate() throws {
    if options.places.data != nil {
      throw ValidationError("--data names real data; --output says where to write")
    }
  }

  func run() throws {
    let workspace = try Workspace(options.options())
    let source = output.map { DataSource.embedded(URL(fileURLWithPath: $0)) } ?? workspace.source
    var made: [String: JSONValue] = [:]
    for name in try Plan.datasets(of: workspace.tables, in: workspace.registry) {
      guard let spec = workspace.registry.datasets[name] else { continue }
      let source = source.place(of: spec)
      let isNew = try source.make(spec, profile: workspace.profile)
      if !isNew { try source.verify(spec, profile: workspace.profile) }
      let folder = source.root.appendingPathComponent(spec.folder).path
      made[name] = .object(["folder": .string(folder), "written": .bool(isNew)])
      Console.say("\(name): \(isNew ? "written to" : "is there already:") \(folder)")
    }
    Console.out(options.json ? JSONValue.object(made).pretty : source.root.path + "\n")
  }
}

struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Reads every image and label once and says what is wrong, file by file.",
    discussion: """
      jml run does this before any training, unless the files are those of an earlier check. plan, status and table
      know real folders by their check alone. What lies in a data folder and is not used is counted and named. Ends with
      65 when there are errors; with --strict also when there are warnings.

      Examples: jml data check --data /datasets --table 4
                jml data check --data /datasets --dataset own
      """)

  @OptionGroup var options: WorkspaceOptions

  @Option(
    name: .customLong("dataset"),
    help: "Data set by name; may be repeated, and need not be in a table. Default: those of the tables.")
  var datasets: [String] = []

  @OptionGroup var strictness: StrictOption

  func run() throws {
    let workspace = try Workspace(options.options())
    var reports: [DataReport] = []
    for spec in try specs(workspace) {
      let (found, summary) = try workspace.preparation.check(spec, progress: Console.reading)
      reports += found
      if let summary {
        Console.say("data \(spec.name): \(summary.description), fingerprint \(summary.fingerprint)")
      }
    }
    Console.out(
      options.json ? JSONValue.array(reports.map(json)).pretty : reports.map(text).joined(separator: "\n"))
    let errors = reports.reduce(0) { $0 + $1.errors.count }
    let warnings = strictness.strict ? reports.reduce(0) { $0 + $1.warnings.count } : 0
    if errors + warnings > 0 { throw DataFailure(errors: errors, warnings: warnings) }
  }

  private func specs(_ workspace: Workspace) throws -> [DatasetSpec] {
    let known = workspace.registry.datasets
    if datasets.isEmpty {
      return try Plan.datasets(of: workspace.tables, in: workspace.registry).compactMap { known[$0] }
    }
    return try datasets.map { name in
      guard let spec = known[name] else {
        throw RegistryError.brokenReference(
          file: "datasets", path: "--dataset", value: name, allowed: known.keys.sorted())
      }
      return spec
    }
  }

  private func text(_ report: DataReport) -> String {
    let all = max(1, report.classPixels.reduce(report.ignoredPixels, +))
    var text = "\(report.dataset): \(report.imageCount) images, "
    text +=
      report.errors.isEmpty ? "fingerprint \(report.fingerprintText)\n" : "\(report.errors.count) errors\n"
    for error in report.errors { text += "  error: \(TerminalText.line("\(error)"))\n" }
    for warning in report.warnings { text += "  warning: \(TerminalText.line(warning))\n" }
    for note in report.notes { text += "  note: \(TerminalText.line(note))\n" }
    var rows = zip(report.classNames, report.classPixels).map { name, pixels in
      ["  \(name)", String(format: "%6.2f %%", 100 * Double(pixels) / Double(all))]
    }
    rows.append(["  (ignored)", String(format: "%6.2f %%", 100 * report.ignoredFraction)])
    return text + Console.columns(rows)
  }

  private func json(_ report: DataReport) -> JSONValue {
    .object([
      "dataset": .string(report.dataset), "images": .int(report.imageCount),
      "fingerprint": report.errors.isEmpty ? .string(report.fingerprintText) : .null,
      "errors": .array(report.errors.map { .string($0.description) }),
      "warnings": .array(report.warnings.map { .string($0) }),
      "notes": .array(report.notes.map { .string($0) }),
      "ignored_pixels": .int(report.ignoredPixels), "unmatched_pixels": .int(report.unmatchedPixels),
      "classes": .array(
        zip(report.classNames, report.classPixels).map { name, pixels in
          .object(["name": .string(name), "pixels": .int(pixels)])
        }),
    ])
  }
}
