import Datasets
import Models
import Ranks
import Tensors

/// One named share of a step's loss, weights included.
public struct LossTerm: Sendable, Equatable {
  /// snake_case, for instance `cross_entropy`: the key in logs and JSON.
  public let name: String
  public let value: Double

  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}

/// When a step takes place.
public struct StepMoment: Sendable {
  /// Steps done before.
  public let iteration: Int
  /// Of the whole run.
  public let iterations: Int
  /// The schedule's learning rate, of the group with multiplier 1.
  public let rate: Double
  /// Of the run: names random numbers together with the iteration.
  public let seed: UInt64
  /// Who has the other samples of the batch; nil: this process has them all.
  public let ranks: RankGroup?

  public init(iteration: Int, iterations: Int, rate: Double, seed: UInt64, ranks: RankGroup? = nil) {
    self.iteration = iteration
    self.iterations = iterations
    self.rate = rate
    self.seed = seed
    self.ranks = ranks
  }

  /// Whether what was summed over ranks may be used for an update: no rank was lost.
  public var isWhole: Bool { ranks?.isWhole ?? true }
}

/// What a step has computed and not yet changed.
public struct ComputedStep {
  /// Their sum is the loss.
  public let terms: [LossTerm]
  /// Updates parameters, moving averages, queues. Called once, unless the loss diverged. Changes nothing when a rank was
  /// lost on the way.
  public let apply: () -> Void

  public init(terms: [LossTerm], apply: @escaping () -> Void) {
    self.terms = terms
    self.apply = apply
  }
}

/// A network of a step under the name that results give it.
public struct NamedNetwork: Sendable {
  public let name: String
  public let model: SegmentationModel

  public init(_ name: String, _ model: SegmentationModel) {
    self.name = name
    self.model = model
  }
}

/// How one iteration trains: supervised, distilling, semi-supervised. A step is a function of its state, the moment and
/// the batch; it has any number of networks and optimizers.
public protocol TrainingStep: AnyObject {
  /// What the run is evaluated on; the first one is the run's result.
  var networks: [NamedNetwork] { get }

  /// Everything that a resumed run needs to go on with the same bits, under names that are stored. Random numbers
  /// need no state.
  var parts: [StatePart] { get }

  /// What other runs take from this one besides its networks: some of `parts`, or none.
  var products: [StatePart] { get }

  /// Forward and backward passes. Nothing that `parts` holds changes before `apply` is called, except running
  /// statistics.
  func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep
}

extension TrainingStep {
  public var products: [StatePart] { [] }
}

/// A part of a training run's state and the name it is stored under.
public struct StatePart {
  /// For instance `student` or `optimizer.student`.
  public let name: String
  public let content: any Stateful

  public init(_ name: String, _ content: any Stateful) {
    self.name = name
    self.content = content
  }
}
