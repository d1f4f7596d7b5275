import Datasets
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
  /// Of the run: seeds initial values of what a method adds to the network.
  public let seed: UInt64

  public init(
    student: SegmentationModel, optimizer: OptimizerConfiguration, loss: SegmentationLoss.Configuration,
    seed: UInt64
  ) {
    self.student = student
    self.optimizer = optimizer
    self.loss = loss
    self.seed = seed
  }

  /// Another network of the student's architecture, for an average to live in.
  public func emptyNetwork() -> SegmentationModel {
    SegmentationModel(
      student.architecture, classes: student.classes, seed: nil, precision: student.precision)
  }
}

/// A stream of images whose labels are not shown.
public struct UnlabelledStream: Equatable, Sendable {
  public let name: String
  /// What each crop is seen through besides as it is: `Batch.views`, by name.
  public let views: [NamedView]

  public init(_ name: String, views: [NamedView] = []) {
    self.name = name
    self.views = views
  }
}

/// A step over a labelled stream and unlabelled ones. A new one is a file that says what the experiment file may hold
/// (`schema`) and what an iteration computes, and a line in `SemiSupervisedSteps.all`.
public protocol SemiSupervisedStep: TrainingStep {
  static var schema: MethodSchema { get }

  /// The unlabelled streams that a batch has besides `labelled`, which draw independently; none for a step that learns
  /// from labels alone.
  static func streams(_ parameters: Parameters) -> [UnlabelledStream]

  init(_ parameters: Parameters, _ setup: SemiSupervisedSetup)
}

extension SemiSupervisedStep {
  public static func streams(_ parameters: Parameters) -> [UnlabelledStream] {
    [UnlabelledStream(SemiSupervisedSteps.unlabelledStream)]
  }
}

extension StepMoment {
  /// Which of `epochs` equal parts of the run this iteration is in, from 0: methods that count in epochs have as many in
  /// every profile, whatever its iterations.
  public func epoch(of epochs: Int) -> Int { iteration * epochs / iterations }
}

/// The kinds of steps that experiment files may name.
public enum SemiSupervisedSteps {
  public static var all: [any SemiSupervisedStep.Type] {
    [
      LabelledOnlyStep.self, SelfTrainingStep.self, AugSegStep.self, IMASStep.self, UniMatchStep.self,
      U2PLStep.self,
    ]
  }

  /// The stream of samples whose labels are not shown.
  public static let unlabelledStream = "unlabelled"
}

/// Everything that experiment files may name, for the registry.
public enum Methods {
  public static let catalogue = MethodCatalogue(
    distillation: DistillationTerms.all.map { $0.schema },
    semiSupervised: SemiSupervisedSteps.all.map { $0.schema }, firstStages: FirstStages.all.map { $0.schema })
}
