import Autograd
import Datasets
import Methods
import Models
import Tensors
import TestSupport
import Testing
import Training

/// Gradients of whole methods by central differences: everything between the student's weights and the sum of the terms,
/// adapters and normalisations included.
@Suite(.serialized) struct RivalGradientTests {
  /// The loss of the terms alone, at weights of the student; everything else as it is at the beginning of a run.
  private func step(_ method: String, _ weights: StateDict?) -> (DistillationStep, SegmentationModel) {
    // Without dropout, which differences do not mind, but with batch norms, which they go through.
    let model = Small.model(dropout: 0)
    if let weights { model.assign(weights) }
    let step = DistillationStep(
      model: model, teacher: NetworkTeacher(StepTests.teacher),
      optimizer: OptimizerConfiguration(rule: .sgd(momentum: 0), weightDecay: 0, headMultiplier: 1),
      loss: Small.loss(), crossEntropyLabelWeight: 0, regionLabelWeight: 0,
      terms: StepTests.rivals(method, model))
    return (step, model)
  }

  private func value(_ method: String, _ weights: StateDict) throws -> Double {
    try step(method, weights).0.compute(
      Small.batches(0), at: StepMoment(iteration: 0, iterations: 9, rate: 0, seed: 7)
    ).terms.reduce(0) { $0 + $1.value }
  }

  /// Along the gradient g the loss changes by |g|^2 for each unit; a plain step at rate 1 shows g.
  @Test(arguments: ["skd", "ifvd", "cd", "cirkd", "maskd", "dist"])
  func alongTheGradient(_ method: String) throws {
    let (step, model) = step(method, nil)
    let before = model.weights
    try step.compute(Small.batches(0), at: StepMoment(iteration: 0, iterations: 9, rate: 1, seed: 7)).apply()
    let after = model.weights
    // Of decoder and heads: further down, batch norms over few values bend the loss within any difference.
    let gradients = zip(before.tensors, after.tensors).map { old, new in
      let share = old.path.hasPrefix(SegmentationModel.backbonePrefix) ? 0.0 : 1
      return zip(old.tensor.values, new.tensor.values).map { share * (Double($0) - Double($1)) }
    }
    let square = gradients.joined().reduce(0) { $0 + $1 * $1 }
    let length = 3e-4
    func moved(_ sign: Double) -> StateDict {
      StateDict(
        zip(before.tensors, gradients).map { entry, gradient in
          let values = zip(entry.tensor.values, gradient).map {
            $0 + Float(sign * length * $1 / square.squareRoot())
          }
          return (entry.path, Tensor(values, shape: entry.tensor.shape))
        })
    }
    let slope = (try value(method, moved(1)) - value(method, moved(-1))) / (2 * length)
    #expect(square > 1e-6)
    expectClose(slope, square.squareRoot(), tolerance: 1e-3, relative: 0.03, method)
  }
}
