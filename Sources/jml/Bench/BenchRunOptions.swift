import ArgumentParser
import Experiments
import Runner

/// Which run of the tables a benchmark is of: the first one of a plan that trains a network on labels, or on labels and
/// unlabelled pictures.
struct BenchRunOptions: ParsableArguments {
  @Option(help: "Scale of the experiments: smoke, mini or paper.")
  var profile = "mini"

  @Option(help: "Table by number or name.")
  var table = "4"

  @Option(help: "A data set of the experiment files.")
  var dataset = "cityscapes"

  @Option(help: "A model of the experiment files.")
  var model = "deeplabv3_resnet18d"

  @Option(help: "A semi-supervised method of the experiment files. Default: every image is labelled.")
  var semiSupervised: String?

  @Option(
    help:
      "Folder with real data (cityscapes/, VOCdevkit/, ...). Default: embedded data in data/embedded/<profile>."
  )
  var data: String?

  @OptionGroup var files: RegistryOption

  /// Where things lie, and which tables are planned.
  /// - Parameter data: in the place of `data`.
  func workspace(data other: String? = nil, results: String? = nil) throws -> Workspace {
    try Workspace(
      Workspace.Options(
        experiments: files.experiments, profile: profile, tables: [table], data: other ?? data,
        results: results,
        overrides: [], threads: nil))
  }

  /// The first run of the plan that is meant.
  /// - Throws: `ValidationError` when there is none, with what there is; what planning throws.
  func spec(in workspace: Workspace) throws -> RunSpec {
    let candidates = try workspace.planForReading().plan.runs.map(\.spec).filter {
      $0.distillation == nil && $0.firstStage == nil && $0.data.name != workspace.profile.pretraining?.dataset
    }
    let found = candidates.first {
      $0.data.name == dataset && $0.model.name == model && $0.semiSupervised?.name == semiSupervised
    }
    guard let found else {
      let there = candidates.map { spec in
        "\(spec.model.name) on \(spec.data.name)" + (spec.semiSupervised.map { " by \($0.name)" } ?? "")
      }
      throw ValidationError(
        "--table \(table) has no run without a teacher of \(model) on \(dataset)"
          + (semiSupervised.map { " by \($0)" } ?? "")
          + "; it has: \(Set(there).sorted().joined(separator: ", "))")
    }
    return found
  }

  /// Its data, made and checked if need be.
  func data(of spec: RunSpec, in workspace: Workspace) throws -> PreparedData {
    let dataset = try BenchCheck.named(spec.data.name, workspace.registry.datasets, "--dataset")
    return try workspace.preparation.prepare(dataset) { Console.reading($0, $1, $2) }
  }
}
