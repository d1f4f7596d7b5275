import ArgumentParser
import Benchmarks
import Experiments
import Foundation
import Runner

struct BenchWaitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Times how long training steps wait for their data.",
    discussion: """
      Steps of a run of the tables, with its own batches from its own loader, in one thread beside the kernels' as in \
      jml train. `waited_share` is the time that steps waited, of their whole time, the warm-up left out; \
      `first_wait_seconds` is the wait for the first batch. `seconds_per_step_alone` is that of the same steps on one batch \
      again and again: what is more than that, the loader's thread has taken from the kernels'.

      Every sample is decoded each time, as in a first epoch, and the system is asked to forget the files before: \
      `page_cache_before` is the share of them that was in its cache all the same. --keep-samples and --keep-page-cache \
      leave either as it is in a run. A profile without embedded data has 16 street scenes of 1024 x 2048 drawn for it.

      Examples:
        jml bench wait --profile mini --steps 40
        jml bench wait --profile paper --steps 10 --json
        jml bench wait --table 11 --dataset pascal_voc_semi_supervised --semi-supervised augseg \
          --model deeplabv3plus_resnet101d_os16_mg124
      """)

  @OptionGroup var which: BenchRunOptions

  @Flag(help: "Keep decoded samples, as a run does.")
  var keepSamples = false

  @Flag(help: "Leave the files in the system's cache.")
  var keepPageCache = false

  @OptionGroup var options: BenchOptions

  func run() throws {
    try options.report {
      let workspace = try workspace()
      let spec = try which.spec(in: workspace)
      return try WaitBenchmark(
        spec, data: try which.data(of: spec, in: workspace), keepsSamples: keepSamples,
        evictsFiles: !keepPageCache
      ).run(try options.repeats())
    }
  }

  /// On the profile's embedded data, or on scenes of Cityscapes' own size where it has none.
  private func workspace() throws -> Workspace {
    let workspace = try which.workspace()
    guard which.data == nil, workspace.profile.dataset(which.dataset)?.embedded == nil else {
      return workspace
    }
    guard case .cityscapes = workspace.registry.datasets[which.dataset]?.content.layout else {
      throw RunnerError.needsData(dataset: which.dataset, profile: which.profile)
    }
    // Two batches of the largest profile's.
    let folder = URL(fileURLWithPath: "data/embedded/bench-wait")
    try LoaderBenchmark.drawScenes(16, below: folder)
    return try which.workspace(data: folder.path, results: folder.appendingPathComponent("results").path)
  }
}
