import ArgumentParser
import Benchmarks
import Experiments
import Runner

struct BenchFrameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frame", abstract: "Times the evaluation of one image by sliding windows.",
    discussion: """
      Windows of --crop go through the network, with the recipe's stride; their scores are up-sampled, averaged where they \
      overlap, and every metric is counted. The JSON's `rows` and `columns` say where windows begin, `counted` what is counted.

      Example: jml bench frame --model deeplabv3_resnet18d --size 1024x2048 --crop 512x1024 --steps 3 --json
      """)

  @Option(help: "A model of the experiment files.")
  var model = "deeplabv3_resnet18d"

  @Option(help: "Height x width of the image, pixels.")
  var size = BenchSize(height: 1024, width: 2048)

  @Option(help: "Height x width of a window, pixels.")
  var crop = BenchSize(height: 512, width: 1024)

  @Option(help: "Classes.")
  var classes = 19

  @Option(help: "A recipe of the experiment files, whose stride and boundary window count.")
  var recipe = "sgd_cityscapes"

  @Option(help: "float32 or bfloat16. Default: the recipe's.")
  var precision: RecipeSpec.Precision?

  @OptionGroup var options: BenchOptions

  @Option(help: "Folder with the experiment files. Default: ./experiments, else the source checkout's.")
  var experiments: String?

  func validate() throws {
    try BenchCheck.range(classes, "--classes", 2...254)
    try size.check("--size", 16...8192)
    try crop.check("--crop", 16...8192)
    guard crop.height <= size.height, crop.width <= size.width else {
      throw ValidationError("--crop \(crop.text): a window no larger than the image, --size \(size.text)")
    }
  }

  func run() throws {
    try options.report {
      let registry = try Registry.load(experiments)
      return try FrameBenchmark(
        model: try BenchCheck.named(model, registry.models, "--model"),
        recipe: try BenchCheck.named(recipe, registry.recipes, "--recipe"), precision: precision,
        classes: classes, size: size.pair, crop: crop.pair
      ).run(try options.repeats())
    }
  }
}
