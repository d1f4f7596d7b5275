import ArgumentParser
import Benchmarks
import Experiments
import Foundation
import JSON
import Runner

struct BenchSuiteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suite", abstract: "Estimates the hours of all planned runs from a few steps of each kind.",
    discussion: """
      Each kind of step (model, teacher, method, batch, crop, classes) is measured once. Hours are given for each profile, and \
      for each of its tables by itself, in which runs that tables share count each time. Steps with more than --pixels pixels \
      are measured with fewer or smaller images and extrapolated by their pixels. Counted are training steps of one \
      run after the other on all threads; reading data and evaluation come on top.

      With --before, hours stand beside those of an earlier output; with --after too, nothing is measured.

      Examples:
        jml bench suite --profile mini --json > before.json
        jml bench suite --profile mini --before before.json
        jml bench suite --before before.json --after after.json
      """)

  @Option(name: .customLong("table"), help: "Table by number or name; may be repeated. Default: every table.")
  var tables: [String] = []

  @Option(help: "smoke, mini or paper; may be repeated. Default: every profile.")
  var profile: [String] = []

  @Option(help: "Steps that are timed, of each kind.")
  var steps = 3

  @Option(help: "Steps before, not timed.")
  var warmUp = 1

  @Option(help: "Pixels of the largest step that is measured as it is.")
  var pixels = 1 << 19

  @OptionGroup var threading: ThreadsOption

  @OptionGroup var files: RegistryOption

  @Flag(help: "Print JSON.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "An earlier output of this command with --json, to compare with: hours before and after.",
      valueName: "file"))
  var before: String?

  @Option(
    help: ArgumentHelp(
      "With --before: an output to compare it with; nothing is measured then.", valueName: "file"))
  var after: String?

  func validate() throws {
    try BenchCheck.range(steps, "--steps", 1...1000)
    try BenchCheck.range(warmUp, "--warm-up", 0...1000)
    try BenchCheck.range(pixels, "--pixels", 1 << 12...1 << 28)
    if after != nil, before == nil {
      throw ValidationError("--after: --before names the file to compare it with")
    }
  }

  func run() throws {
    // Before hours of measuring.
    let earlier = try before.map { try SuiteRecord(reading: URL(fileURLWithPath: $0)) }
    if let earlier, let after {
      let comparison = compared(earlier, try SuiteRecord(reading: URL(fileURLWithPath: after)))
      if json { Console.out(.object(["comparison": comparison.json])) }
      return
    }
    let document = try measured()
    let comparison = try earlier.map { compared($0, try SuiteRecord(document)) }
    guard json, case .object(var members) = document else { return }
    if let comparison { members["comparison"] = comparison.json }
    Console.out(.object(members))
  }

  private func compared(_ before: SuiteRecord, _ after: SuiteRecord) -> SuiteComparison {
    let comparison = SuiteComparison(before: before, after: after)
    for notice in comparison.notices { Console.say(notice) }
    if !json { Console.out(BenchSuiteText.text(comparison)) }
    return comparison
  }

  /// All profiles, printed one after the other unless JSON is wanted.
  private func measured() throws -> JSONValue {
    let registry = try files.registry()
    let names = try Workspace.names(tables, registry)
    let threads = try threading.adopted()
    var profiles: [String: JSONValue] = [:]
    for profile in profile.isEmpty ? registry.profileNames : profile {
      let suite = try SuiteBenchmark(
        registry: registry, tables: names, profile: profile, maximumPixels: pixels)
      let estimates = try suite.run(Repeats(warmUp: warmUp, count: steps, threads: threads)) { estimate in
        Console.say(
          "\(profile): \(estimate.work.title): \(BenchOptions.text(estimate.secondsPerStep)) a step")
      }
      profiles[profile] = BenchSuiteText.json(suite, estimates)
      if !json { Console.out(BenchSuiteText.text(profile, suite, estimates)) }
    }
    return .object([
      "tables": .array(names.map { .string($0) }), "profiles": .object(profiles),
      "threads": .int(threads), "cpu": .string(Machine.cpu),
      "versions": .object(Machine.versions.mapValues { .string($0) }),
    ])
  }
}
