import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Schemas
import Tensors
import Training

/// iMAS (Zhao et al., "Instance-specific and Model-adaptive Supervision for Semi-supervised Semantic
/// Segmentation", CVPR 2023).
///
///     L = L_S(labelled) + unlabelled_weight * L_U
///     L_U = (term(strong) + term(cutmix)) / 2 if there is a CutMix, else term(strong)
///     term(x) = mean over images i of g_i * CE(x_i, pixels with q >= threshold) / (all pixels of the image)
///
/// 1. Student and mean teacher, both in evaluation mode, label the weak crops: `IMASHardness` g_i. The
///    teacher's labels and confidences q are the target.
/// 2. `IMASMixing`: strong views are blended with the weak ones, and with probability mean g there is a CutMix
///    of the weak ones. The g_i of a CutMix is that of the image that the box is pasted into.
/// 3. The student sees labelled, weak, mixed and strong images in one pass; the weak ones for their statistics
///    alone.
///
/// L_S is the run's loss. The terms of L_U are its cross entropy against hard labels, with its weight: a region
/// term and smoothing are for labels. Only the main head learns; the paper has no other. With a `threshold`
/// above 1 nothing is sure.
public final class IMASStep: SemiSupervisedStep {
  public static let schema = MethodSchema(
    kind: "imas",
    parameters: [
      ParameterSchema("decay", .number(.from(0, below: 1))),
      ParameterSchema("epochs", .integer(1...100_000)),
      ParameterSchema("threshold", .number(.closed(0, 2))),
      ParameterSchema("operations", .integer(1...16)),
      ParameterSchema("unlabelled_weight", .number(.closed(0, 100))),
    ], networks: [StudentNetwork.name], trainsAuxiliaryHead: false)

  private static let strong = "strong"

  public static func streams(_ parameters: Parameters) -> [UnlabelledStream] {
    let view = StrongView.imas(operations: parameters.integer("operations"))
    return [UnlabelledStream(SemiSupervisedSteps.unlabelledStream, views: [NamedView(strong, view)])]
  }

  private let student: SegmentationModel
  private let teacher: MeanTeacher
  private let optimizer: any Optimizer
  private let loss: SegmentationLoss
  /// Of a batch with a CutMix, and of one without.
  private let half: UnlabelledLoss
  private let whole: UnlabelledLoss
  private let threshold: Float

  public init(_ parameters: Parameters, _ setup: SemiSupervisedSetup) {
    student = setup.student
    teacher = MeanTeacher(setup, decay: parameters.number("decay"), epochs: parameters.integer("epochs"))
    optimizer = setup.optimizer.optimizer(for: setup.student)
    loss = SegmentationLoss(setup.loss)
    threshold = Float(parameters.number("threshold"))
    func unlabelled(_ share: Double) -> UnlabelledLoss {
      var configuration = setup.loss.weighted(
        share * parameters.number("unlabelled_weight"), hasRegion: false)
      configuration.smoothing = nil
      return UnlabelledLoss(configuration, dividesByAll: true, bordersOfWhole: false)
    }
    (half, whole) = (unlabelled(0.5), unlabelled(1))
  }

  public var networks: [NamedNetwork] { teacher.networks(with: student) }

  public var parts: [StatePart] { teacher.parts(student, optimizer) }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let unlabelled = batch[SemiSupervisedSteps.unlabelledStream]
    let weak = unlabelled.images
    let said = teacher.predictions(weak)
    let hardness = IMASHardness(student: student.predictions(weak), teacher: said, threshold: threshold)
    let mixing = IMASMixing(
      weak: weak, strong: unlabelled.view(IMASStep.strong), said: said, hardness, moment)

    let seen = [batch.labelled.images, weak] + [mixing.cutMixed, mixing.strong].compactMap { $0?.images }
    let joint = JointPass(student, seen, at: moment)
    let unlabelledLoss = mixing.cutMixed == nil ? whole : half
    let supervised = try Profiler.measure("loss head") {
      try loss(main: joint.logits(0), auxiliary: nil, labels: batch.labelled.labels, teacher: nil)
    }
    func term(_ part: Int, _ pictures: MixedPictures, _ prefix: String) throws -> UnlabelledLoss.Result {
      try Profiler.measure("loss head") {
        try unlabelledLoss(
          joint.logits(part), pictures, threshold: threshold, imageWeights: hardness.values, prefix: prefix)
      }
    }
    let strong = try term(seen.count - 1, mixing.strong, "strong_")
    let mixed = try mixing.cutMixed.map { try term(2, $0, "cutmix_") }
    let unseen = Tensor(repeating: 0, shape: joint.logits(1).shape)
    let seeds = [supervised.mainGradient, unseen] + [mixed, strong].compactMap { $0?.gradient }
    let terms =
      supervised.terms(of: loss) + strong.terms + (mixed?.terms ?? [LossTerm("cutmix_cross_entropy", 0)])
    return ComputedStep(terms: terms) { [self] in
      guard let gradients = joint.backward(seeds) else { return }
      teacher.update(student, optimizer, gradients, moment)
    }
  }
}
