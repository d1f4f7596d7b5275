import Autograd
import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Schemas
import Tensors
import Training

/// AugSeg (Zhao et al., "Augmentation Matters", CVPR 2023), and with a Jaccard metric loss and smoothed labels the paper's
/// JML-SSL (Appendix I).
///
///     L = labelled_weight * (CE_S + [labelled_region] JML_S) + unlabelled_weight * (CE_U + [unlabelled_region] JML_U)
///
/// with the run's loss for both sides, its lambdas included. The mean teacher labels the weak crops; the student sees
/// strong views of them, into which boxes are pasted:
///
/// 1. q, L: the teacher's confidence and label of each pixel; w_i: the mean of q (1 - entropy / log C) over image i.
/// 2. A copy M of (strong view, L, q): with probability 1 - w_i, M_i gets a box of a labelled image, with its labels and
///    q = 1. Its side is sqrt(1 - lambda), lambda ~ Beta(8, 2).
/// 3. Every strong view gets a box of another M, lambda ~ Beta(4, 4). lambda is drawn once a batch, centres once an image.
/// 4. CE_U is over the pixels with q >= threshold, and divided by all pixels of the batch (`normalisation: all`) or by those
///    (`kept`).
///
/// There is no public code of JML-SSL. What the paper leaves open is a key each: `normalisation`, `borders` (whether
/// borders for smoothing are looked for in the teacher's whole map, or after unsure pixels are left out; these line
/// the borders), and which terms the Jaccard loss has. The teacher's target is its arg max, smoothed as labels are.
/// Padding of unlabelled crops is not masked, as in AugSeg's code.
public final class AugSegStep: SemiSupervisedStep {
  public static let schema = MethodSchema(
    kind: "augseg",
    parameters: [
      ParameterSchema("decay", .number(.from(0, below: 1))),
      ParameterSchema("epochs", .integer(1...100_000)),
      ParameterSchema("threshold", .number(.closed(0, 2))),
      ParameterSchema("maximum_operations", .integer(1...16)),
      ParameterSchema("labelled_weight", .number(.closed(0, 100))),
      ParameterSchema("unlabelled_weight", .number(.closed(0, 100))),
      ParameterSchema("labelled_region", .flag),
      ParameterSchema("unlabelled_region", .flag),
      ParameterSchema("unlabelled_smoothing", .flag),
      ParameterSchema("normalisation", .choice(["all", "kept"])),
      ParameterSchema("borders", .choice(["whole", "kept"])),
    ], networks: [StudentNetwork.name], trainsAuxiliaryHead: false)

  private static let strong = "strong"

  public static func streams(_ parameters: Parameters) -> [UnlabelledStream] {
    let view = StrongView.augSeg(maximumOperations: parameters.integer("maximum_operations"))
    return [UnlabelledStream(SemiSupervisedSteps.unlabelledStream, views: [NamedView(strong, view)])]
  }

  private let student: SegmentationModel
  private let teacher: MeanTeacher
  private let optimizer: any Optimizer
  private let labelledLoss: SegmentationLoss
  private let unlabelledLoss: UnlabelledLoss
  private let threshold: Float

  public init(_ parameters: Parameters, _ setup: SemiSupervisedSetup) {
    student = setup.student
    teacher = MeanTeacher(setup, decay: parameters.number("decay"), epochs: parameters.integer("epochs"))
    optimizer = setup.optimizer.optimizer(for: setup.student)
    threshold = Float(parameters.number("threshold"))
    labelledLoss = SegmentationLoss(
      setup.loss.weighted(
        parameters.number("labelled_weight"), hasRegion: parameters.flag("labelled_region")))
    var unlabelled = setup.loss.weighted(
      parameters.number("unlabelled_weight"), hasRegion: parameters.flag("unlabelled_region"))
    if !parameters.flag("unlabelled_smoothing") { unlabelled.smoothing = nil }
    unlabelledLoss = UnlabelledLoss(
      unlabelled, dividesByAll: parameters.word("normalisation") == "all",
      bordersOfWhole: parameters.word("borders") == "whole")
  }

  public var networks: [NamedNetwork] { teacher.networks(with: student) }

  public var parts: [StatePart] { teacher.parts(student, optimizer) }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let unlabelled = batch[SemiSupervisedSteps.unlabelledStream]
    let said = teacher.predictions(unlabelled.images)
    let mixed = AugSegMixing(
      labelled: batch.labelled, strong: unlabelled.view(AugSegStep.strong), said: said, moment
    ).pictures
    let joint = JointPass(student, [batch.labelled.images, mixed.images], at: moment)
    let supervised = try Profiler.measure("loss head") {
      try labelledLoss(
        main: joint.logits(0), auxiliary: nil, labels: batch.labelled.labels, teacher: nil)
    }
    let unsupervised = try Profiler.measure("loss head") {
      try unlabelledLoss(joint.logits(1), mixed, threshold: threshold)
    }
    let terms = supervised.terms(of: labelledLoss) + unsupervised.terms
    return ComputedStep(terms: terms) { [self] in
      guard let gradients = joint.backward([supervised.mainGradient, unsupervised.gradient]) else { return }
      teacher.update(student, optimizer, gradients, moment)
    }
  }
}

/// The network that learns, where the run's own is an average of it.
enum StudentNetwork {
  static let name = "student"
}
