import ArgumentParser
import Benchmarks
import Runner

struct BenchLabelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "labels", abstract: "Times boundary label smoothing of a batch's labels.",
    discussion: """
      A mask of the pixels to smooth is all that a training step needs; --form dense expands it to class \
      distributions, [batch, classes, height, width], as frameworks do.

      Example: jml bench labels --batch 8 --size 512x1024 --kernel 3 --json
      """)

  @Option(help: "mask or dense.")
  var form = LabelsBenchmark.Form.mask

  @Option(help: "Images.")
  var batch = 8

  @Option(help: "Classes.")
  var classes = 19

  @Option(help: "Height x width, pixels.")
  var size = BenchSize(height: 512, width: 1024)

  @Option(help: "Side of the window, an odd number of pixels.")
  var kernel = 3

  @OptionGroup var options: BenchOptions

  func validate() throws {
    try BenchCheck.range(batch, "--batch", 1...1024)
    try BenchCheck.range(classes, "--classes", 2...254)
    try size.check("--size", 1...8192)
    guard (1...255).contains(kernel), kernel % 2 == 1 else {
      throw ValidationError("--kernel \(kernel): odd numbers from 1 to 255 are allowed")
    }
  }

  func run() throws {
    try options.report {
      try LabelsBenchmark(form: form, batch: batch, classes: classes, size: size.pair, kernel: kernel).run(
        try options.repeats())
    }
  }
}

extension LabelsBenchmark.Form: ExpressibleByArgument {}
