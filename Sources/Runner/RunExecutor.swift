import Datasets
import Experiments
import Foundation
import JSON
import Kernels
import Metrics
import Models
import Results
import Tensors
import Training

/// Trains and evaluates one run in this process, from wherever it stands to its result.
///
/// Stopped at any moment and started again, the run ends with the same bits: a checkpoint holds weights, running
/// statistics and momentum, and everything random is a function of seed and iteration.
public struct RunExecutor {
  public let run: PlannedRun
  /// The teacher's spec; nil without distillation.
  public let teacher: RunSpec?
  public let assembly: Assembly
  public let store: ResultStore
  public let threads: Int
  /// Iterations between two checkpoints.
  public let checkpointEvery: Int
  public let report: (RunEvent) -> Void

  public init(
    run: PlannedRun, teacher: RunSpec?, assembly: Assembly, store: ResultStore, threads: Int,
    checkpointEvery: Int,
    report: @escaping (RunEvent) -> Void
  ) {
    self.run = run
    self.teacher = teacher
    self.assembly = assembly
    self.store = store
    self.threads = threads
    self.checkpointEvery = checkpointEvery
    self.report = report
  }

  /// Training of this length is not to be done twice because of a kill during the evaluation.
  private static let lossThatHurts = Duration.seconds(20)

  private var id: String { run.id.text }
  private var iterations: Int { run.spec.scale.iterations }

  /// Claims the run, and returns at once if it is done or another process has it.
  ///
  /// A run that has diverged would diverge again: it is reported and left alone.
  /// - Parameter restart: begin anew, whatever is stored of an unfinished run.
  /// - Throws: `ResultsError` when not even the failure can be stored, for instance on a full disk.
  public func execute(restart: Bool = false) throws -> RunEnd {
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
      } else if let record = try store.record(id), record.state == .diverged {
        let reason = record.error ?? "no reason recorded"
        report(.diverged(reason: reason))
        return .diverged(reason)
      }
      return try attempt(claim)
    }
  }

  private func attempt(_ claim: RunClaim) throws -> RunEnd {
    // Kernels take the number of threads from the thread that calls them: this one.
    Library.threads = threads
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
      return try fail(claim, progress, "\(error)")
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
    let loader = try assembly.loader()
    let trainer = Trainer(
      model: try assembly.model(), loss: assembly.loss, teacher: try makeTeacher(),
      configuration: assembly.training)
    let load = try claim.resume()
    for problem in load.problems { report(.notice("checkpoint not used: \(problem)")) }
    if let checkpoint = load.checkpoint {
      try trainer.restore(TrainerState(checkpoint))
      progress.iteration = checkpoint.iteration
      progress.curves = checkpoint.curves
      progress.earlierSeconds = checkpoint.wallSeconds
    }
    report(.started(iteration: trainer.iteration, iterations: iterations))
    let prefetcher = Prefetcher(source: loader, range: trainer.iteration..<iterations, depth: 4, workers: 1)
    defer { prefetcher.stop() }
    var saved = (iteration: trainer.iteration, time: ContinuousClock.now)
    while trainer.iteration < iterations {
      let step = try trainer.step(try prefetcher.next().labelled)
      progress.iteration = step.iteration
      progress.curves.append(iteration: step.iteration, loss: step.loss, learningRate: step.learningRate)
      try log(step, claim)
      report(
        .step(
          iteration: step.iteration, loss: step.loss, learningRate: step.learningRate, seconds: step.seconds))
      let stop = StopRequest.isRequested
      // At the end only what would be missed: a run that is killed while it is evaluated goes on from the last one.
      let isDue =
        step.iteration == iterations
        ? saved.time.duration(to: .now) > RunExecutor.lossThatHurts
        : step.iteration - saved.iteration >= checkpointEvery
      if stop || isDue {
        try claim.save(checkpoint(trainer.snapshot(), progress))
        saved = (step.iteration, .now)
      }
      if stop { throw CancellationError() }
    }
    return try finish(claim, trainer, progress)
  }

  private func makeTeacher() throws -> SharedTeacher? {
    guard let teacher else { return nil }
    let teacherID = teacher.id.text
    guard try store.state(teacherID) == .done else {
      throw RunnerError.teacherNotFinished(run: id, teacher: teacherID)
    }
    let stored = try store.model(teacherID)
    let key = try SharedTeacher.key(
      student: run.spec, weights: stored.weights + stored.buffers, threads: threads)
    return SharedTeacher(
      outputs: store.teacherOutputs(key), iterations: iterations,
      make: {
        let model = Assembly.emptyModel(teacher)
        try model.load(weights: stored.weights.map(\.pair), buffers: stored.buffers.map(\.pair))
        return NetworkTeacher(model)
      }, notice: { report(.notice($0)) })
  }

  /// About a thousand lines a run.
  private func log(_ step: StepReport, _ claim: RunClaim) throws {
    let every = max(1, iterations / 1000)
    guard step.iteration % every == 0 || step.iteration == iterations else { return }
    try claim.log(
      iteration: step.iteration,
      [
        "loss": .number(step.loss), "cross_entropy": .number(step.crossEntropy),
        "jaccard": .number(step.jaccard),
        "learning_rate": .number(step.learningRate), "seconds": .number(step.seconds),
      ])
  }

  private func checkpoint(_ state: TrainerState, _ progress: Progress) -> Checkpoint {
    Checkpoint(
      runID: id, iteration: state.iteration, wallSeconds: progress.wallSeconds,
      weights: state.weights.map(NamedTensor.init), buffers: state.buffers.map(NamedTensor.init),
      momentum: state.momentum.map(NamedTensor.init),
      secondMoment: state.secondMoment.map(NamedTensor.init), curves: progress.curves)
  }

  // MARK: Result

  private func finish(_ claim: RunClaim, _ trainer: Trainer, _ progress: Progress) throws -> RunEnd {
    let indices = assembly.validationIndices
    MemoryPool.trim()
    report(.evaluating(done: 0, images: indices.count))
    let (ids, evaluation) = try assembly.evaluator.evaluate(
      trainer.model, on: assembly.validation, indices: indices, transform: assembly.evaluationTransform,
      progress: { report(.evaluating(done: $0, images: indices.count)) },
      cancelled: { StopRequest.isRequested })
    var record = try record(.done, progress)
    record.metrics = RunMetrics.values(evaluation, classNames: assembly.data.summary.classNames)
    let state = trainer.snapshot()
    try claim.finish(
      record,
      RunTensors(
        runID: id, spec: record.spec,
        weights: state.weights.map(NamedTensor.init).sorted { $0.name < $1.name },
        buffers: state.buffers.map(NamedTensor.init).sorted { $0.name < $1.name },
        evaluation: StoredEvaluation(imageIDs: ids, evaluation: evaluation), curves: progress.curves))
    report(.done(metrics: record.metrics, wallSeconds: record.wallSeconds))
    return .done
  }

  private func record(_ state: RunOutcome, _ progress: Progress, error: String? = nil) throws -> RunRecord {
    let revision = SourceRevision.current
    return RunRecord(
      runID: id, state: state, spec: run.spec.json,
      seed: UInt64(run.spec.seed), commit: revision.commit, dirty: revision.dirty, versions: Machine.versions,
      threads: threads, cpu: Machine.cpu, wallSeconds: progress.wallSeconds,
      peakMemoryBytes: Machine.peakMemoryBytes, peakTensorBytes: MemoryPool.peakBytes,
      iterations: progress.iteration, metrics: [:], dataFingerprint: run.spec.data.fingerprint,
      dataDescription: assembly.data.summary.description, error: error)
  }
}

extension NamedTensor {
  fileprivate init(_ pair: SegmentationModel.NamedValues) { self.init(name: pair.name, tensor: pair.tensor) }

  fileprivate var pair: SegmentationModel.NamedValues { (name, tensor) }
}

extension TrainerState {
  fileprivate init(_ checkpoint: Checkpoint) {
    self.init(
      iteration: checkpoint.iteration, weights: checkpoint.weights.map(\.pair),
      buffers: checkpoint.buffers.map(\.pair), momentum: checkpoint.momentum.map(\.pair),
      secondMoment: checkpoint.secondMoment.map(\.pair))
  }
}
