import ArgumentParser
import Benchmarks
import Experiments
import Runner

struct BenchFrameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frame", abstract: "Times the evaluation of one image by sliding windows.",
    discussion: """
      Windows of --crop go through the network, with the stride and the boundary window of the recipe; their scores are \
      up-sampled, averaged where they overlap, and every metric is counted. The JSON's `rows` and `columns` say where \
      windows begin, `counted` what is counted.

      Example: jml bench frame --model deeplabv3_resnet18d --size 1024x2048 --crop 512x1024 --steps 3 --json
      """)

  @OptionGroup var network: BenchNetworkOptions

  @Option(help: "Height x width of the image, pixels.")
  var size = BenchSize(height: 1024, width: 2048)

  @Option(help: "Height x width of a window, pixels.")
  var crop = BenchSize(height: 512, width: 1024)

  @OptionGroup var options: BenchOptions

  func validate() throws {
    try size.check("--size", 16...8192)
    try crop.check("--crop", 16...8192)
    guard crop.height <= size.height, crop.width <= size.width else {
      throw ValidationError("--crop \(crop.text): a window no larger than the image, --size \(size.text)")
    }
  }

  func run() throws {
    try options.report {
      let registry = try network.files.registry()
      return try FrameBenchmark(
        model: try network.model(in: registry), recipe: try network.recipe(in: registry),
        precision: network.precision, classes: network.classes, size: size.pair, crop: crop.pair
      ).run(try options.repeats())
    }
  }
}
