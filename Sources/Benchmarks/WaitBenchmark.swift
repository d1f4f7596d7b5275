import Datasets
import Experiments
import Foundation
import JSON
import Kernels
import Models
import Runner
import Tensors
import Training

/// Times training steps of a run together with its real loader: how long each step waits for its batch, and how much slower it
/// is than steps on a batch that is there.
public struct WaitBenchmark {
  /// A run that needs no teacher. Its network starts from random values, whose steps cost the same.
  public let spec: RunSpec
  public let data: PreparedData
  /// Whether decoded samples are kept, as a run keeps them, or each is decoded from its file each time: the first
  /// epoch for ever.
  public let keepsSamples: Bool
  /// Whether the system is asked to forget the files first, so that they come from the disk.
  public let evictsFiles: Bool

  /// The most steps on one batch again and again: they are there to compare with.
  private static let stepsAlone = 5

  public init(_ spec: RunSpec, data: PreparedData, keepsSamples: Bool, evictsFiles: Bool) {
    self.spec = spec
    self.data = data
    self.keepsSamples = keepsSamples
    self.evictsFiles = evictsFiles
  }

  /// - Throws: `DatasetError`; `TrainingError.diverged`; `RunnerError.noPrecision`.
  public func run(_ repeats: Repeats) throws -> BenchmarkReport {
    let assembly = Assembly(spec, data: data)
    let total = repeats.warmUp + repeats.count
    let alone = Repeats(
      warmUp: repeats.warmUp, count: min(repeats.count, WaitBenchmark.stepsAlone), threads: repeats.threads)
    let precision = try Assembly.precision(spec.recipe.precision, recipe: spec.recipe.name)
    let network = SegmentationModel(
      Assembly.architecture(spec.model), classes: spec.data.classes, seed: UInt64(spec.seed),
      precision: precision)
    let trainer = Trainer(
      step: try Assembly.step(spec, model: network, teacher: nil),
      schedule: Assembly.schedule(spec.recipe, iterations: total + alone.warmUp + alone.count),
      seed: UInt64(spec.seed))
    let cacheBytes = keepsSamples ? nil : 0
    let one = try assembly.batches(cacheBytes: cacheBytes).batches(at: 0)
    let (timesAlone, _) = try alone.measure { _ in _ = try trainer.advance(one) }

    let files = data.samples(fold: spec.fold).train.samples.flatMap {
      [$0.imagePath] + [$0.labelPath].compactMap { $0 }
    }
    let found = PageCache.residentShare(files)
    if evictsFiles { PageCache.evict(files) }
    let before = PageCache.residentShare(files)
    let prefetcher = Assembly.prefetcher(try assembly.batches(cacheBytes: cacheBytes), 0..<total)
    defer { prefetcher.stop() }
    var waits: [Double] = []
    let (times, work) = try repeats.measure { _ in
      let start = ContinuousClock.now
      let batch = try Profiler.measure("waiting for data") { try prefetcher.next() }
      waits.append(start.duration(to: .now).seconds)
      _ = try trainer.advance(batch)
    }
    let counted = waits.dropFirst(repeats.warmUp)
    let update = Roofline.Demand.optimizer(spec.recipe.optimizer.kind, parameters: network.parameterCount)
    let share = counted.reduce(0, +) / times.seconds.reduce(0, +)
    return BenchmarkReport(
      "wait",
      settings: [
        ("profile", .string(spec.scale.profile)), ("dataset", .string(spec.data.name)),
        ("model", .string(spec.model.name)), ("method", .string(spec.method)),
        ("batch", .int(spec.scale.batch)),
        ("crop", .string("\(spec.scale.cropHeight)x\(spec.scale.cropWidth)")),
        ("images", .int(data.summary.trainImages)), ("keeps_samples", .bool(keepsSamples)),
        ("page_cache_found", .number(found)), ("page_cache_before", .number(before)),
        ("waited_share", .number(share)), ("longest_wait_seconds", .number(counted.max() ?? 0)),
        ("first_wait_seconds", .number(waits[0])), ("seconds_per_step_alone", .number(timesAlone.median)),
      ], times: times, work: work, demand: work.demand + update,
      threads: repeats.threads)
  }
}
