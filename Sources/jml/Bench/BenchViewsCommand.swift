import ArgumentParser
import Benchmarks
import Runner

struct BenchViewsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "views",
    abstract: "Times strong views of a picture: blur, colours, hue, sharpness and the like.",
    discussion: """
      On one thread. A repeat makes thirty views of one to three operations each; the JSON's `operations` names \
      them.

      Example: jml bench views --size 512x512 --steps 10 --json
      """)

  @Option(help: "Height x width, pixels.")
  var size = BenchSize(height: 512, width: 512)

  @OptionGroup var options: BenchOptions

  func validate() throws {
    try size.check("--size", 1...8192)
    guard (options.threading.threads ?? 1) == 1 else {
      throw ValidationError("--threads: a view is made on one thread")
    }
  }

  func run() throws {
    try options.report {
      let repeats = try options.repeats()
      return ViewsBenchmark(size: size.pair).run(
        Repeats(warmUp: repeats.warmUp, count: repeats.count, threads: 1, progress: repeats.progress))
    }
  }
}
