import Datasets
import Optimizers
import Ranks
import Tensors

/// What one iteration did.
public struct StepReport: Sendable {
  /// Steps done, this one included.
  public let iteration: Int
  /// The loss by named terms, weights included.
  public let terms: [LossTerm]
  /// Of the group with multiplier 1.
  public let learningRate: Double
  /// Wall time of the step.
  public let seconds: Double

  /// The sum of the terms.
  public var loss: Double { terms.reduce(0) { $0 + $1.value } }
}

/// The training loop's body for every kind of step: iteration, schedule, divergence, evaluation points, state.
///
/// An iteration is a function of (state, iteration, batch, seed).
public final class Trainer {
  /// A part's name and what it holds.
  public typealias NamedState = (name: String, state: StateDict)

  public let step: any TrainingStep
  public let iterations: Int
  public private(set) var iteration = 0
  private let schedule: PolySchedule
  private let seed: UInt64
  private let evaluateEvery: Int?
  private let ranks: RankGroup?

  /// - Parameters:
  ///   - seed: of the run; seeds dropout.
  ///   - evaluateEvery: iterations between evaluation points; nil: after the last one alone.
  ///   - ranks: who trains on the other samples of each batch, with an equal trainer; nil: nobody does.
  public init(
    step: any TrainingStep, schedule: PolySchedule, seed: UInt64, evaluateEvery: Int? = nil,
    ranks: RankGroup? = nil
  ) {
    precondition(
      evaluateEvery.map { $0 > 0 } ?? true, "Trainer: evaluation every \(evaluateEvery ?? 0) iterations")
    let names = step.parts.map(\.name)
    precondition(
      Set(names).count == names.count, "Trainer: two parts of the step's state share a name: \(names)")
    self.step = step
    self.schedule = schedule
    self.seed = seed
    self.evaluateEvery = evaluateEvery
    self.ranks = ranks
    iterations = schedule.iterations
  }

  public var isFinished: Bool { iteration >= iterations }

  /// Whether the networks are to be evaluated as they are now: after the last iteration, and at every multiple of the
  /// interval.
  public var isAtEvaluationPoint: Bool {
    isFinished || (iteration > 0 && evaluateEvery.map { iteration % $0 == 0 } ?? false)
  }

  /// One iteration.
  ///
  /// - Parameter batch: of this rank's share.
  /// - Throws: `TrainingError.diverged` before any update when a term is not finite; `LossError` for a label that is no
  ///   class; `RanksError` when a rank is lost, and nothing was updated then; what the step throws.
  public func advance(_ batch: TrainingBatch) throws -> StepReport {
    let start = ContinuousClock.now
    let moment = StepMoment(
      iteration: iteration, iterations: iterations, rate: schedule.rate(at: iteration), seed: seed,
      ranks: ranks)
    let computed = try step.compute(batch, at: moment)
    try ranks?.communicator.check()
    if let bad = computed.terms.first(where: { !$0.value.isFinite }) {
      throw TrainingError.diverged(iteration: iteration, term: bad.name, value: bad.value)
    }
    computed.apply()
    try ranks?.communicator.check()
    iteration += 1
    let elapsed = start.duration(to: .now).components
    return StepReport(
      iteration: iteration, terms: computed.terms, learningRate: moment.rate,
      seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
  }

  /// Copies of the state by part, safe to keep while training goes on.
  public func snapshot() -> [NamedState] { step.parts.map { ($0.name, $0.content.state) } }

  /// Continues after `iteration` steps.
  ///
  /// - Throws: `TrainingError.unfitState` when parts, names or shapes differ from the step's.
  public func restore(_ parts: [NamedState], iteration: Int) throws(TrainingError) {
    let wanted = step.parts
    let given = Dictionary(parts.map { ($0.name, $0.state) }, uniquingKeysWith: { first, _ in first })
    let unknown = parts.map(\.name).filter { name in !wanted.contains { $0.name == name } }
    guard unknown.isEmpty else { throw .unfitState("it holds \(unknown.joined(separator: ", "))") }
    for part in wanted {
      // A part without anything to remember, such as plain SGD of no parameters, is not stored.
      let state = given[part.name] ?? StateDict()
      do {
        try part.content.restore(state)
      } catch {
        throw .unfitState("\(part.name): \(error)")
      }
    }
    self.iteration = iteration
  }
}
