import ArgumentParser
import Experiments
import Foundation
import Runner

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures speed.", subcommands: [BenchStepCommand.self])
}

struct BenchStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Times one training step on random images.",
    discussion: """
      seconds_per_step is the median after the warm-up; peak_memory_bytes is the process's largest resident size.

      Example: jml bench step --model deeplabv3_resnet18d --batch 4 --crop 256x512 --classes 19 --loss jml --json
      """)

  @Option(help: "A model of the experiment files.")
  var model = "deeplabv3_resnet18d"

  @Option(help: "Images a step.")
  var batch = 4

  @Option(help: "Height x width, pixels.")
  var crop = "256x512"

  @Option(help: "Classes.")
  var classes = 19

  @Option(help: "ce, jml (cross entropy and Jaccard), or a loss of the experiment files.")
  var loss = "jml"

  @Option(help: "Labels of the experiment files.")
  var label = "hard"

  @Option(help: "A recipe of the experiment files.")
  var recipe = "sgd_cityscapes"

  @Option(help: "Steps that are timed.")
  var steps = 5

  @Option(help: "Steps before, not timed.")
  var warmUp = 2

  @OptionGroup var threading: ThreadsOption

  @Option(help: "Folder with the experiment files. Default: ./experiments, else the source checkout's.")
  var experiments: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (2...1024).contains(batch) else { throw ValidationError("--batch \(batch): 2 to 1024 are allowed") }
    guard (2...254).contains(classes) else {
      throw ValidationError("--classes \(classes): 2 to 254 are allowed")
    }
    guard (1...100_000).contains(steps) else { throw ValidationError("--steps \(steps): at least 1") }
    guard (0...100_000).contains(warmUp) else { throw ValidationError("--warm-up \(warmUp): at least 0") }
    _ = try cropSize()
  }

  private func cropSize() throws -> (height: Int, width: Int) {
    let parts = crop.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let height = parts[0], let width = parts[1], (16...8192).contains(height),
      (16...8192).contains(width)
    else { throw ValidationError("--crop \(crop): height x width such as 256x512, each 16 to 8192") }
    return (height, width)
  }

  func run() throws {
    let registry = try Registry(root: try ProjectLocation.experiments(experiments))
    let label = try named(self.label, registry.labels, "--label")
    let size = try cropSize()
    let benchmark = StepBenchmark(
      model: try named(model, registry.models, "--model"),
      loss: try named(loss == "jml" ? "ce_jml" : loss, registry.losses, "--loss").spec(for: label),
      label: label,
      recipe: try named(recipe, registry.recipes, "--recipe"), batch: batch, cropHeight: size.height,
      cropWidth: size.width, classes: classes, threads: threading.threads ?? Machine.cores, steps: steps,
      warmUp: warmUp)
    let result = try benchmark.run { step, seconds in
      Console.say(String(format: "step %d/%d: %.3f s", step, warmUp + steps, seconds))
    }
    guard json else {
      Console.out(
        String(
          format: "%.4f s a step, %.1f MiB resident, %.1f MiB in tensors\n", result.secondsPerStep,
          Double(result.peakMemoryBytes) / 0x1p20, Double(result.peakTensorBytes) / 0x1p20))
      for (kind, seconds) in result.byKind {
        Console.out(String(format: "%9.2f ms  %@\n", seconds * 1000, kind))
      }
      return
    }
    Console.out(
      .object([
        "seconds_per_step": .number(result.secondsPerStep),
        "seconds": .array(result.seconds.map { .number($0) }),
        "by_kind": .object(
          Dictionary(
            result.byKind.map { ($0.kind, .number($0.seconds)) }, uniquingKeysWith: { first, _ in first })),
        "peak_memory_bytes": .int(result.peakMemoryBytes), "peak_tensor_bytes": .int(result.peakTensorBytes),
        "model": .string(model), "batch": .int(batch), "crop_height": .int(size.height),
        "crop_width": .int(size.width), "classes": .int(classes), "loss": .string(loss),
        "threads": .int(benchmark.threads), "cpu": .string(Machine.cpu),
        "versions": .object(Machine.versions.mapValues { .string($0) }),
      ]))
  }

  private func named<Spec>(_ name: String, _ specs: [String: Spec], _ option: String) throws -> Spec {
    guard let spec = specs[name] else {
      throw RegistryError.brokenReference(
        file: "experiments", path: option, value: name, allowed: specs.keys.sorted())
    }
    return spec
  }
}
