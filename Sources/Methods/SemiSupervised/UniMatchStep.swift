import Autograd
import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Schemas
import Tensors
import Training

/// UniMatch (Yang et al., "Revisiting Weak-to-Strong Consistency in Semi-Supervised Semantic Segmentation", CVPR 2023):
///
///     L = (L_S + view_weight * (L_1 + L_2) + feature_weight * L_F) / 2
///
/// with the run's loss in each. There is no average: the student labels its own images, and is what the run is evaluated on.
///
/// 1. A pass in evaluation mode over the weak crops of a second unlabelled stream: labels and confidence of what is
///    pasted.
/// 2. A training pass over the labelled and the weak unlabelled crops, through the decoder twice (`perturbed`): L_S on
///    the first; the second, of maps some of whose channels are dropped, gives L_F.
/// 3. Labels and confidence of the weak crops are those of this pass, so with batch statistics and dropout, detached.
/// 4. A second training pass over two strong views of the unlabelled crops, on the same tape. Each image of each view has
///    with `box_probability` a box of the second stream's same view, with its labels, confidence and padding: L_1, L_2.
///
/// Cross entropy of L_1, L_2 and L_F is a sum over the pixels that are no padding with confidence >= threshold, divided by
/// the number of those that are no padding. A region term, which the method does not have itself, is over the same
/// pixels. Pseudo labels are not smoothed. An auxiliary head learns from labels alone.
///
/// Random numbers are those of "unimatch boxes", the iteration and view * B + image: one for whether there is a box, then
/// the box's.
public final class UniMatchStep: SemiSupervisedStep {
  public static let schema = MethodSchema(
    kind: "unimatch",
    parameters: [
      ParameterSchema("threshold", .number(.closed(0, 2))),
      ParameterSchema("feature_dropout", .number(.from(0, below: 1))),
      ParameterSchema("view_weight", .number(.closed(0, 100))),
      ParameterSchema("feature_weight", .number(.closed(0, 100))),
      ParameterSchema("box_probability", .number(.closed(0, 1))),
    ])

  /// The stream of what is pasted: the same images, drawn independently.
  public static let pasteStream = "unlabelled_paste"

  private static let views = ["strong_1", "strong_2"]

  public static func streams(_ parameters: Parameters) -> [UnlabelledStream] {
    [SemiSupervisedSteps.unlabelledStream, pasteStream].map {
      UnlabelledStream($0, views: views.map { NamedView($0, .uniMatch) })
    }
  }

  private let student: SegmentationModel
  private let optimizer: any Optimizer
  private let labelledLoss: SegmentationLoss
  private let viewLosses: [PseudoLabelLoss]
  private let featureLoss: PseudoLabelLoss
  private let threshold: Float
  private let featureDropout: Double
  private let boxProbability: Double

  public init(_ parameters: Parameters, _ setup: SemiSupervisedSetup) {
    student = setup.student
    optimizer = setup.optimizer.optimizer(for: setup.student)
    threshold = Float(parameters.number("threshold"))
    featureDropout = parameters.number("feature_dropout")
    boxProbability = parameters.number("box_probability")
    labelledLoss = SegmentationLoss(setup.loss.weighted(0.5))
    func loss(_ weight: String, _ name: String) -> PseudoLabelLoss {
      PseudoLabelLoss(
        setup.loss, weight: parameters.number(weight) / 2,
        prefix: "\(SemiSupervisedSteps.unlabelledStream)_\(name)_")
    }
    viewLosses = Self.views.map { loss("view_weight", $0) }
    featureLoss = loss("feature_weight", "features")
  }

  public var networks: [NamedNetwork] { [NamedNetwork(StudentNetwork.name, student)] }

  public var parts: [StatePart] {
    [StatePart("student", student), StatePart("optimizer.student", optimizer)]
  }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let (labelled, weak) = (batch.labelled, batch[SemiSupervisedSteps.unlabelledStream])
    let paste = batch[Self.pasteStream]
    let (labelledCount, weakCount) = (labelled.labels.count, weak.labels.count)
    precondition(
      paste.labels.count == weakCount,
      "UniMatchStep: \(paste.labels.count) images to paste into \(weakCount)")
    let (height, width) = (weak.labels.height, weak.labels.width)
    let pasted = SureLabels(
      Predictions(
        logits: student(Variable(constant: paste.images), .evaluation()).main.value, height: height,
        width: width), shown: paste.shown)

    let pass = ForwardPass.training(seed: moment.seed, iteration: moment.iteration)
    let joined = Tensor(joining: [labelled.images, weak.images])
    let outputs = student.perturbed(Variable(constant: joined), pass, featureDropout: featureDropout)
    func logits(_ first: Int) -> Tensor { outputs.main.value.images(first..<first + weakCount) }
    let said = SureLabels(
      Predictions(logits: logits(labelledCount), height: height, width: width), shown: weak.shown)

    let seen = Self.views.enumerated().map { index, name in
      Self.pasting(
        into: said.pictures(weak.view(name)), from: pasted.pictures(paste.view(name)), view: index,
        probability: boxProbability, at: moment)
    }
    let other = ForwardPass.training(
      seed: moment.seed, iteration: moment.iteration, stream: "strong views", tape: pass.tape ?? Tape())
    let strong = student(Variable(constant: Tensor(joining: seen.map(\.images))), other).main

    return try Profiler.measure("loss head") {
      let supervised = try labelledLoss.ofLabelled(outputs, labelled.labels)
      let viewResults = try seen.enumerated().map { index, pictures in
        try viewLosses[index](
          strong.value.images(index * weakCount..<(index + 1) * weakCount),
          SureLabels(pictures.labels, pictures.confidence), threshold: threshold)
      }
      let features = try featureLoss(
        logits(2 * labelledCount + weakCount), said, threshold: threshold)
      let seeds =
        supervised.seeds(
          outputs, rest: [(weakCount, nil), (labelledCount, nil), (weakCount, features.gradient)])
        + [(strong, Tensor(joining: viewResults.map(\.gradient)))]
      let terms = supervised.terms(of: labelledLoss) + viewResults.flatMap(\.terms) + features.terms
      return ComputedStep(terms: terms) { [optimizer] in
        guard let gradients = pass.tape?.backward(seeds) else { return }
        Profiler.measure("optimizer") { optimizer.step(gradients, rate: moment.rate) }
      }
    }
  }

  /// Pictures of a view with their boxes of `source`, image by image.
  ///
  /// - Parameter view: its number, from 0.
  package static func pasting(
    into pictures: MixedPictures, from source: MixedPictures, view: Int, probability: Double,
    at moment: StepMoment
  ) -> MixedPictures {
    var pictures = pictures.copied()
    for image in 0..<pictures.labels.count {
      var random = RandomSource(
        seed: moment.seed, purpose: "unimatch boxes", moment.iteration, view * pictures.labels.count + image)
      guard random.uniform() < probability else { continue }
      let box = PasteBox.inside(
        height: pictures.labels.height, width: pictures.labels.width, using: &random)
      pictures.paste(box, into: image, from: source, image)
    }
    return pictures
  }
}
