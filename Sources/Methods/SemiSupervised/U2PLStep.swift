import Autograd
import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Schemas
import Tensors
import Training

/// U2PL (Wang et al., "Semi-Supervised Semantic Segmentation Using Unreliable Pseudo-Labels", CVPR 2022), as the paper
/// describes it:
///
///     L = L_S + unlabelled_weight * L_U + contrast_weight * L_C
///
/// In the first of `epochs` parts of the run the student learns from labels alone, and the average, whose parameters stay at
/// the student's first ones, goes over the same images in training mode to warm its statistics. Then the average becomes
/// the student, and follows it by min(1 - 1 / (iterations since + 1), decay), by its parameters alone: its running
/// statistics come from its own training-mode passes. In each of these later iterations,
///
/// 1. the average in evaluation mode labels the unlabelled crops;
/// 2. with `mix_probability` each gets a box of half its area, labels included, of the next one in the batch;
/// 3. the student sees labelled and mixed crops as one batch, and so does the average, in training mode: its entropies,
///    probabilities and vectors are from this pass;
/// 4. L_U, the run's loss, leaves out the pixels whose entropy is at or above the (100 - a)th percentile, with
///    a = drop_percent * (1 - epoch / epochs); the mean cross entropy of the others is multiplied by all / kept;
/// 5. L_C is `ContrastiveLoss` at the resolution of the vectors that a second head makes of the decoder
///    (`RepresentationBranch`): reliable pixels are those with entropy up to the ath percentile, doubtful ones those from the
///    (100 - a)th on. Each class has a queue of `queue_length` vectors, class 0 of `background_queue_length`.
///
/// The public code differs from the paper, and from this: it looks for negatives of a class among the pixels that are
/// labelled as just this class, so that labelled pixels give none; it finds anchors and positives by the number of the
/// class among those present, and queues by the class; and contrast_weight is 1 there, 0.1 in the paper. A batch with
/// pixels of just one class has no contrast there. Padding of unlabelled crops is not masked, as in the code; padding of
/// labelled ones is ignored here, background there. Pseudo labels are not smoothed. An auxiliary head learns from labels
/// alone.
///
/// Random numbers of mixing are those of "u2pl mixing" and the iteration: one for whether, then those of each image's box.
public final class U2PLStep: SemiSupervisedStep {
  public static let schema = MethodSchema(
    kind: "u2pl",
    parameters: [
      ParameterSchema("decay", .number(.from(0, below: 1))),
      ParameterSchema("epochs", .integer(1...100_000)),
      ParameterSchema("drop_percent", .number(.closed(0, 100))),
      ParameterSchema("unlabelled_weight", .number(.closed(0, 100))),
      ParameterSchema("contrast_weight", .number(.closed(0, 100))),
      ParameterSchema("temperature", .number(.above(0, upTo: 100))),
      ParameterSchema("anchors", .integer(1...100_000)),
      ParameterSchema("negatives", .integer(1...100_000)),
      ParameterSchema("queue_length", .integer(1...1_000_000)),
      ParameterSchema("background_queue_length", .integer(1...1_000_000)),
      ParameterSchema("low_rank", .integer(0...255)),
      ParameterSchema("high_rank", .integer(0...255)),
      ParameterSchema("positive_threshold", .number(.closed(0, 1))),
      ParameterSchema("mix_probability", .number(.closed(0, 1))),
    ], networks: [StudentNetwork.name])

  private let student: SegmentationModel
  private let branch: RepresentationBranch
  private let average: ExponentialMovingAverage
  private let averageBranch: RepresentationBranch
  private let optimizer: any Optimizer
  private let queues: ClassQueues
  private let loss: SegmentationLoss
  private let unlabelledLoss: PseudoLabelLoss
  private let contrast: ContrastiveLoss
  private let contrastWeight: Double
  private let decay: Double
  private let epochs: Int
  private let dropPercent: Double
  private let mixProbability: Double

  public init(_ parameters: Parameters, _ setup: SemiSupervisedSetup) {
    student = setup.student
    branch = RepresentationBranch(
      setup.student.architecture, seed: setup.seed, precision: setup.student.precision)
    average = ExponentialMovingAverage(
      setup.emptyNetwork(), following: setup.student, averagesStatistics: false)
    averageBranch = RepresentationBranch(
      setup.student.architecture, seed: setup.seed, precision: setup.student.precision)
    optimizer = setup.optimizer.optimizer(for: setup.student, with: branch.parameters)
    loss = SegmentationLoss(setup.loss)
    unlabelledLoss = PseudoLabelLoss(
      setup.loss, weight: parameters.number("unlabelled_weight"),
      prefix: "\(SemiSupervisedSteps.unlabelledStream)_")
    contrast = ContrastiveLoss(
      classes: setup.loss.classes, temperature: parameters.number("temperature"),
      anchors: parameters.integer("anchors"), negatives: parameters.integer("negatives"),
      lowRank: parameters.integer("low_rank"), highRank: parameters.integer("high_rank"),
      positiveThreshold: Float(parameters.number("positive_threshold")))
    let lengths = (0..<setup.loss.classes).map {
      parameters.integer($0 == 0 ? "background_queue_length" : "queue_length")
    }
    queues = ClassQueues(capacities: lengths, width: RepresentationBranch.width)
    contrastWeight = parameters.number("contrast_weight")
    decay = parameters.number("decay")
    epochs = parameters.integer("epochs")
    dropPercent = parameters.number("drop_percent")
    mixProbability = parameters.number("mix_probability")
  }

  public var networks: [NamedNetwork] {
    [NamedNetwork("average", average.model), NamedNetwork(StudentNetwork.name, student)]
  }

  public var parts: [StatePart] {
    [
      StatePart("student", student), StatePart("optimizer.student", optimizer),
      StatePart("average", average), StatePart("representation", branch),
      StatePart("average.representation", averageBranch), StatePart("queues", queues),
    ]
  }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    moment.epoch(of: epochs) == 0 ? try warmUp(batch.labelled, moment) : try learn(batch, moment)
  }

  /// The first iteration that is not of epoch 0.
  private func start(_ moment: StepMoment) -> Int { (moment.iterations + epochs - 1) / epochs }

  private func trainingMode(_ moment: StepMoment) -> ForwardPass {
    .trainingStatistics(seed: moment.seed, iteration: moment.iteration, stream: "average")
  }

  /// Epoch 0. The representation head takes no part.
  private func warmUp(_ labelled: Batch, _ moment: StepMoment) throws -> ComputedStep {
    _ = average.model(Variable(constant: labelled.images), trainingMode(moment))
    let pass = ForwardPass.training(seed: moment.seed, iteration: moment.iteration)
    let outputs = student(Variable(constant: labelled.images), pass)
    let result = try Profiler.measure("loss head") { try loss.ofLabelled(outputs, labelled.labels) }
    let terms = result.terms(of: loss) + unlabelledLoss.zeros + [LossTerm("contrast", 0)]
    return ComputedStep(terms: terms) { [self] in
      guard let gradients = pass.tape?.backward(result.seeds(outputs)) else { return }
      Profiler.measure("optimizer") { optimizer.step(gradients, rate: moment.rate) }
      if moment.iteration + 1 == start(moment) { follow(decay: 0) }
    }
  }

  private func learn(_ batch: TrainingBatch, _ moment: StepMoment) throws -> ComputedStep {
    let labelled = batch.labelled
    let mixed = mix(batch[SemiSupervisedSteps.unlabelledStream].images, moment)
    let images = Variable(constant: Tensor(joining: [labelled.images, mixed.images]))
    let pass = ForwardPass.training(seed: moment.seed, iteration: moment.iteration)
    let outputs = student(images, pass, taps: [branch.tap])
    let vectors = branch(outputs, pass)
    let rows = pass.tokens(vectors)
    let other = trainingMode(moment)
    let taught = average.model(images, other, taps: [averageBranch.tap])
    let taughtRows = Tokens.from(map: averageBranch(taught, other).value)

    let (first, all) = (labelled.labels.count, images.shape[0])
    let entropy = Predictions(
      logits: taught.main.value.images(first..<all), height: mixed.labels.height, width: mixed.labels.width
    ).entropy
    let percentiles = Percentiles(entropy)
    let percent = dropPercent * (1 - Double(moment.epoch(of: epochs)) / Double(epochs))
    let most = percentiles(100 - percent)
    var kept = mixed.labels
    for (pixel, value) in entropy.enumerated() where value >= most {
      kept.values[pixel] = loss.configuration.ignoreIndex
    }
    let keptCount = entropy.count { $0 < most }

    let (supervised, unsupervised) = try Profiler.measure("loss head") {
      (
        try loss.ofLabelled(outputs, labelled.labels),
        try unlabelledLoss(
          outputs.main.value.images(first..<all), kept,
          share: keptCount > 0 ? Double(entropy.count) / Double(keptCount) : 0)
      )
    }
    let pixels = ContrastPixels(
      labelled: labelled.labels, unlabelled: mixed.labels, entropy: entropy, least: percentiles(percent),
      most: most, height: vectors.shape[2], width: vectors.shape[3],
      ignoreIndex: loss.configuration.ignoreIndex)
    let contrasted = Profiler.measure("contrast") {
      contrast(
        rows.value, average: taughtRows, probabilities: Elementwise.softmax(taught.main.value), pixels,
        queues: queues, weight: contrastWeight, seed: moment.seed, iteration: moment.iteration)
    }
    let terms =
      supervised.terms(of: loss) + unsupervised.terms
      + [LossTerm("contrast", contrastWeight * contrasted.value)]
    let seeds =
      supervised.seeds(outputs, rest: [(all - first, unsupervised.gradient)]) + [(rows, contrasted.gradient)]
    return ComputedStep(terms: terms) { [self] in
      guard let gradients = pass.tape?.backward(seeds) else { return }
      Profiler.measure("optimizer") { optimizer.step(gradients, rate: moment.rate) }
      follow(decay: min(1 - 1 / Double(moment.iteration - start(moment) + 1), decay))
      queues.add(contrasted.arrivals)
    }
  }

  /// Unlabelled crops under the average's labels, each perhaps with a box of the next one.
  ///
  /// - Parameter images: [B, 3, H, W], plain.
  private func mix(_ images: Tensor, _ moment: StepMoment) -> MixedPictures {
    let said = Predictions(
      logits: average.model(Variable(constant: images), .evaluation()).main.value, height: images.shape[2],
      width: images.shape[3])
    let whole = MixedPictures(images: images, said)
    var random = RandomSource(seed: moment.seed, purpose: "u2pl mixing", moment.iteration)
    guard random.uniform() < mixProbability else { return whole }
    var mixed = whole.copied()
    for image in 0..<said.count {
      let box = PasteBox.half(height: said.height, width: said.width, using: &random)
      mixed.paste(box, into: image, from: whole, (image + 1) % said.count)
    }
    return mixed
  }

  private func follow(decay: Double) {
    average.update(from: student, decay: decay)
    averageBranch.update(from: branch, decay: decay)
  }
}
