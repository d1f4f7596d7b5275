import ArgumentParser
import Autograd
import Experiments
import Foundation
import HDF5
import Kernels
import Models
import Results
import Runner
import Tensors
import Weights

struct ModelForwardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward", abstract: "Runs a network on images of a file.",
    discussion: """
      Reads /image [B, 3, H, W], normalised, and writes the class scores /logits and /aux_logits [B, classes, H, W],
      up-sampled to the images' size, in evaluation mode. Without --weights the network has the initial values of
      --seed.

      Example: jml model forward segformer_mit_b0 --weights b0.safetensors --input in.h5 --output out.h5
      """)

  @Argument(help: "A model of the experiment files.")
  var name: String

  @OptionGroup var options: ModelOptions

  @Option(help: "Weights: .safetensors, or .h5 with /weights and /buffers (a finished run's tensors.h5).")
  var weights: String?

  @OptionGroup var source: WeightOptions

  @Option(help: "Seed of the values that no file gives.")
  var seed: UInt64 = 0

  @Option(help: "HDF5 file with /image.")
  var input: String

  @Option(help: "HDF5 file to write.")
  var output: String

  @OptionGroup var threading: ThreadsOption

  func run() throws {
    _ = try threading.adopted()
    let spec = try options.spec(name)
    let images = try ModelForwardCommand.images(input, spec)
    let model = options.network(spec, seed: seed)
    if let weights { _ = try source.load(weights, into: model, named: name, networks: options) }
    let logits = model(Variable(constant: images), .evaluation())
    let writer = try HDF5Writer(name: output)
    try writer.write(attribute: name, named: "model")
    for (dataset, scores) in [("logits", Optional(logits.main)), ("aux_logits", logits.auxiliary)] {
      guard let scores = scores?.value else { continue }
      let full = Resize.forward(scores, height: images.shape[2], width: images.shape[3])
      try writer.write(floats: full.values, shape: full.shape.dimensions, at: dataset)
    }
    try AtomicFile.write(try writer.image(), to: URL(fileURLWithPath: output))
    Console.say("wrote \(output)")
  }

  /// - Throws: exit code 65 after the error has been printed.
  private static func images(_ path: String, _ spec: ModelSpec) throws -> Tensor {
    try TensorFile.reading {
      let file = try TensorFile(path)
      let shape = try file.shape("image", axes: "BCHW")
      let multiple = if case .unet = spec.decoder { 32 } else { 1 }
      guard shape[1] == 3, shape[2] >= 32, shape[3] >= 32, shape[2] % multiple == 0, shape[3] % multiple == 0
      else {
        throw TensorFileError.badShape(
          path: path, dataset: "image", found: shape,
          wanted: "[B, 3, H, W] with H and W "
            + (multiple > 1 ? "in multiples of 32 for \(spec.name)" : "of at least 32"))
      }
      let values = try file.file.floats("image")
      try file.checkFinite("image", values, shape)
      return Tensor(values, shape: Shape(shape))
    }
  }
}
