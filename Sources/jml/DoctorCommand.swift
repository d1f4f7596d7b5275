import ArgumentParser
import JSON
import Runner

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks machine, libraries, experiment files, data and the results folder.",
    discussion: "Example: jml doctor --data /datasets --profile paper")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var strictness: StrictOption

  func run() throws {
    let findings = Doctor(options.options(strict: strictness.strict)).findings()
    let failed = findings.contains { $0.verdict == .failure }
    if options.json {
      Console.out(
        .object([
          "ok": .bool(!failed),
          "findings": .array(
            findings.map {
              .object([
                "name": .string($0.name), "verdict": .string($0.verdict.rawValue), "text": .string($0.text),
              ])
            }),
        ]))
    } else {
      Console.out(Console.columns(findings.map { [$0.verdict.rawValue, $0.name, $0.text] }))
    }
    if failed { throw ExitCode(1) }
  }
}
