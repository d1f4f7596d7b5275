import Losses
import Models
import Schemas
import Tensors
import Training

/// What a semi-supervised step is made for.
public struct SemiSupervisedSetup {
  /// With its initial values.
  public let student: SegmentationModel
  public let optimizer: OptimizerConfiguration
  /// Against labels, without distillation.
  public let loss: SegmentationLoss.Configuration

  public init(
    student: SegmentationModel, optimizer: OptimizerConfiguration, loss: SegmentationLoss.Configuration
  ) {
    self.student = student
    self.optimizer = optimizer
    self.loss = loss
  }

  /// Another network of the student's architecture, for an average to live in.
  public func emptyNetwork() -> SegmentationModel {
    SegmentationModel(student.architecture, classes: student.classes, seed: nil)
  }
}

/// A step over a labelled and an unlabelled stream. A new one is a file that says what the experiment file may hold
/// (`schema`) and what an iteration computes, and a line in `SemiSupervisedSteps.all`.
public protocol SemiSupervisedStep: TrainingStep {
  static var schema: MethodSchema { get }

  init(_ parameters: Parameters, _ setup: SemiSupervisedSetup)
}

/// The kinds of steps that experiment files may name.
public enum SemiSupervisedSteps {
  public static var all: [any SemiSupervisedStep.Type] { [SelfTrainingStep.self] }

  /// The stream of samples whose labels are not shown.
  public static let unlabelledStream = "unlabelled"
}

/// Everything that experiment files may name, for the registry.
public enum Methods {
  public static let catalogue = MethodCatalogue(
    distillation: DistillationTerms.all.map { $0.schema },
    semiSupervised: SemiSupervisedSteps.all.map { $0.schema }, firstStages: FirstStages.all.map { $0.schema })
}
