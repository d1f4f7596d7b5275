import Autograd
import Datasets
import Losses
import Methods
import Models
import Optimizers
import Schemas
import Tensors
import Training

/// What a new semi-supervised step costs: this file, a line in the catalogue and a YAML file. A student that learns from
/// labels, and an average of it in training mode (its own statistics, no tape) that is what the run is evaluated on.
public final class ToyStep: SemiSupervisedStep {
  public static let schema = MethodSchema(
    kind: "toy_average", parameters: [ParameterSchema("decay", .number(.from(0, below: 1)))])

  private let student: SegmentationModel
  private let optimizer: any Optimizer
  private let loss: SegmentationLoss
  private let average: ExponentialMovingAverage
  private let decay: Double

  public init(_ parameters: Parameters, _ setup: SemiSupervisedSetup) {
    student = setup.student
    optimizer = setup.optimizer.optimizer(for: setup.student)
    loss = SegmentationLoss(setup.loss)
    average = ExponentialMovingAverage(
      setup.emptyNetwork(), following: setup.student, averagesStatistics: false)
    decay = parameters.number("decay")
  }

  public var networks: [NamedNetwork] {
    [NamedNetwork("average", average.model), NamedNetwork("student", student)]
  }

  public var parts: [StatePart] {
    [StatePart("student", student), StatePart("optimizer.student", optimizer), StatePart("average", average)]
  }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let warm = ForwardPass.trainingStatistics(
      seed: moment.seed, iteration: moment.iteration, stream: "average")
    _ = average.model(Variable(constant: batch["unlabelled"].images), warm)
    let pass = ForwardPass.training(seed: moment.seed, iteration: moment.iteration)
    let outputs = student(Variable(constant: batch.labelled.images), pass)
    let result = try loss(
      main: outputs.main.value, auxiliary: outputs.auxiliary?.value, labels: batch.labelled.labels,
      teacher: nil)
    return ComputedStep(terms: result.terms(of: loss)) { [self] in
      if let gradients = pass.tape?.backward(result.seeds(outputs)) {
        optimizer.step(gradients, rate: moment.rate)
      }
      average.update(from: student, decay: decay)
    }
  }
}
