import Experiments
import Kernels

/// Estimates the hours of planned runs from a few steps of each kind of step that they take.
public struct SuiteBenchmark: Sendable {
  /// Runs whose steps cost the same.
  public struct Work: Sendable {
    public let model: ModelSpec
    /// nil without distillation.
    public let teacher: ModelSpec?
    public let scale: ScaleSpec
    public let classes: Int
    public private(set) var runs: Int
    /// Of all runs.
    public private(set) var iterations: Int
    /// What is measured stands for these runs.
    fileprivate let example: RunSpec

    fileprivate init(_ spec: RunSpec, _ teacher: ModelSpec?) {
      (model, self.teacher, scale, classes) = (spec.model, teacher, spec.scale, spec.data.classes)
      (runs, iterations, example) = (1, spec.scale.iterations, spec)
    }

    /// Name of the method of distillation or of semi-supervised training; nil for labels alone.
    public var method: String? { example.distillation?.name ?? example.semiSupervised?.name }

    fileprivate func isOf(_ spec: RunSpec, _ teacher: ModelSpec?) -> Bool {
      model == spec.model && self.teacher == teacher && example.distillation == spec.distillation
        && example.semiSupervised == spec.semiSupervised && classes == spec.data.classes
        && (scale.batch, scale.cropHeight, scale.cropWidth)
          == (spec.scale.batch, spec.scale.cropHeight, spec.scale.cropWidth)
    }

    fileprivate mutating func add(_ spec: RunSpec) {
      runs += 1
      iterations += spec.scale.iterations
    }
  }

  /// What one table needs when nothing of it is finished. Runs that tables share count in each of them.
  public struct Table: Sendable {
    public let name: String
    public let runs: Int
    /// By kind of step, in the order of `work`.
    fileprivate let iterations: [Int]

    /// - Parameter estimates: of all kinds, in the order of `work`.
    public func hours(_ estimates: [Estimate]) -> Double {
      zip(iterations, estimates).reduce(0) { $0 + Double($1.0) * $1.1.secondsPerStep } / 3600
    }
  }

  public struct Estimate: Sendable {
    public let work: Work
    /// What was measured: the profile's own batch and crop, or less.
    public let batch: Int
    /// Pixels.
    public let cropHeight: Int
    /// Pixels.
    public let cropWidth: Int
    public let measured: Measurement
    /// Of the profile's step: the median, times the ratio of pixels where less was measured.
    public let secondsPerStep: Double

    public var isExtrapolated: Bool {
      (batch, cropHeight, cropWidth) != (work.scale.batch, work.scale.cropHeight, work.scale.cropWidth)
    }
    public var hours: Double { secondsPerStep * Double(work.iterations) / 3600 }
  }

  /// In the order of the plan.
  public let work: [Work]
  /// In the order that they were asked for.
  public let tables: [Table]
  /// A step with more pixels than this is measured smaller.
  public let maximumPixels: Int

  /// - Throws: `RegistryError`.
  public init(registry: Registry, tables: [String], profile: String, maximumPixels: Int) throws {
    let names = try Plan.datasets(of: tables, profile: registry.profiles[profile], in: registry)
    let plan = try Plan(
      registry: registry, tables: tables, profile: profile,
      // Nothing is read or trained here, so that it does not matter which data it would be.
      dataFingerprints: Dictionary(uniqueKeysWithValues: names.map { ($0, "unknown") }))
    var work: [Work] = []
    for run in plan.runs {
      let teacher = plan.teacher(of: run.spec)
      if let known = work.firstIndex(where: { $0.isOf(run.spec, teacher) }) {
        work[known].add(run.spec)
      } else {
        work.append(Work(run.spec, teacher))
      }
    }
    self.tables = try tables.map { name in
      let plan = try Plan(
        registry: registry, tables: [name], profile: profile, dataFingerprints: plan.dataFingerprints)
      var iterations = [Int](repeating: 0, count: work.count)
      for run in plan.runs {
        let teacher = plan.teacher(of: run.spec)
        guard let kind = work.firstIndex(where: { $0.isOf(run.spec, teacher) }) else { continue }
        iterations[kind] += run.spec.scale.iterations
      }
      return Table(name: name, runs: plan.runs.count, iterations: iterations)
    }
    self.work = work
    self.maximumPixels = maximumPixels
  }

  /// Measures the kinds of steps one after the other.
  /// - Parameter report: called with each estimate as soon as it is there.
  /// - Throws: `TrainingError.diverged`.
  public func run(_ repeats: Repeats, report: (Estimate) -> Void) throws -> [Estimate] {
    var estimates: [Estimate] = []
    for work in work {
      let (batch, height, width) = measurable(work.scale)
      let teaching: StepBenchmark.Teaching? =
        if let teacher = work.teacher, let distillation = work.example.distillation {
          StepBenchmark.Teaching(teacher: teacher, distillation: distillation)
        } else { nil }
      let benchmark = StepBenchmark(
        model: work.model, loss: work.example.loss, label: work.example.label, teaching: teaching,
        semiSupervised: work.example.semiSupervised, recipe: work.example.recipe, batch: batch,
        cropHeight: height, cropWidth: width,
        classes: work.classes)
      let times = try benchmark.times(repeats)
      KernelRuntime.releaseScratch()
      let pixels = work.scale.batch * work.scale.cropHeight * work.scale.cropWidth
      let estimate = Estimate(
        work: work, batch: batch, cropHeight: height, cropWidth: width, measured: times,
        secondsPerStep: times.median * Double(pixels) / Double(batch * height * width))
      report(estimate)
      estimates.append(estimate)
    }
    return estimates
  }

  /// The largest step of `scale` that stays below `maximumPixels`: fewer images first, then smaller ones.
  private func measurable(_ scale: ScaleSpec) -> (batch: Int, height: Int, width: Int) {
    var (batch, height, width) = (scale.batch, scale.cropHeight, scale.cropWidth)
    while batch * height * width > maximumPixels {
      if batch > 2 {
        batch = max(2, batch / 2)
      } else if min(height, width) >= 64 {
        (height, width) = (height / 2, width / 2)
      } else {
        break
      }
    }
    return (batch, height, width)
  }
}

extension Plan {
  /// The network that a run learns from; nil without one.
  fileprivate func teacher(of spec: RunSpec) -> ModelSpec? {
    spec.inputs["teacher"].flatMap { self[$0] }?.spec.model
  }
}
