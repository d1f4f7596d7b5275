import Datasets
import Experiments
import Foundation
import JSON
import Metrics
import Models
import Platform
import Results
import Tensors
import Training

/// Trains and evaluates one run in this process, from wherever it stands to its result.
///
/// Stopped at any moment and started again, the run ends with the same bits: a checkpoint holds every part of the
/// training step's state, and everything random is a function of seed and iteration.
public struct RunExecutor {
  public let spec: RunSpec
  public let assembly: Assembly
  public let store: ResultStore
  public let threads: Int
  /// Iterations between two checkpoints.
  public let checkpointEvery: Int
  public let report: (RunEvent) -> Void

  public init(
    _ assembly: Assembly, store: ResultStore, threads: Int, checkpointEvery: Int,
    report: @escaping (RunEvent) -> Void
  ) {
    spec = assembly.spec
    self.assembly = assembly
    self.store = store
    self.threads = threads
    self.checkpointEvery = checkpointEvery
    self.report = report
    id = spec.id.text
  }

  /// Training of this length is not to be done twice because of a kill during the evaluation. A checkpoint of a large network
  /// and its averages takes seconds, so that runs which are shorter go without.
  private static let lossThatHurts = Duration.seconds(60)

  private let id: String
  private var iterations: Int { spec.scale.iterations }
  private var inputs: InputRuns { InputRuns(spec: spec, store: store) }

  /// Claims the run, and returns at once if it is done or another process has it.
  ///
  /// A run that has diverged would diverge again: it is reported and left alone.
  /// - Parameter restart: begin anew, whatever is stored of an unfinished run.
  /// - Throws: `ResultsError` when not even the failure can be stored, for instance on a full disk;
  ///   `RunnerError.fewerThreads`.
  public func execute(restart: Bool = false) throws -> RunEnd {
    // Kernels take the number of threads from the thread that calls them: this one.
    try ThreadTeam.adopt(threads)
    switch try store.claim(id) {
    case .done:
      report(.done(metrics: try store.record(id)?.metrics ?? [:], wallSeconds: 0))
      return .done
    case .taken(let holder):
      report(.taken(holder: holder.description))
      return .taken(holder.description)
    case .claimed(let claim):
      if restart {
        try claim.reset()
      } else if let reason = try store.damage(id) {
        // Nothing is written over what somebody may want to look at.
        report(.failed(reason: reason))
        return .failed(reason)
      } else if let record = try store.record(id), record.state == .diverged {
        let reason = record.error ?? "no reason recorded"
        report(.diverged(reason: reason))
        return .diverged(reason)
      }
      return try attempt(claim)
    }
  }

  private func attempt(_ claim: RunClaim) throws -> RunEnd {
    var progress = Progress()
    do {
      return try train(claim, &progress)
    } catch is CancellationError {
      try claim.close(record(.interrupted, progress))
      report(.interrupted(iteration: progress.iteration))
      return .interrupted
    } catch let error as TrainingError {
      guard case .diverged = error else { return try fail(claim, progress, "\(error)") }
      return try diverge(claim, progress, error.description)
    } catch let error as MetricsError {
      guard case .notFinite = error else { return try fail(claim, progress, "\(error)") }
      return try diverge(claim, progress, "evaluation: \(error)")
    } catch {
      return try fail(claim, progress, OutOfMemory.reason(for: error) ?? "\(error)")
    }
  }

  private func fail(_ claim: RunClaim, _ progress: Progress, _ reason: String) throws -> RunEnd {
    report(.failed(reason: reason))
    try claim.close(record(.failed, progress, error: reason))
    return .failed(reason)
  }

  private func diverge(_ claim: RunClaim, _ progress: Progress, _ reason: String) throws -> RunEnd {
    report(.diverged(reason: reason))
    try claim.close(record(.diverged, progress, error: reason))
    return .diverged(reason)
  }

  /// What this attempt knows of the run so far.
  private struct Progress {
    var iteration = 0
    var curves = Curves()
    /// The iteration of the last evaluation on the way.
    var evaluated = 0
    /// Of earlier attempts.
    var earlierSeconds = 0.0
    let begin = ContinuousClock.now

    var wallSeconds: Double {
      let spent = begin.duration(to: .now).components
      return earlierSeconds + Double(spent.seconds) + Double(spent.attoseconds) * 1e-18
    }
  }

  // MARK: Training

  private func train(_ claim: RunClaim, _ progress: inout Progress) throws -> RunEnd {
    let batches = try assembly.batches()
    let trainer = try makeTrainer()
    var load = try claim.resume()
    for problem in load.problems { report(.notice(problem)) }
    if let lost = try lostEvaluation(claim, trainer, load.checkpoint) {
      report(.notice("training begins anew, since the best evaluation so far is lost: \(lost)"))
      try claim.reset()
      load = try claim.resume()
    }
    if let checkpoint = load.checkpoint {
      try restore(trainer, &progress, checkpoint)
    }
    report(.started(iteration: trainer.iteration, iterations: iterations))
    let prefetcher = Prefetcher(source: batches, range: trainer.iteration..<iterations, depth: 4, workers: 1)
    defer { prefetcher.stop() }
    var saved = (iteration: trainer.iteration, time: ContinuousClock.now)
    while !trainer.isFinished {
      if trainer.isAtEvaluationPoint, progress.evaluated != trainer.iteration {
        // A run that is stopped while it is evaluated goes on from here, and not from the last checkpoint.
        if saved.time.duration(to: .now) > RunExecutor.lossThatHurts {
          try claim.save(checkpoint(trainer, progress))
          saved = (trainer.iteration, .now)
        }
        try evaluations(claim).evaluateOnTheWay(trainer)
        progress.evaluated = trainer.iteration
      }
      let step = try trainer.advance(try prefetcher.next())
      progress.iteration = step.iteration
      progress.curves.append(iteration: step.iteration, loss: step.loss, learningRate: step.learningRate)
      try log(step, claim)
      report(
        .step(
          iteration: step.iteration, loss: step.loss,
          terms: Dictionary(uniqueKeysWithValues: step.terms.map { ($0.name, $0.value) }),
          learningRate: step.learningRate, seconds: step.seconds))
      let stop = StopRequest.isRequested
      // At the end only what would be missed: a run that is killed while it is evaluated goes on from the last one.
      let isDue =
        step.iteration == iterations
        ? saved.time.duration(to: .now) > RunExecutor.lossThatHurts
        : step.iteration - saved.iteration >= checkpointEvery
      if stop || isDue {
        try claim.save(checkpoint(trainer, progress))
        saved = (step.iteration, .now)
      }
      if stop { throw CancellationError() }
    }
    return try finish(claim, trainer, progress)
  }

  private func makeTrainer() throws -> Trainer {
    if let stage = spec.firstStage {
      let teacher = try inputs.stored("teacher").model()
      return Assembly.trainer(spec, step: try Assembly.firstStage(spec, stage, teacher: teacher))
    }
    let backbone = spec.model.weights == .pretrained ? try inputs.stored("backbone") : nil
    let step = try Assembly.step(
      spec, model: try assembly.model(backbone: backbone), teacher: try makeTeacher())
    return Assembly.trainer(spec, step: step)
  }

  private func makeTeacher() throws -> Assembly.TaughtBy? {
    guard spec.distillation != nil else { return nil }
    let stored = try inputs.stored("teacher")
    let key = SharedTeacher.key(student: spec, weights: stored.tensors, threads: threads)
    let teacher = SharedTeacher(
      outputs: store.teacherOutputs(key), iterations: iterations,
      make: { NetworkTeacher(try stored.model()) },
      notice: { report(.notice($0)) })
    return Assembly.TaughtBy(
      teacher, architecture: Assembly.architecture(stored.spec.model), products: try inputs.products())
  }

  /// About a thousand lines a run.
  private func log(_ step: StepReport, _ claim: RunClaim) throws {
    let every = max(1, iterations / 1000)
    guard step.iteration % every == 0 || step.iteration == iterations else { return }
    var members: [String: JSONValue] = [
      "loss": .number(step.loss), "learning_rate": .number(step.learningRate),
      "seconds": .number(step.seconds),
    ]
    for term in step.terms { members[term.name] = .number(term.value) }
    try claim.log(iteration: step.iteration, members)
  }

  /// What the executor itself has to remember, beside the parts of the step.
  private static let ownPart = "run"

  private func checkpoint(_ trainer: Trainer, _ progress: Progress) -> Checkpoint {
    var own = StateDict()
    own.add("evaluated", progress.evaluated)
    return Checkpoint(
      runID: id, iteration: trainer.iteration, wallSeconds: progress.wallSeconds,
      parts: trainer.snapshot() + [(RunExecutor.ownPart, own)], curves: progress.curves)
  }

  private func own(_ checkpoint: Checkpoint) -> StateDict? {
    checkpoint.parts.first { $0.name == RunExecutor.ownPart }?.state
  }

  /// Why a run cannot go on from a checkpoint: the best of the evaluations before it is not there any more, and a later one
  /// would pass for it. nil if it can.
  private func lostEvaluation(
    _ claim: RunClaim, _ trainer: Trainer, _ checkpoint: Checkpoint?
  ) throws -> String? {
    guard let checkpoint else { return nil }
    guard let evaluated = own(checkpoint)?.counter("evaluated"), evaluated > 0 else {
      // Those of a later moment will be made again.
      try claim.removeKeptEvaluations()
      return nil
    }
    for (place, network) in trainer.step.networks.enumerated() {
      let name = RunEvaluations.bestPoint(of: place == 0 ? nil : network.name)
      if let reason = try claim.lossOfKeptEvaluation(name) { return reason }
    }
    return nil
  }

  private func restore(_ trainer: Trainer, _ progress: inout Progress, _ checkpoint: Checkpoint) throws {
    try trainer.restore(
      checkpoint.parts.filter { $0.name != RunExecutor.ownPart }, iteration: checkpoint.iteration)
    progress.evaluated = own(checkpoint)?.counter("evaluated") ?? 0
    progress.iteration = checkpoint.iteration
    progress.curves = checkpoint.curves
    progress.earlierSeconds = checkpoint.wallSeconds
  }

  // MARK: Result

  private func evaluations(_ claim: RunClaim) -> RunEvaluations {
    RunEvaluations(assembly: assembly, claim: claim, report: report)
  }

  private func finish(_ claim: RunClaim, _ trainer: Trainer, _ progress: Progress) throws -> RunEnd {
    let evaluations = try evaluations(claim)
      .atTheEnd(trainer, evaluatesOnTheWay: spec.scale.evaluateEvery != nil)
    let record = try record(.done, progress)
    let networks =
      trainer.step.networks.map { ($0.name, StoredModel($0.model)) }
      + trainer.step.products.map { ($0.name, StoredModel($0.content.state)) }
    let stored = try claim.finish(
      record,
      RunTensors(
        runID: id, spec: record.spec, model: networks[0].1, networks: Array(networks.dropFirst()),
        evaluations: evaluations, curves: progress.curves))
    report(.done(metrics: stored.metrics, wallSeconds: stored.wallSeconds))
    return .done
  }

  private func record(_ state: RunOutcome, _ progress: Progress, error: String? = nil) throws -> RunRecord {
    let revision = SourceRevision.current
    return RunRecord(
      runID: id, state: state, spec: spec.json,
      seed: UInt64(spec.seed), commit: revision.commit, dirty: revision.dirty, versions: Machine.versions,
      threads: threads, cpu: Machine.cpu, wallSeconds: progress.wallSeconds,
      peakMemoryBytes: Machine.peakMemoryBytes, peakTensorBytes: MemoryPool.peakBytes,
      iterations: progress.iteration, dataFingerprint: spec.data.fingerprint,
      dataDescription: assembly.data.summary.description, error: error)
  }
}

extension StoredModel {
  /// What a run leaves to others besides networks.
  fileprivate init(_ product: StateDict) {
    self.init(weights: product.tensors.map(NamedTensor.init), buffers: [])
  }

  fileprivate init(_ model: SegmentationModel) {
    self.init(
      weights: model.weights.tensors.map(NamedTensor.init),
      buffers: model.runningStatistics.tensors.map(NamedTensor.init))
  }
}
