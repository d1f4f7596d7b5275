import ArgumentParser
import Benchmarks

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures speed.",
    discussion: """
      Times are medians over repeats after a warm-up. Shares of the machine's speed are shares of what a large matrix \
      product reaches on the same threads.

      Examples:
        jml bench step --model deeplabv3_resnet50d --crop 256x512
        jml bench step --sweep batch=2,4,8
        jml bench frame --model deeplabv3_resnet18d
        jml bench head --json
        jml bench wait --profile mini
        jml bench start
        jml bench suite --profile mini
      """,
    subcommands: [
      BenchStepCommand.self, BenchFrameCommand.self, BenchHeadCommand.self, BenchLabelsCommand.self,
      BenchMetricsCommand.self, BenchLoaderCommand.self, BenchViewsCommand.self, BenchWaitCommand.self,
      BenchStartCommand.self, BenchSuiteCommand.self,
    ])
}
