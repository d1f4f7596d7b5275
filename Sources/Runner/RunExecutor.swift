import Datasets
import Experiments
import Foundation
import JSON
import Metrics
import Models
import Platform
import Ranks
import Results
import Tensors
import Training

/// Trains and evaluates one run in this process, from wherever it stands to its result.
///
/// Stopped at any moment and started again, the run ends with the same bits: a checkpoint holds every part of the
/// training step's state, and everything random is a function of seed and iteration.
///
/// Several ranks that each have an executor of the same run train it together (`RunExecutor+Ranks.swift`): rank 0 claims it
/// and writes, the others follow.
public struct RunExecutor {
  public let spec: RunSpec
  public let assembly: Assembly
  public let store: ResultStore
  public let threads: Int
  /// Iterations between two checkpoints.
  public let checkpointEvery: Int
  /// Who trains the run with this process; nil: nobody does.
  public let ranks: (any Communicator)?
  public let report: (RunEvent) -> Void

  public init(
    _ assembly: Assembly, store: ResultStore, threads: Int, checkpointEvery: Int,
    ranks: (any Communicator)? = nil, report: @escaping (RunEvent) -> Void
  ) {
    spec = assembly.spec
    self.assembly = assembly
    self.store = store
    self.threads = threads
    self.checkpointEvery = checkpointEvery
    self.ranks = ranks
    self.report = report
    id = spec.id.text
  }

  /// Training of this length is not to be done twice because of a kill during the evaluation. A checkpoint of a large network
  /// and its averages takes seconds, so that runs which are shorter go without.
  private static let lossThatHurts = Duration.seconds(60)

  let id: String
  private var iterations: Int { spec.scale.iterations }
  private var inputs: InputRuns { InputRuns(spec: spec, store: store) }

  /// Claims the run, and returns at once if it is done or another process has it.
  ///
  /// A run that has diverged would diverge again: it is reported and left alone.
  /// - Parameter restart: begin anew, whatever is stored of an unfinished run.
  /// - Throws: `ResultsError` when not even the failure can be stored, for instance on a full disk;
  ///   `RunnerError.fewerThreads`. Among ranks, `RankFailure` and `RanksError` too: one that all have not agreed on leaves the
  ///   others waiting, and the caller has to end them.
  public func execute(restart: Bool = false) throws -> RunEnd {
    if let ranks { return try execute(restart: restart, among: ranks) }
    // Kernels take the number of threads from the thread that calls them: this one.
    try ThreadTeam.adopt(threads)
    switch try begin(restart: restart) {
    case .ended(let end): return end
    case .claimed(let claim): return try attempt(claim)
    }
  }

  enum Beginning {
    /// There is nothing to train.
    case ended(RunEnd)
    case claimed(RunClaim)
  }

  func begin(restart: Bool) throws -> Beginning {
    switch try store.claim(id) {
    case .done:
      report(.done(metrics: try store.record(id)?.metrics ?? [:], wallSeconds: 0))
      return .ended(.done)
    case .taken(let holder):
      report(.taken(holder: holder.description))
      return .ended(.taken(holder.description))
    case .claimed(let claim):
      if restart {
        try claim.reset()
      } else if let reason = try store.damage(id) {
        // Nothing is written over what somebody may want to look at.
        report(.failed(reason: reason))
        return .ended(.failed(reason))
      } else if let record = try store.record(id), record.state == .diverged {
        let reason = record.error ?? "no reason recorded"
        report(.diverged(reason: reason))
        return .ended(.diverged(reason))
      }
      return .claimed(claim)
    }
  }

  /// - Parameter claim: nil: of a rank that writes nothing.
  func attempt(_ claim: RunClaim?) throws -> RunEnd {
    var progress = Progress()
    do {
      return try train(claim, &progress)
    } catch is CancellationError {
      try claim?.close(record(.interrupted, progress))
      report(.interrupted(iteration: progress.iteration))
      return .interrupted
    } catch let error as RankFailure where error.isAgreed {
      let reason = error.description
      return try error.isDivergence ? diverge(claim, progress, reason) : fail(claim, progress, reason)
    } catch let error as TrainingError {
      guard case .diverged = error else { return try failAlone(claim, progress, error) }
      // The loss is that of the whole batch, and so are all ranks'.
      return try diverge(claim, progress, error.description)
    } catch let error as MetricsError {
      guard case .notFinite = error else { return try failAlone(claim, progress, error) }
      return try diverge(claim, progress, "evaluation: \(error)")
    } catch {
      return try failAlone(claim, progress, error)
    }
  }

  private func fail(_ claim: RunClaim?, _ progress: Progress, _ reason: String) throws -> RunEnd {
    report(.failed(reason: reason))
    try claim?.close(record(.failed, progress, error: reason))
    return .failed(reason)
  }

  /// A failure that other ranks know nothing of.
  private func failAlone(_ claim: RunClaim?, _ progress: Progress, _ error: any Error) throws -> RunEnd {
    let reason = OutOfMemory.reason(for: error) ?? "\(error)"
    guard let ranks else { return try fail(claim, progress, reason) }
    try claim?.close(record(.failed, progress, error: reason))
    throw RankFailure(error, rank: ranks.rank, isAgreed: false)
  }

  private func diverge(_ claim: RunClaim?, _ progress: Progress, _ reason: String) throws -> RunEnd {
    report(.diverged(reason: reason))
    try claim?.close(record(.diverged, progress, error: reason))
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

  private func train(_ claim: RunClaim?, _ progress: inout Progress) throws -> RunEnd {
    let group = ranks.map { RankGroup($0, batch: spec.scale.batch) }
    let (batches, trainer) = try agree(ranks) {
      (try assembly.batches(ranks: group), try makeTrainer(group))
    }
    let found = try agree(ranks) { try claim.flatMap { try checkpoint(of: $0, trainer) } }
    if let checkpoint = try ofRankZero(found) {
      try agree(ranks) { try restore(trainer, &progress, checkpoint) }
    }
    StartMoments.note(.network)
    report(.started(iteration: trainer.iteration, iterations: iterations))
    let prefetcher = Assembly.prefetcher(batches, trainer.iteration..<iterations)
    defer { prefetcher.stop() }
    var saved = (iteration: trainer.iteration, time: ContinuousClock.now)
    let first = trainer.iteration
    while !trainer.isFinished {
      if trainer.isAtEvaluationPoint, progress.evaluated != trainer.iteration {
        // A run that is stopped while it is evaluated goes on from here, and not from the last checkpoint.
        if let claim, saved.time.duration(to: .now) > RunExecutor.lossThatHurts {
          try claim.save(checkpoint(trainer, progress))
          saved = (trainer.iteration, .now)
        }
        try evaluations(claim).evaluateOnTheWay(trainer)
        progress.evaluated = trainer.iteration
      }
      let isFirst = trainer.iteration == first
      let (batch, isAsked) = try next(prefetcher)
      if isFirst { StartMoments.note(.batch) }
      let step = try trainer.advance(batch)
      if isFirst { StartMoments.note(.step) }
      progress.iteration = step.iteration
      progress.curves.append(iteration: step.iteration, loss: step.loss, learningRate: step.learningRate)
      if let claim { try log(step, claim) }
      report(
        .step(
          iteration: step.iteration, loss: step.loss,
          terms: Dictionary(uniqueKeysWithValues: step.terms.map { ($0.name, $0.value) }),
          learningRate: step.learningRate, seconds: step.seconds))
      let stop = isAsked ?? StopRequest.isRequested
      // At the end only what would be missed: a run that is killed while it is evaluated goes on from the last one.
      let isDue =
        step.iteration == iterations
        ? saved.time.duration(to: .now) > RunExecutor.lossThatHurts
        : step.iteration - saved.iteration >= checkpointEvery
      if let claim, stop || isDue {
        try claim.save(checkpoint(trainer, progress))
        saved = (step.iteration, .now)
      }
      if stop { throw CancellationError() }
    }
    return try finish(claim, trainer, progress)
  }

  /// Where the run goes on from; nil: it begins.
  private func checkpoint(of claim: RunClaim, _ trainer: Trainer) throws -> Checkpoint? {
    let load = try claim.resume()
    for problem in load.problems { report(.notice(problem)) }
    guard let lost = try lostEvaluation(claim, trainer, load.checkpoint) else { return load.checkpoint }
    report(.notice("training begins anew, since the best evaluation so far is lost: \(lost)"))
    try claim.reset()
    return try claim.resume().checkpoint
  }

  private func makeTrainer(_ group: RankGroup?) throws -> Trainer {
    if let stage = spec.firstStage {
      let teacher = try inputs.stored("teacher").model()
      return Assembly.trainer(spec, step: try Assembly.firstStage(spec, stage, teacher: teacher))
    }
    let backbone = spec.model.weights == .pretrained ? try inputs.stored("backbone") : nil
    let step = try Assembly.step(
      spec, model: try assembly.model(backbone: backbone), teacher: try makeTeacher())
    return Assembly.trainer(spec, step: step, ranks: group)
  }

  private func makeTeacher() throws -> Assembly.TaughtBy? {
    guard spec.distillation != nil else { return nil }
    let stored = try inputs.stored("teacher")
    let (architecture, products) = (Assembly.architecture(stored.spec.model), try inputs.products())
    // What it says of a share of a batch is nothing that other runs could use.
    if ranks != nil {
      return Assembly.TaughtBy(
        NetworkTeacher(try stored.model()), architecture: architecture, products: products)
    }
    let key = SharedTeacher.key(student: spec, weights: stored.tensors, threads: threads)
    let teacher = SharedTeacher(
      outputs: store.teacherOutputs(key), iterations: iterations,
      make: { NetworkTeacher(try stored.model()) },
      notice: { report(.notice($0)) })
    return Assembly.TaughtBy(teacher, architecture: architecture, products: products)
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

  private func evaluations(_ claim: RunClaim?) -> RunEvaluations {
    RunEvaluations(assembly: assembly, claim: claim, ranks: ranks, report: report)
  }

  private func finish(_ claim: RunClaim?, _ trainer: Trainer, _ progress: Progress) throws -> RunEnd {
    let evaluations = try evaluations(claim)
      .atTheEnd(trainer, evaluatesOnTheWay: spec.scale.evaluateEvery != nil)
    // A rank that keeps nothing waits for the one that does.
    try agree(ranks) {
      if let claim { try publish(claim, trainer, evaluations, progress) }
    }
    return .done
  }

  private func publish(
    _ claim: RunClaim, _ trainer: Trainer, _ evaluations: [EvaluationPoint], _ progress: Progress
  ) throws {
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
  }

  private func record(_ state: RunOutcome, _ progress: Progress, error: String? = nil) throws -> RunRecord {
    let revision = SourceRevision.current
    return RunRecord(
      runID: id, state: state, spec: spec.json,
      seed: UInt64(spec.seed), commit: revision.commit, dirty: revision.dirty, versions: Machine.versions,
      threads: threads, cpu: Machine.cpu, wallSeconds: progress.wallSeconds,
      peakMemoryBytes: Machine.peakMemoryBytes, peakTensorBytes: MemoryPool.peakBytes,
      iterations: progress.iteration, dataFingerprint: spec.data.fingerprint,
      dataDescription: assembly.data.summary.description, error: error,
      ranks: ranks.flatMap { $0.size > 1 ? $0.size : nil })
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
