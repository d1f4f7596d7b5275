import Benchmarks
import Cluster
import Experiments
import Foundation
import Models
import Results
import Runner

/// What the runs of a plan take, from what is finished, published and measured.
struct ResourceReading {
  private let model: ResourceModel
  private let plan: Plan

  /// - Parameters:
  ///   - states: of the plan's runs, in their order.
  ///   - measurements: the folder that `jml model measure` writes to.
  /// - Throws: `ResultsError`.
  init(
    _ plan: Plan, _ states: [RunState], _ workspace: Workspace, published: PublishedRuns, measurements: URL
  ) throws {
    self.plan = plan
    var networks: [String: NetworkCost] = [:]
    var isComplete = true
    for spec in plan.runs.map(\.spec) where networks[spec.model.name] == nil {
      let cost = try ResourceReading.cost(spec.model, classes: spec.data.classes, measurements)
      networks[spec.model.name] = cost
      if cost.measured == nil { isComplete = false }
    }
    // One that nobody measured is compared with all that were.
    for (name, spec) in workspace.registry.models.sorted(by: { $0.key < $1.key })
    where !isComplete && networks[name] == nil {
      let cost = try ResourceReading.cost(spec, classes: 19, measurements)
      if cost.measured != nil { networks[name] = cost }
    }
    var model = ResourceModel(networks: networks)
    let store = workspace.store
    for (run, state) in zip(plan.runs, states) {
      if let line = published[run.id] {
        model.add(
          run.spec, seconds: line.seconds, threads: line.threads, memoryBytes: line.peakMemoryBytes,
          origin: .published)
      }
      guard state == .done, let record = try store.record(run.id.text) else { continue }
      let file = try store.tensorsFile(run.id.text)
      let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      model.add(
        run.spec, seconds: record.wallSeconds, threads: max(1, record.threads),
        memoryBytes: record.peakMemoryBytes, diskBytes: size, origin: .measured)
    }
    self.model = model
  }

  private static func cost(_ spec: ModelSpec, classes: Int, _ measurements: URL) throws -> NetworkCost {
    let parameters = SegmentationModel(Assembly.architecture(spec), classes: classes, seed: nil)
      .parameterCount
    let found = try ModelMeasurement(reading: measurements.appendingPathComponent("\(spec.name).json"))
    return NetworkCost(
      backbone: spec.backbone.rawValue, parameters: parameters,
      measured: found.map {
        NetworkCost.Measured(
          tensorBytes: $0.trainingTensorBytes, peakBytes: $0.trainingPeakBytes,
          pixels: $0.trainingBatch * $0.trainingHeight * $0.trainingWidth,
          secondsPerStep: $0.trainingSecondsPerStep, threads: $0.threads)
      })
  }

  /// - Parameter threads: that the run will have.
  func estimate(_ run: PlannedRun, threads: Int) -> ResourceEstimate {
    let teacher = run.spec.inputs["teacher"].flatMap { plan[$0]?.spec }
    return model.estimate(run.spec, teacher: teacher, threads: threads)
  }

  /// - Parameter memoryIsGiven: whether nobody will ask for the memory.
  /// - Throws: `ClusterError.unknownMemory`.
  func need(_ run: PlannedRun, threads: Int, memoryIsGiven: Bool) throws -> RunNeed {
    let estimate = estimate(run, threads: threads)
    guard memoryIsGiven || estimate.memoryBytes != nil else {
      throw ClusterError.unknownMemory(run: run.id.text, model: run.spec.model.name)
    }
    return RunNeed(seconds: estimate.seconds, memoryBytes: estimate.memoryBytes ?? 0)
  }
}
