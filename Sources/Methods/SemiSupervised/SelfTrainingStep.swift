import Autograd
import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Schemas
import Tensors
import Training

/// Self-training with a mean teacher: an average of the student labels unlabelled images, and the student learns from
/// the pixels that the average is sure of.
///
///     L = L_S(labelled) + unlabelled_weight * L_U(unlabelled, pseudo labels with confidence >= threshold)
///
/// with the loss of the run for both. The average follows by min(1 - 1 / (it + 1), decay). This is what the methods of
/// the paper's Table 11 have in common (Tarvainen and Valpola, NeurIPS 2017; Sohn et al., "FixMatch", NeurIPS 2020).
public final class SelfTrainingStep: SemiSupervisedStep {
  public static let schema = MethodSchema(
    kind: "self_training",
    parameters: [
      ParameterSchema("decay", .number(.from(0, below: 1))),
      ParameterSchema("threshold", .number(.closed(0, 1))),
      ParameterSchema("unlabelled_weight", .number(.closed(0, 100))),
    ], networks: [StudentNetwork.name])

  private let student: SegmentationModel
  private let teacher: MeanTeacher
  private let optimizer: any Optimizer
  private let loss: SegmentationLoss
  private let unlabelledLoss: SegmentationLoss
  private let threshold: Float

  public init(_ parameters: Parameters, _ setup: SemiSupervisedSetup) {
    student = setup.student
    teacher = MeanTeacher(setup, decay: parameters.number("decay"), epochs: nil)
    optimizer = setup.optimizer.optimizer(for: setup.student)
    loss = SegmentationLoss(setup.loss)
    threshold = Float(parameters.number("threshold"))
    unlabelledLoss = SegmentationLoss(setup.loss.weighted(parameters.number("unlabelled_weight")))
  }

  public var networks: [NamedNetwork] { teacher.networks(with: student) }

  public var parts: [StatePart] { teacher.parts(student, optimizer) }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let unlabelled = batch[SemiSupervisedSteps.unlabelledStream]
    let pseudo = teacher.predictions(unlabelled.images).kept(
      from: threshold, ignoreIndex: loss.configuration.ignoreIndex)
    let pass = ForwardPass.training(seed: moment.seed, iteration: moment.iteration)
    let other = ForwardPass.training(
      seed: moment.seed, iteration: moment.iteration, stream: SemiSupervisedSteps.unlabelledStream,
      tape: pass.tape ?? Tape())
    let onLabelled = student(Variable(constant: batch.labelled.images), pass)
    let onUnlabelled = student(Variable(constant: unlabelled.images), other)
    let supervised = try loss(
      main: onLabelled.main.value, auxiliary: onLabelled.auxiliary?.value, labels: batch.labelled.labels,
      teacher: nil)
    let unsupervised = try unlabelledLoss(
      main: onUnlabelled.main.value, auxiliary: onUnlabelled.auxiliary?.value, labels: pseudo,
      teacher: nil)
    let terms = supervised.terms(of: loss) + unsupervised.terms(of: unlabelledLoss, prefix: "unlabelled_")
    return ComputedStep(terms: terms) { [self] in
      guard
        let gradients = pass.tape?.backward(supervised.seeds(onLabelled) + unsupervised.seeds(onUnlabelled))
      else { return }
      teacher.update(student, optimizer, gradients, moment)
    }
  }
}
