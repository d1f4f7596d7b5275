import ArgumentParser
import Experiments
import Foundation
import JSON
import Models
import Results
import Runner
import Tensors
import Weights

/// How the names of a weight file are read, and what may not fit.
struct WeightOptions: ParsableArguments {
  @Option(
    name: .customLong("allow"),
    help: "A name that may be missing, left over, or of another shape; may be repeated.")
  var allowed: [String] = []

  @Option(
    help: ArgumentHelp(
      "Taken from every name of the weight file that begins with it, such as 'encoder.'.", valueName: "text"))
  var stripPrefix: String?

  func validate() throws {
    if stripPrefix == "" { throw ValidationError("--strip-prefix is empty") }
  }

  /// Fills `model`; what is not in the file keeps its initial value.
  ///
  /// - Parameter networks: those that the file may be of instead, of as many classes.
  func load(
    _ path: String, into model: SegmentationModel, named name: String, networks: ModelOptions
  ) throws -> WeightImport {
    var file = try WeightFile(reading: URL(fileURLWithPath: path))
    if let stripPrefix { file = try file.stripping(stripPrefix) }
    let plan = WeightImport(file, into: model, scope: WeightImport.scope(of: file), allowing: allowed)
    let others = try networks.files.registry().models.sorted { $0.key < $1.key }.filter { $0.key != name }
    try plan.apply(
      to: model, named: name,
      others: others.map { key, spec in { KnownNetwork(key, networks.network(spec, seed: nil)) } })
    return plan
  }
}

struct ModelImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Reads published weights into a network, and accounts for every name.",
    discussion: """
      Reads a backbone under its publisher's names (timm: resnet18d, resnet50d, resnet101d, mobilenetv2_100; SegFormer:
      mit_b0 to mit_b5, also under the transformers library's names) or a whole network under the authors' names.
      Missing, unexpected and misshapen tensors are an error, unless allowed by name. The classifier of an ImageNet
      network and counts of batches are known to have no place. Values may be F32, F16 or BF16. Names of models that
      were wrapped lose the wrapper's with --strip-prefix; 'module.' in front is taken off anyway. What is written
      with --output has the authors' names, and a run takes it for its recipe.backbone_weights.

      Examples: jml model import deeplabv3_resnet18d --weights resnet18d.safetensors --output start.safetensors
                jml model import segformer_mit_b0 --weights wrapped.safetensors --strip-prefix encoder.
      """)

  @Argument(help: "A model of the experiment files.")
  var name: String

  @OptionGroup var options: ModelOptions

  @Option(help: "Weights: .safetensors, or .h5 with /weights and /buffers (a finished run's tensors.h5).")
  var weights: String

  @OptionGroup var source: WeightOptions

  @Option(help: "Seed of the values that the file does not have.")
  var seed: UInt64 = 0

  @Option(help: "Where to write the whole network: .safetensors or .h5. Default: only check.")
  var output: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let model = options.network(try options.spec(name), seed: seed)
    let plan = try source.load(weights, into: model, named: name, networks: options)
    if let output { try ModelExportCommand.write(model, to: output, named: name) }
    guard json else {
      Console.out(
        "\(weights) into \(name) (\(plan.scope.rawValue)): \(plan.loaded.count) tensors loaded, "
          + "\(plan.ignored.count) ignored\n")
      let counters = plan.ignored.filter { $0.hasSuffix("num_batches_tracked") }
      for name in plan.ignored where !counters.contains(name) { Console.out("ignored  \(name)\n") }
      if !counters.isEmpty {
        Console.out("ignored  \(counters.count) counts of batches (*.num_batches_tracked)\n")
      }
      return
    }
    let list = { (names: [String]) in JSONValue.array(names.map { .string($0) }) }
    Console.out(
      .object([
        "model": .string(name), "scope": .string(plan.scope.rawValue), "loaded": list(plan.loaded),
        "ignored": list(plan.ignored), "missing": list(plan.missing), "unexpected": list(plan.unexpected),
        "mismatched": list(plan.mismatched.map(\.name)),
        "sha256": .string(try FileHash.sha256(of: URL(fileURLWithPath: weights))),
        "output": output.map { .string($0) } ?? .null,
      ]))
  }
}

struct ModelExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a whole network as safetensors or HDF5.",
    discussion: """
      Names are the authors'. Without --weights the network has the initial values of --seed.

      Example: jml model export pspnet_resnet18d --weights results/mini/runs/<id>/tensors.h5 --output psp.safetensors
      """)

  @Argument(help: "A model of the experiment files.")
  var name: String

  @OptionGroup var options: ModelOptions

  @Option(help: "Weights: .safetensors, or .h5 with /weights and /buffers (a finished run's tensors.h5).")
  var weights: String?

  @OptionGroup var source: WeightOptions

  @Option(help: "Seed of the values that no file gives.")
  var seed: UInt64 = 0

  @Option(help: "Where to write: .safetensors or .h5.")
  var output: String

  func run() throws {
    let model = options.network(try options.spec(name), seed: seed)
    if let weights { _ = try source.load(weights, into: model, named: name, networks: options) }
    try ModelExportCommand.write(model, to: output, named: name)
  }

  static func write(_ model: SegmentationModel, to path: String, named name: String) throws {
    let url = URL(fileURLWithPath: path)
    try AtomicFile.write(try WeightFile.image(model, for: url, name: name), to: url)
    Console.say("wrote \(path)")
  }
}
