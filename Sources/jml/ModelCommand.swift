import ArgumentParser
import Autograd
import Experiments
import JSON
import Models
import Runner
import Tables
import Tensors

struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Describes, measures and runs the networks, and moves their weights.",
    subcommands: [
      ModelListCommand.self, ModelDescribeCommand.self, ModelMeasureCommand.self, ModelImportCommand.self,
      ModelExportCommand.self, ModelForwardCommand.self,
    ])
}

/// What every `jml model` verb needs to make a network.
struct ModelOptions: ParsableArguments {
  @Option(help: "Classes.")
  var classes = 19

  @OptionGroup var files: RegistryOption

  func validate() throws {
    guard (2...254).contains(classes) else {
      throw ValidationError("--classes \(classes): 2 to 254 are allowed")
    }
  }

  /// - Throws: `RegistryError.brokenReference`.
  func spec(_ name: String) throws -> ModelSpec {
    let models = try files.registry().models
    guard let spec = models[name] else {
      throw RegistryError.brokenReference(
        file: "models", path: "--model", value: name, allowed: models.keys.sorted())
    }
    return spec
  }

  /// - Parameter seed: nil for a network whose values are about to be overwritten.
  func network(_ spec: ModelSpec, seed: UInt64?) -> SegmentationModel {
    SegmentationModel(Assembly.architecture(spec), classes: classes, seed: seed)
  }
}

/// Height x width, such as 512x1024.
struct ImageSize: ExpressibleByArgument, CustomStringConvertible {
  let height: Int
  let width: Int

  init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let height = parts[0], let width = parts[1], (32...8192).contains(height),
      (32...8192).contains(width)
    else { return nil }
    self.height = height
    self.width = width
  }

  var description: String { "\(height)x\(width)" }
}

/// One network's sizes, counted from its architecture.
struct ModelDescription {
  let spec: ModelSpec
  let model: SegmentationModel
  let size: ImageSize
  let counts: OperationCounts

  init(_ spec: ModelSpec, _ options: ModelOptions, size: ImageSize) throws {
    if case .unet = spec.decoder, size.height % 32 != 0 || size.width % 32 != 0 {
      Console.error("--size \(size): \(spec.name) needs multiples of 32")
      throw ExitCode(64)
    }
    self.spec = spec
    self.size = size
    model = options.network(spec, seed: nil)
    counts = model.operationCounts(height: size.height, width: size.width)
  }

  var members: [String: JSONValue] {
    [
      "name": .string(spec.name), "parameters": .int(model.parameterCount), "macs": .int(counts.multiplyAdds),
      "classes": .int(model.classes), "height": .int(size.height), "width": .int(size.width),
      "backbone": .string(spec.backbone.rawValue), "output_stride": .int(spec.outputStride),
      "parameter_tensors": .int(model.parameters.count),
      "buffers": .int(model.buffers.reduce(0) { $0 + $1.value.shape.count }),
      "operations": .object([
        "convolution": .int(counts.convolution), "dense": .int(counts.dense),
        "attention": .int(counts.attention), "batch_norm_elements": .int(counts.batchNormElements),
        "layer_norm_elements": .int(counts.layerNormElements),
        "upsampled_elements": .int(counts.upsampledElements), "pooled_elements": .int(counts.pooledElements),
      ]),
    ]
  }
}

struct ModelListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the networks with their parameters and multiply-adds.",
    discussion: """
      Multiply-adds are counted for one image of --size, auxiliary head included, in fvcore's conventions.

      Example: jml model list --json
      """)

  @OptionGroup var options: ModelOptions

  @Option(help: "Height x width of the image that is counted for, pixels.")
  var size = ImageSize(height: 512, width: 1024)

  @Flag(help: "Print JSON: an array with one object a network.")
  var json = false

  func run() throws {
    let specs = try options.files.registry().models.sorted { $0.key < $1.key }.map(\.value)
    var rows = [["name", "parameters (M)", "multiply-adds (G)", "output stride"]]
    var objects: [JSONValue] = []
    for spec in specs {
      let description = try ModelDescription(spec, options, size: size)
      objects.append(.object(description.members))
      rows.append([
        spec.name, truncated(description.model.parameterCount, unit: 1_000_000),
        truncated(description.counts.multiplyAdds, unit: 1_000_000_000), String(spec.outputStride),
      ])
      MemoryPool.trim()
    }
    if json { Console.out(.array(objects)) } else { Console.out(Console.columns(rows)) }
  }
}

struct ModelDescribeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Prints one network: sizes, and every tensor with its shape.",
    discussion: "Example: jml model describe segformer_mit_b0 --json")

  @Argument(help: "A model of the experiment files.")
  var name: String

  @OptionGroup var options: ModelOptions

  @Option(help: "Height x width of the image that is counted for, pixels.")
  var size = ImageSize(height: 512, width: 1024)

  @Flag(help: "Print JSON: an array with one object.")
  var json = false

  func run() throws {
    let description = try ModelDescription(try options.spec(name), options, size: size)
    let model = description.model
    let tensors =
      model.parameters.map { ("parameter", $0.name, $0.shape) }
      + model.buffers.map { ("buffer", $0.name, $0.value.shape) }
    if json {
      var members = description.members
      members["tensors"] = .array(
        tensors.map { kind, name, shape in
          .object([
            "kind": .string(kind), "name": .string(name),
            "shape": .array(shape.dimensions.map { .int($0) }),
          ])
        })
      Console.out(.array([.object(members)]))
      return
    }
    let counts = description.counts
    Console.out(
      """
      \(name): \(model.parameterCount) parameters, \(counts.multiplyAdds) multiply-adds for \
      \(size.height) x \(size.width) pixels and \(model.classes) classes
      convolutions \(counts.convolution), dense layers \(counts.dense), attention \(counts.attention)

      """)
    Console.out(Console.columns(tensors.map { [$0.0, $0.2.description, $0.1] }))
  }
}
