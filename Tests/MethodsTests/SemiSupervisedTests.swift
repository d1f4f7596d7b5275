import Autograd
import Losses
import Methods
import Models
import Schemas
import Tensors
import TestSupport
import Testing
import Training

@Suite(.serialized) struct SemiSupervisedTests {
  /// e = decay * e + (1 - decay) * s, element by element; statistics only where asked for.
  @Test(arguments: [true, false]) func averageFollows(_ averagesStatistics: Bool) {
    let (student, other) = (Small.model(seed: 1), Small.model(seed: 2))
    let average = ExponentialMovingAverage(
      Small.model(seed: 3), following: student, averagesStatistics: averagesStatistics)
    for (mine, theirs) in zip(average.state.tensors, student.state.tensors) {
      #expect(mine.path == theirs.path && mine.tensor.values == theirs.tensor.values)
    }
    // Statistics that differ from the student's.
    for buffer in other.buffers { buffer.value.pointer[0] += 2 }
    average.update(from: other, decay: 0.75)
    let statistics = Set(student.buffers.map(\.name))
    for (mine, (old, new)) in zip(average.state.tensors, zip(student.state.tensors, other.state.tensors)) {
      let follows = averagesStatistics || !statistics.contains(mine.path)
      let expected = zip(old.tensor.values, new.tensor.values).map { follows ? 0.75 * $0 + 0.25 * $1 : $0 }
      expectClose(actual: mine.tensor.values, expected: expected, tolerance: 1e-6, mine.path)
    }
    average.update(from: other, decay: 0)
    #expect(average.model.weights.tensors[0].tensor.values == other.weights.tensors[0].tensor.values)
  }

  @Test func pseudoLabels() {
    // Two images of 1x2 low-resolution pixels, three classes, shown at 2x4.
    let logits = Tensor([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], shape: [2, 3, 1, 2])
    let said = Predictions(logits: logits, height: 2, width: 4)
    // e^4 / (e^4 + 2) = 0.965; half-way the logit is 3: 0.909; beyond, less than 0.9.
    #expect(
      said.kept(from: 0.9).values == [0, 0, 255, 255, 0, 0, 255, 255, 255, 255, 2, 2, 255, 255, 2, 2])
    expectClose(Double(said.confidence[0]), 0.96466, tolerance: 1e-4)
    expectClose(Double(said.confidence[1]), 0.90944, tolerance: 1e-4)
    #expect(
      said.kept(from: 0).values == said.labels && said.labels.allSatisfy { $0 < 3 } && said.labels[10] == 2)
    #expect(said.kept(from: 0.9, ignoreIndex: 7).values.filter { $0 == 7 }.count == 8)
  }

  private func selfTraining(_ threshold: Double, weight: Double) -> Trainer {
    Trainer(
      step: SelfTrainingStep(
        Parameters(
          kind: "self_training",
          values: [
            "decay": .number(0.9), "threshold": .number(threshold), "unlabelled_weight": .number(weight),
          ]), StepTests.setup(Small.model(dropout: 0))),
      schedule: .init(baseRate: 0.01, iterations: 3, warmUpRatio: 0, warmUpFloor: 0, power: 1), seed: 7)
  }

  /// No pixel is sure enough: the unlabelled terms are 0 and only statistics see the unlabelled images.
  @Test func nothingIsLearntFromUnsurePixels() throws {
    let unsure = selfTraining(1, weight: 1)
    let report = try unsure.advance(Small.batches(0))
    #expect(report.terms.suffix(2).allSatisfy { $0.name.hasPrefix("unlabelled_") && $0.value == 0 })
    let weightless = selfTraining(0, weight: 0)
    _ = try weightless.advance(Small.batches(0))
    let plain = Small.model(dropout: 0)
    let supervised = Trainer(
      step: SupervisedStep(
        model: plain, optimizer: Small.sgd.optimizer(for: plain), loss: SegmentationLoss(Small.loss())),
      schedule: .init(baseRate: 0.01, iterations: 3, warmUpRatio: 0, warmUpFloor: 0, power: 1), seed: 7)
    _ = try supervised.advance(Small.batches(0))
    for trainer in [unsure, weightless] {
      let student = try #require(trainer.step.networks.first { $0.name == "student" }).model
      for (one, other) in zip(student.weights.tensors, plain.weights.tensors) {
        #expect(one.tensor.values == other.tensor.values, "\(one.path)")
      }
    }
  }

  /// The average equals the student after the first step (decay min(1 - 1 / 1, decay) = 0), and lags after the second.
  @Test func theAverageIsTheRunsNetwork() throws {
    let trainer = selfTraining(0.2, weight: 1)
    #expect(trainer.step.networks.map(\.name) == ["average", "student"])
    func equal() -> Bool {
      zip(trainer.step.networks[0].model.weights.tensors, trainer.step.networks[1].model.weights.tensors)
        .allSatisfy { $0.tensor.values == $1.tensor.values }
    }
    #expect(equal())
    _ = try trainer.advance(Small.batches(0))
    #expect(equal())
    _ = try trainer.advance(Small.batches(1))
    #expect(!equal())
  }
}
