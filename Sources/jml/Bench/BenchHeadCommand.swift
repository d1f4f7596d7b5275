import ArgumentParser
import Benchmarks
import Experiments
import Runner

struct BenchHeadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "head", abstract: "Times up-sampling, loss and gradient from a network's small logits.",
    discussion: """
      Example: jml bench head --batch 8 --classes 19 --small 64x128 --full 512x1024 --json
      """)

  @Option(help: "Images a step.")
  var batch = 8

  @Option(help: "Classes.")
  var classes = 19

  @Option(help: "Height x width of the logits, pixels.")
  var small = BenchSize(height: 64, width: 128)

  @Option(help: "Height x width of the labels, pixels.")
  var full = BenchSize(height: 512, width: 1024)

  @Option(help: "ce, jml (cross entropy and Jaccard), or a loss of the experiment files.")
  var loss = "jml"

  @Option(help: "Labels of the experiment files.")
  var label = "hard"

  @OptionGroup var options: BenchOptions

  @OptionGroup var files: RegistryOption

  func validate() throws {
    try BenchCheck.range(batch, "--batch", 1...1024)
    try BenchCheck.range(classes, "--classes", 2...254)
    try small.check("--small", 1...8192)
    try full.check("--full", 1...8192)
  }

  func run() throws {
    try options.report {
      let registry = try files.registry()
      let label = try BenchCheck.named(self.label, registry.labels, "--label")
      return try HeadBenchmark(
        loss: try BenchCheck.loss(loss, registry).spec(for: label),
        label: label, batch: batch, classes: classes, small: small.pair, full: full.pair
      ).run(try options.repeats())
    }
  }
}
