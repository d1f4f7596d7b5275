import Autograd
import Datasets
import Losses
import Methods
import Models
import Optimizers
import Schemas
import Tensors
import TestSupport
import Testing
import Training

@Suite(.serialized) struct U2PLTests {
  static func step(
    _ model: SegmentationModel, epochs: Int = 4, unlabelledWeight: Double = 1, contrastWeight: Double = 0.1,
    positiveThreshold: Double = 0.1, mixProbability: Double = 0.5
  ) -> U2PLStep {
    U2PLStep(
      Parameters(
        kind: "u2pl",
        values: [
          "decay": .number(0.9), "epochs": .int(epochs), "drop_percent": .number(20),
          "unlabelled_weight": .number(unlabelledWeight), "contrast_weight": .number(contrastWeight),
          "temperature": .number(0.5), "anchors": .int(8), "negatives": .int(5), "queue_length": .int(30),
          "background_queue_length": .int(50), "low_rank": .int(2), "high_rank": .int(4),
          "positive_threshold": .number(positiveThreshold), "mix_probability": .number(mixProbability),
        ]), StepTests.setup(model))
  }

  private static func trainer(_ step: any TrainingStep, iterations: Int = 4) -> Trainer {
    Trainer(
      step: step,
      schedule: PolySchedule(
        baseRate: 0.01, iterations: iterations, warmUpRatio: 0, warmUpFloor: 0, power: 1), seed: 7)
  }

  private static func same(_ one: StateDict, _ other: StateDict) -> Bool {
    zip(one.tensors, other.tensors).allSatisfy { $0.tensor.values == $1.tensor.values }
  }

  private static func part(_ trainer: Trainer, _ name: String) throws -> StateDict {
    try #require(trainer.snapshot().first { $0.name == name }).state
  }

  private static func supervised(_ model: SegmentationModel) -> SupervisedStep {
    SupervisedStep(
      model: model, optimizer: Small.sgd.optimizer(for: model), loss: SegmentationLoss(Small.loss()))
  }

  /// One epoch: the run is supervised training, bit for bit. The average keeps its parameters to the end of epoch 0, while
  /// its statistics are those of its own passes; then it is the student.
  @Test func epochZeroIsSupervisedTraining() throws {
    let (student, plain, first) = (Small.model(), Small.model(), Small.model())
    let trainer = Self.trainer(Self.step(student, epochs: 1), iterations: 3)
    let other = Self.trainer(Self.supervised(plain), iterations: 3)
    let average = trainer.step.networks[0].model
    let head = try Self.part(trainer, "representation")
    for iteration in 0..<3 {
      let report = try trainer.advance(Small.batches(iteration))
      let expected = try other.advance(Small.batches(iteration)).terms
      #expect(Array(report.terms.prefix(2)) == expected)
      #expect(report.terms.dropFirst(2).allSatisfy { $0.value == 0 })
      #expect(Self.same(student.state, plain.state))
      _ = first(
        Variable(constant: Small.batches(iteration).labelled.images),
        ForwardPass.trainingStatistics(seed: 7, iteration: iteration, stream: "average"))
      #expect(Self.same(average.runningStatistics, first.runningStatistics))
      #expect(Self.same(average.weights, iteration < 2 ? first.weights : student.weights))
    }
    #expect(Self.same(try Self.part(trainer, "representation"), head))
    #expect(try Self.part(trainer, "queues").tensors.isEmpty)
  }

  /// Parameters alone: the average is the student after the first iteration of epoch 1, and 1/2, 2/3, ... old after that.
  @Test(arguments: [true, false]) func theAverageFollows(_ isPlus: Bool) throws {
    let model = isPlus ? UniMatchTests.plus() : Small.model()
    let trainer = Self.trainer(Self.step(model))
    let average = trainer.step.networks[0].model
    #expect(trainer.step.networks.map(\.name) == ["average", "student"])
    for iteration in 0..<4 {
      let old = average.weights
      let oldHead = try Self.part(trainer, "average.representation")
      let report = try trainer.advance(Small.batches(iteration))
      #expect(report.loss.isFinite)
      // Until then both have gone over the same images with the same parameters.
      #expect(Self.same(average.runningStatistics, model.runningStatistics) == (iteration < 3))
      guard iteration > 0 else { continue }
      let decay = Float(1 - 1 / Double(iteration))
      for (mine, (old, new)) in zip(average.weights.tensors, zip(old.tensors, model.weights.tensors)) {
        let expected = zip(old.tensor.values, new.tensor.values).map { decay * $0 + (1 - decay) * $1 }
        expectClose(actual: mine.tensor.values, expected: expected, tolerance: 1e-6, mine.path)
      }
      let (head, student) = (
        try Self.part(trainer, "average.representation"), try Self.part(trainer, "representation")
      )
      for entry in head.tensors where !entry.path.contains("running") {
        let (old, new) = (try #require(oldHead[entry.path]), try #require(student[entry.path]))
        let expected = zip(old.values, new.values).map { decay * $0 + (1 - decay) * $1 }
        expectClose(actual: entry.tensor.values, expected: expected, tolerance: 1e-6, entry.path)
      }
    }
  }

  /// The contrast reaches the second head, and the network through it; queues fill up to their lengths.
  @Test(arguments: [true, false]) func contrastTrainsBothHeads(_ isPlus: Bool) throws {
    func trained(_ weight: Double) throws -> (Trainer, SegmentationModel, [Double]) {
      let model = isPlus ? UniMatchTests.plus() : Small.model()
      let trainer = Self.trainer(Self.step(model, contrastWeight: weight))
      let reports = try (0..<3).map { try trainer.advance(Small.batches($0)) }
      return (trainer, model, reports.map { $0.terms[$0.terms.count - 1].value })
    }
    let (trainer, model, values) = try trained(0.5)
    let (_, without, none) = try trained(0)
    #expect(values[0] == 0 && values[1] > 0 && values[2] > 0 && none == [0, 0, 0])
    #expect(!Self.same(model.weights, without.weights))
    let queues = try Self.part(trainer, "queues")
    let counts = (0..<Small.classes).compactMap { queues.counter("count.\($0)") }
    #expect(counts.count == Small.classes && counts[0] <= 50 && counts.dropFirst().allSatisfy { $0 <= 30 })
    // A decoder's output at stride 16 has 40 pixels in this batch, the joined map at stride 4 has 640.
    #expect(counts.contains { $0 >= (isPlus ? 30 : 1) })
    let vectors = try #require(queues["vectors"])
    #expect(vectors.shape == [counts.reduce(0, +), RepresentationBranch.width])
    let squares = vectors.values.prefix(RepresentationBranch.width).reduce(0) { $0 + $1 * $1 }
    expectClose(Double(squares), 1, tolerance: 1e-5)
    let head = try Self.part(trainer, "representation")
    let initial = RepresentationBranch(model.architecture, seed: 3)
    #expect(initial.tap == (isPlus ? .joined : .decoder))
    for entry in initial.state.tensors where entry.path.hasSuffix("weight") {
      #expect(head[entry.path]?.values != entry.tensor.values, "\(entry.path)")
    }
  }

  /// Without weights the student learns from the labelled images of the joint pass alone.
  @Test func weightlessTermsTeachNothing() throws {
    let (student, plain) = (Small.model(), Small.model())
    let trainer = Self.trainer(
      Self.step(student, unlabelledWeight: 0, contrastWeight: 0, mixProbability: 0))
    let optimizer = Small.sgd.optimizer(for: plain)
    let rate = 0.01
    // The first iteration by hand too, to have the optimizer's memory for the second.
    func step(_ batch: TrainingBatch, joint: Bool, iteration: Int, rate: Double) throws {
      let loss = SegmentationLoss(Small.loss())
      let pass = ForwardPass.training(seed: 7, iteration: iteration)
      let images = [batch.labelled.images] + (joint ? [batch["unlabelled"].images] : [])
      let outputs = plain(Variable(constant: Tensor(joining: images)), pass)
      let auxiliary = try #require(outputs.auxiliary)
      let result = try loss(
        main: outputs.main.value.images(0..<3), auxiliary: auxiliary.value.images(0..<3),
        labels: batch.labelled.labels, teacher: nil)
      func padded(_ gradient: Tensor, _ variable: Variable) -> Tensor {
        guard joint else { return gradient }
        let rest: Shape = [2, Small.classes, variable.shape[2], variable.shape[3]]
        return Tensor(joining: [gradient, Tensor(repeating: 0, shape: rest)])
      }
      let seeds = [
        (outputs.main, padded(result.mainGradient, outputs.main)),
        (auxiliary, padded(try #require(result.auxiliaryGradient), auxiliary)),
      ]
      optimizer.step(try #require(pass.tape).backward(seeds), rate: rate)
    }
    _ = try trainer.advance(Small.batches(0))
    try step(Small.batches(0), joint: false, iteration: 0, rate: rate)
    #expect(Self.same(student.weights, plain.weights))
    _ = try trainer.advance(Small.batches(1))
    try step(Small.batches(1), joint: true, iteration: 1, rate: rate * 0.75)
    for (mine, theirs) in zip(student.weights.tensors, plain.weights.tensors) {
      expectClose(
        actual: mine.tensor.values, expected: theirs.tensor.values, tolerance: 1e-6, mine.path)
    }
  }

  /// No probable pixel, or no label at all: every term is finite.
  @Test func emptyBatches() throws {
    let sure = Self.trainer(Self.step(Small.model(), positiveThreshold: 1))
    for iteration in 0..<3 {
      #expect(try sure.advance(Small.batches(iteration)).terms.last == LossTerm("contrast", 0))
    }
    let blind = Self.trainer(Self.step(Small.model()))
    for iteration in 0..<3 {
      let batch = Small.batches(iteration)
      let labels = LabelBatch(
        count: 3, height: 32, width: 64, values: [UInt8](repeating: LabelMap.ignore, count: 3 * 32 * 64))
      let unlabelled = TrainingBatch(
        batch.streams.map { name, batch in
          (name, name == "labelled" ? Batch(images: batch.images, labels: labels, ids: batch.ids) : batch)
        })
      let report = try blind.advance(unlabelled)
      #expect(report.loss.isFinite && report.terms[0].value == 0 && report.terms[1].value == 0)
    }
  }
}
