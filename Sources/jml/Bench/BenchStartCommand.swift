import ArgumentParser
import Benchmarks
import Experiments
import Foundation
import Runner

struct BenchStartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Times jml train from its start to the end of its first step.",
    discussion: """
      Each repeat is a process of `jml train --spec FILE` that begins the run anew on data that was checked before, and stops \
      after a step. `by_kind` is what the time is made of: loading the program and its libraries; reading the frozen run and the \
      experiment files, and looking at the data; making the network; waiting for the first batch; the first step. The network \
      starts from random values also where the plan has a trained backbone, which need not be there.

      Example: jml bench start --profile mini --steps 9 --json
      """)

  @OptionGroup var which: BenchRunOptions

  @OptionGroup var options: BenchOptions

  func run() throws {
    try options.report {
      let workspace = try which.workspace()
      let spec = try which.spec(in: workspace)
      _ = try which.data(of: spec, in: workspace)
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "jml-start-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      return try StartBenchmark(spec, command: command, folder: folder).run(
        try options.repeats(isQuiet: true))
    }
  }

  /// As somebody would type it, but for what the benchmark adds.
  private var command: [String] {
    var command = [ProjectLocation.executable.path, "train", "--profile", which.profile]
    for (name, value) in [("--data", which.data), ("--experiments", which.files.experiments)] {
      if let value { command += [name, value] }
    }
    return command
  }
}
