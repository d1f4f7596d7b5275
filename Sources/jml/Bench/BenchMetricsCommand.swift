import ArgumentParser
import Benchmarks
import Runner

struct BenchMetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "Times what the evaluation counts of one image.",
    discussion: """
      The JSON's `counted` names the metrics that one pass serves.

      Example: jml bench metrics --classes 19 --size 1024x2048 --json
      """)

  @Option(help: "Classes.")
  var classes = 19

  @Option(help: "Height x width, pixels.")
  var size = BenchSize(height: 1024, width: 2048)

  @OptionGroup var options: BenchOptions

  func validate() throws {
    try BenchCheck.range(classes, "--classes", 2...254)
    try size.check("--size", 1...8192)
  }

  func run() throws {
    try options.report { try MetricsBenchmark(classes: classes, size: size.pair).run(try options.repeats()) }
  }
}
