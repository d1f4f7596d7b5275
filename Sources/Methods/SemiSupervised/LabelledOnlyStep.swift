import Datasets
import Losses
import Models
import Schemas
import Training

/// The supervised row of semi-supervised tables: the labelled samples of the split alone, as `SupervisedStep`
/// learns from them, bit for bit.
public final class LabelledOnlyStep: SemiSupervisedStep {
  public static let schema = MethodSchema(
    kind: "labelled_only", parameters: [], hasUnlabelled: false)

  public static func streams(_ parameters: Parameters) -> [UnlabelledStream] { [] }

  private let supervised: SupervisedStep

  public init(_ parameters: Parameters, _ setup: SemiSupervisedSetup) {
    supervised = SupervisedStep(
      model: setup.student, optimizer: setup.optimizer.optimizer(for: setup.student),
      loss: SegmentationLoss(setup.loss))
  }

  public var networks: [NamedNetwork] { supervised.networks }

  public var parts: [StatePart] { supervised.parts }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    try supervised.compute(batch, at: moment)
  }
}
