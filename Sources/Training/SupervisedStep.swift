import Autograd
import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Tensors

/// A network that learns from labels alone (Section 3 of the paper).
public final class SupervisedStep: TrainingStep {
  private let model: SegmentationModel
  private let optimizer: any Optimizer
  private let loss: SegmentationLoss

  /// - Parameter loss: without distillation.
  public init(model: SegmentationModel, optimizer: any Optimizer, loss: SegmentationLoss) {
    precondition(
      loss.configuration.distillation == nil, "SupervisedStep: the loss distils, and there is no teacher")
    self.model = model
    self.optimizer = optimizer
    self.loss = loss
  }

  public var networks: [NamedNetwork] { [NamedNetwork("student", model)] }

  public var parts: [StatePart] {
    [StatePart("student", model), StatePart("optimizer.student", optimizer)]
  }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let pass = ForwardPass.training(
      seed: moment.seed, iteration: moment.iteration, ranks: moment.ranks)
    let outputs = model(Variable(constant: batch.labelled.images), pass)
    let result = try Profiler.measure("loss head") {
      try loss(
        main: outputs.main.value, auxiliary: outputs.auxiliary?.value, labels: batch.labelled.labels,
        teacher: nil, ranks: moment.ranks)
    }
    return ComputedStep(terms: result.terms(of: loss)) { [optimizer] in
      guard let gradients = pass.tape?.backward(result.seeds(outputs), ranks: moment.ranks),
        moment.isWhole
      else { return }
      Profiler.measure("optimizer") { optimizer.step(gradients, rate: moment.rate) }
    }
  }
}

extension SegmentationLoss.Result {
  /// The terms that the loss has, in the order of the formula.
  /// - Parameter prefix: before the names, for a loss that a step takes more than once.
  public func terms(of loss: SegmentationLoss, prefix: String = "") -> [LossTerm] {
    let configuration = loss.configuration
    var terms = [LossTerm(prefix + "cross_entropy", crossEntropy)]
    if let distillation = configuration.distillation, distillation.crossEntropyTeacherWeight != 0 {
      terms.append(LossTerm(prefix + "pixel_wise", divergence))
    }
    if let region = configuration.region { terms.append(LossTerm(prefix + region.loss.name, self.region)) }
    if configuration.distillation?.jaccard != nil {
      terms.append(LossTerm(prefix + "jaccard_teacher", teacherRegion))
    }
    return terms
  }

  /// Where the walk back begins.
  public func seeds(_ outputs: SegmentationModel.Outputs) -> [(Variable, Tensor)] {
    var seeds = [(outputs.main, mainGradient)]
    if let auxiliary = outputs.auxiliary, let gradient = auxiliaryGradient {
      seeds.append((auxiliary, gradient))
    }
    return seeds
  }
}
