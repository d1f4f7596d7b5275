import ArgumentParser
import Experiments
import Foundation
import Regression
import Runner

struct RegressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "regress",
    abstract: "Trains a subset of the tables anew and compares it with its reference.",
    discussion: """
      docs/nightly.md says what the tests can see.

      Examples: jml regress
                jml regress accept mini --reason "random scaling as in the paper"
                jml regress history
                jml regress power mini
      """,
    subcommands: [
      RegressRunCommand.self, RegressAcceptCommand.self, RegressHistoryCommand.self, RegressPowerCommand.self,
    ],
    defaultSubcommand: RegressRunCommand.self)
}

/// Where references and the history of nights lie.
struct ReferenceOptions: ParsableArguments {
  @Option(help: "Folder of the references, <name>.json, and of the history of nights.")
  var references = "results/regression"

  @OptionGroup var files: RegistryOption

  func validate() throws {
    try FolderName.check(references, "--references")
  }

  var folder: URL { URL(fileURLWithPath: references) }

  var history: NightHistory { NightHistory(folder: folder.appendingPathComponent("history")) }

  /// - Throws: `RegistryError.brokenReference` for a subset that no file declares.
  func spec(_ name: String, _ registry: Registry) throws -> RegressionSpec {
    guard let spec = registry.regressions[name] else {
      throw RegistryError.brokenReference(
        file: "regression", path: "--name", value: name, allowed: registry.regressionNames)
    }
    try spec.check(in: registry)
    return spec
  }

  func workspace(
    _ spec: RegressionSpec, data: String? = nil, results: String? = nil, overrides: [String] = []
  ) -> Workspace.Options {
    Workspace.Options(
      experiments: files.experiments, profile: spec.profile, tables: spec.tables.map(\.table), data: data,
      results: results, overrides: overrides, threads: spec.threads)
  }
}

/// Today's date and the time, UTC.
enum WorldClock {
  static var now: String { Date().formatted(.iso8601) }
  static var today: String { String(now.prefix(10)) }
}
