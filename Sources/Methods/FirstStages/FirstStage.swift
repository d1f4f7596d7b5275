import Losses
import Models
import Schemas
import Training

/// What a first stage is made for.
public struct FirstStageSetup {
  /// With its trained weights; it does not change.
  public let teacher: SegmentationModel
  public let optimizer: OptimizerConfiguration
  /// Against labels.
  public let loss: SegmentationLoss.Configuration
  /// Of the run: seeds initial values.
  public let seed: UInt64

  public init(
    teacher: SegmentationModel, optimizer: OptimizerConfiguration, loss: SegmentationLoss.Configuration,
    seed: UInt64
  ) {
    self.teacher = teacher
    self.optimizer = optimizer
    self.loss = loss
    self.seed = seed
  }
}

/// A run that learns something from a frozen teacher and its data before students do, shared by all of them: its
/// `products`. What is evaluated is the teacher. A new one is a file and a line in `FirstStages.all`.
public protocol FirstStage: TrainingStep {
  static var schema: MethodSchema { get }

  init(_ parameters: Parameters, _ setup: FirstStageSetup)
}

/// The kinds of first stages that experiment files may name.
public enum FirstStages {
  public static var all: [any FirstStage.Type] { [MaskTokensStep.self] }
}
