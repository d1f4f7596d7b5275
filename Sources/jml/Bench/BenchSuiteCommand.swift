import ArgumentParser
import Benchmarks
import Experiments
import JSON
import Runner

struct BenchSuiteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suite", abstract: "Estimates the hours of all planned runs from a few steps of each kind.",
    discussion: """
      Each kind of step (model, teacher, batch, crop, classes) is measured once. Steps with more than --pixels pixels \
      are measured with fewer or smaller images and extrapolated by their pixels. Counted are training steps of one \
      run after the other on all threads; reading data and evaluation come on top.

      Example: jml bench suite --profile mini
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

  @Option(help: "Folder with the experiment files. Default: ./experiments, else the source checkout's.")
  var experiments: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try BenchCheck.range(steps, "--steps", 1...1000)
    try BenchCheck.range(warmUp, "--warm-up", 0...1000)
    try BenchCheck.range(pixels, "--pixels", 1 << 12...1 << 28)
  }

  func run() throws {
    let registry = try Registry.load(experiments)
    let names = try Workspace.names(tables, registry)
    let threads = try threading.adopted()
    var profiles: [String: JSONValue] = [:]
    for profile in profile.isEmpty ? registry.profileNames : profile {
      let suite = try SuiteBenchmark(
        registry: registry, tables: names, profile: profile, maximumPixels: pixels)
      let estimates = try suite.run(
        Repeats(warmUp: warmUp, count: steps, threads: threads)
      ) { estimate in
        Console.say(
          "\(profile): \(estimate.work.title): \(BenchOptions.text(estimate.secondsPerStep)) a step")
      }
      profiles[profile] = BenchSuiteCommand.json(estimates)
      if !json { Console.out(BenchSuiteCommand.text(profile, estimates)) }
    }
    if json {
      Console.out(
        .object([
          "tables": .array(names.map { .string($0) }), "profiles": .object(profiles),
          "threads": .int(threads), "cpu": .string(Machine.cpu),
          "versions": .object(Machine.versions.mapValues { .string($0) }),
        ]))
    }
  }

  private static func text(_ profile: String, _ estimates: [SuiteBenchmark.Estimate]) -> String {
    let rows = estimates.map { estimate in
      [
        estimate.work.title, "\(estimate.work.runs)", "\(estimate.work.iterations)",
        BenchOptions.text(estimate.secondsPerStep), hours(estimate.hours),
        estimate.isExtrapolated
          ? "extrapolated from \(estimate.batch)x\(estimate.cropHeight)x\(estimate.cropWidth)" : "measured",
      ]
    }
    let sum = estimates.reduce(0) { $0 + $1.hours }
    return "profile \(profile): \(hours(sum)) in all\n"
      + Console.columns([["step", "runs", "steps", "a step", "in all", "how"]] + rows) + "\n"
  }

  private static func hours(_ hours: Double) -> String {
    hours >= 48
      ? "\(Int((hours / 24).rounded())) days"
      : hours >= 1 ? "\((hours * 10).rounded() / 10) h" : BenchOptions.minutes(hours * 60)
  }

  private static func json(_ estimates: [SuiteBenchmark.Estimate]) -> JSONValue {
    .object([
      "hours": .number(estimates.reduce(0) { $0 + $1.hours }),
      "kinds": .array(
        estimates.map { estimate in
          .object([
            "model": .string(estimate.work.model.name),
            "teacher": estimate.work.teacher.map { .string($0.name) } ?? .null,
            "batch": .int(estimate.work.scale.batch),
            "crop": .string("\(estimate.work.scale.cropHeight)x\(estimate.work.scale.cropWidth)"),
            "classes": .int(estimate.work.classes), "runs": .int(estimate.work.runs),
            "iterations": .int(estimate.work.iterations),
            "seconds_per_step": .number(estimate.secondsPerStep), "hours": .number(estimate.hours),
            "measured_batch": .int(estimate.batch),
            "measured_crop": .string("\(estimate.cropHeight)x\(estimate.cropWidth)"),
            "measured_seconds": .array(estimate.measured.seconds.map { .number($0) }),
            "extrapolated": .bool(estimate.isExtrapolated),
          ])
        }),
    ])
  }
}

extension SuiteBenchmark.Work {
  fileprivate var title: String {
    "\(model.name)\(teacher.map { " from \($0.name)" } ?? "") "
      + "\(scale.batch)x\(scale.cropHeight)x\(scale.cropWidth), \(classes) classes"
  }
}

extension BenchOptions {
  fileprivate static func minutes(_ minutes: Double) -> String {
    "\((minutes * 10).rounded() / 10) min"
  }
}
