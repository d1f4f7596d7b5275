import Autograd
import Datasets
import Foundation
import Losses
import Methods
import Models
import Schemas
import Tensors
import TestSupport
import Testing
import Training

@Suite(.serialized) struct DistillationTests {
  private func random(_ shape: Shape, seed: UInt64) -> Tensor {
    var random = RandomSource(seed: seed, purpose: "test logits")
    return Tensor((0..<shape.count).map { _ in Float(random.uniform(-2, 2)) }, shape: shape)
  }

  /// A term that the loss head computes is the same as by itself.
  @Test func fusedEqualsSeparate() throws {
    let batch = Small.batches(0)
    func weights(_ terms: (SegmentationModel) -> [DistillationStep.NamedTerm]) throws -> (
      StepReport, [[Float]]
    ) {
      let model = Small.model()
      let trainer = Trainer(
        step: StepTests.distilling(model, terms: terms(model)),
        schedule: .init(baseRate: 0.01, iterations: 1, warmUpRatio: 0, warmUpFloor: 0, power: 1), seed: 7)
      let report = try trainer.advance(batch)
      return (report, model.weights.tensors.map(\.tensor.values))
    }
    let fused = try weights { [.init("pixel_wise", StepTests.pixelWise($0))] }
    // Two terms of one head each cannot be the head's one divergence for all heads.
    let separate = try weights { model in
      ["auxiliary", "main"].map { .init($0, StepTests.pixelWise(model, heads: [$0])) }
    }
    #expect(fused.0.terms.map(\.name) == ["cross_entropy", "pixel_wise", "jaccard"])
    #expect(separate.0.terms.map(\.name) == ["cross_entropy", "jaccard", "auxiliary", "main"])
    expectClose(separate.0.loss, fused.0.loss, tolerance: 1e-5)
    expectClose(
      separate.0.terms.suffix(2).reduce(0) { $0 + $1.value }, fused.0.terms[1].value, tolerance: 1e-6)
    for (one, other) in zip(fused.1, separate.1) {
      expectClose(actual: one, expected: other, tolerance: 1e-5)
    }
  }

  /// T^2 KL(softmax(t / T) || softmax(s / T)), a mean over all pixels; by hand, and its gradient by differences.
  @Test func pixelWiseAtLogits() throws {
    let model = Small.model(auxiliary: nil)
    let shape: Shape = [2, 5, 3, 4]
    let (student, teacher) = (random(shape, seed: 1), random(shape, seed: 2))
    let term = StepTests.pixelWise(model, at: "logits", heads: ["main"], weight: 3, temperature: 2)
    func probability(_ logits: Tensor, _ image: Int, _ pixel: Int) -> [Double] {
      let z = (0..<5).map { exp(Double(logits.values[(image * 5 + $0) * 12 + pixel]) / 2) }
      return z.map { $0 / z.reduce(0, +) }
    }
    func byHand(_ student: Tensor) -> Double {
      var sum = 0.0
      for image in 0..<2 {
        for pixel in 0..<12 {
          let (p, t) = (probability(student, image, pixel), probability(teacher, image, pixel))
          for c in 0..<5 { sum += t[c] * (log(t[c]) - log(p[c])) }
        }
      }
      return 3 * 4 * sum / 24
    }
    let result = term.atLogits(student, teacher)
    expectClose(result.value, byHand(student), tolerance: 1e-5)
    for index in stride(from: 0, to: shape.count, by: 7) {
      func moved(_ offset: Float) -> Double {
        var values = student.values
        values[index] += offset
        return byHand(Tensor(values, shape: shape))
      }
      expectClose(
        Double(result.gradient.values[index]), (moved(1e-2) - moved(-1e-2)) / 2e-2, tolerance: 1e-4)
    }
    #expect(abs(term.atLogits(teacher, teacher).value) < 1e-6)
  }

  /// Label weights alone are left when no term is the head's.
  @Test func labelWeights() throws {
    let batch = Small.batches(0)
    let model = Small.model()
    let step = StepTests.distilling(
      model, terms: [.init("low", StepTests.pixelWise(model, at: "logits"))], labels: (0.5, 0.25))
    let moment = StepMoment(iteration: 0, iterations: 1, rate: 0, seed: 7)
    let distilled = try step.compute(batch, at: moment).terms
    let plain = Small.model()
    let supervised = try SupervisedStep(
      model: plain, optimizer: Small.sgd.optimizer(for: plain), loss: SegmentationLoss(Small.loss())
    ).compute(batch, at: moment).terms
    #expect(distilled.map(\.name) == ["cross_entropy", "jaccard", "low"])
    expectClose(distilled[0].value, 0.5 * supervised[0].value, tolerance: 1e-6)
    expectClose(distilled[1].value, 0.25 * supervised[1].value, tolerance: 1e-6)
  }

  /// Adapters are trained with the student, at the rate of heads.
  @Test func adaptersAreTrained() throws {
    let model = Small.model()
    let terms = StepTests.terms(true, model)
    let trainer = Trainer(
      step: StepTests.distilling(model, terms: terms),
      schedule: .init(baseRate: 0.01, iterations: 3, warmUpRatio: 0, warmUpFloor: 0, power: 1), seed: 7)
    let adapter = try #require(terms.first { $0.name == "toy" }?.term.parameters.first)
    let before = adapter.value.kernelValues
    #expect(adapter.shape == [48, 32, 1, 1])
    var values: [Double] = []
    while !trainer.isFinished {
      let report = try trainer.advance(Small.batches(0))
      values.append(try #require(report.terms.first { $0.name == "toy" }).value)
    }
    #expect(adapter.value.kernelValues != before)
    #expect(values[2] < values[0], "the toy's loss does not fall: \(values)")
    let steps = try #require(trainer.snapshot().first { $0.name == "toy.steps" })
    #expect(steps.state.counter("count") == 3)
  }
}
