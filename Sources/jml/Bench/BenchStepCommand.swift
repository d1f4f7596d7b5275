import ArgumentParser
import Benchmarks
import Experiments
import MessagePassing
import Ranks
import Runner

struct BenchStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Times one training step on random images.",
    discussion: """
      seconds_per_step is the median after the warm-up; peak_memory_bytes is the process's largest resident size. \
      GFLOP/s count convolutions, dense layers and attention by their definition: algorithms that need fewer products can \
      exceed the machine. The roofline sets arithmetic and bytes that have to move beside the machine's peaks.

      Examples:
        jml bench step --model deeplabv3_resnet18d --batch 4 --crop 256x512 --classes 19 --loss jml --json
        jml bench step --model pspnet_resnet18d --sweep threads=1,2
      """)

  @OptionGroup var network: BenchNetworkOptions

  @Option(help: "Images a step.")
  var batch = 4

  @Option(help: "Height x width, pixels.")
  var crop = BenchSize(height: 256, width: 512)

  @Option(help: "ce, jml (cross entropy and Jaccard), or a loss of the experiment files.")
  var loss = "jml"

  @Option(help: "Labels of the experiment files.")
  var label = "hard"

  @Option(help: "A model of the experiment files to distil from.")
  var teacher: String?

  @Option(help: "How to distil, if there is a teacher.")
  var distillation = "jml_kd"

  @Option(
    help:
      "A semi-supervised method of the experiment files; --batch images come labelled and as many unlabelled."
  )
  var semiSupervised: String?

  @OptionGroup var recompute: RecomputeOption

  @Flag(
    help:
      "As one of the processes that mpirun has started, which share the images; --threads are those of each.")
  var mpi = false

  @OptionGroup var options: BenchOptions

  func validate() throws {
    try BenchCheck.range(batch, "--batch", 2...1024)
    try crop.check("--crop", 16...8192)
    if teacher != nil, semiSupervised != nil {
      throw ValidationError("--teacher and --semi-supervised are two kinds of steps; name one")
    }
    if mpi, semiSupervised != nil || options.sweep != nil {
      throw ValidationError("--mpi goes with neither --semi-supervised nor --sweep")
    }
  }

  func run() throws {
    guard mpi else { return try options.report { try measure(nil) } }
    let ranks = try MessagePassing.start()
    do {
      let report = try measure(ranks)
      if ranks.rank == 0 { try options.report { report } }
    } catch {
      Console.error("rank \(ranks.rank): \(error)")
      MessagePassing.abort(ExitCodes.code(of: error))
    }
    MessagePassing.end()
  }

  private func measure(_ ranks: (any Communicator)?) throws -> BenchmarkReport {
    let registry = try network.files.registry()
    let label = try BenchCheck.named(self.label, registry.labels, "--label")
    let teaching = try teacher.map {
      StepBenchmark.Teaching(
        teacher: try BenchCheck.named($0, registry.models, "--teacher"),
        distillation: try BenchCheck.named(distillation, registry.distillations, "--distillation"))
    }
    let loss = try BenchCheck.loss(loss, registry).spec(for: label)
    if let teaching, loss.jaccard == nil,
      teaching.distillation.terms.contains(where: { $0.kind == "jaccard" })
    {
      throw ValidationError(
        "--loss \(self.loss) has no Jaccard term, which --distillation \(distillation) distils")
    }
    return try StepBenchmark(
      model: try network.model(in: registry), loss: loss,
      label: label, teaching: teaching,
      semiSupervised: try semiSupervised.map {
        try BenchCheck.named($0, registry.semiSupervised, "--semi-supervised")
      }, recipe: try network.recipe(in: registry),
      precision: network.precision, batch: batch, cropHeight: crop.height, cropWidth: crop.width,
      classes: network.classes,
      recomputesActivations: recompute.recomputeActivations
    ).run(try options.repeats(isQuiet: (ranks?.rank ?? 0) != 0), ranks: ranks)
  }
}
