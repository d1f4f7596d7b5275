import ArgumentParser
import Benchmarks
import Experiments
import Foundation
import Runner

struct BenchLoaderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loader", abstract: "Times one training sample: decode, scale, mirror, crop, normalise.",
    discussion: """
      On one thread. Without --data, street scenes of 1024 x 2048 pixels are drawn once.

      Example: jml bench loader --crop 512x1024 --steps 50 --json
      """)

  @Option(help: "Height x width, pixels.")
  var crop = BenchSize(height: 512, width: 1024)

  @Option(help: "Folder with leftImg8bit/ and gtFine/. Default: drawn scenes in data/embedded/bench.")
  var data: String?

  @Option(help: "A recipe of the experiment files.")
  var recipe = "sgd_cityscapes"

  @OptionGroup var options: BenchOptions

  @OptionGroup var files: RegistryOption

  func validate() throws {
    try crop.check("--crop", 1...8192)
    guard (options.threading.threads ?? 1) == 1 else {
      throw ValidationError("--threads: a sample is made on one thread")
    }
  }

  func run() throws {
    try options.report {
      let registry = try files.registry()
      let folder = URL(fileURLWithPath: "data/embedded/bench")
      if data == nil { try LoaderBenchmark.drawScenes(below: folder) }
      let repeats = try options.repeats()
      return try LoaderBenchmark(
        recipe: try BenchCheck.named(recipe, registry.recipes, "--recipe"), crop: crop.pair,
        root: data ?? folder.path
      ).run(
        Repeats(warmUp: repeats.warmUp, count: repeats.count, threads: 1, progress: repeats.progress))
    }
  }
}
