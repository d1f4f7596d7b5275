import Autograd
import Datasets
import Foundation
import JSON
import Kernels
import Losses
import Methods
import Models
import Schemas
import Tensors
import TestSupport
import Testing
import Training

/// What the rivals' terms must do whatever the numbers are.
@Suite(.serialized) struct RivalLawTests {
  private typealias Oracle = RivalOracleTests

  /// The features with their channels turned: an orthogonal matrix of Givens rotations.
  private func turned(_ rows: Tensor) -> Tensor {
    let width = rows.shape[rows.shape.rank - 1]
    let result = rows.copied()
    var random = RandomSource(seed: 2, purpose: "rotation")
    for first in 0..<width {
      let second = (first + 1 + random.below(width - 1)) % width
      let angle = Float(random.uniform(0, 6))
      for row in 0..<rows.shape.count / width {
        let (a, b) = (result.pointer[row * width + first], result.pointer[row * width + second])
        result.pointer[row * width + first] = cos(angle) * a - sin(angle) * b
        result.pointer[row * width + second] = sin(angle) * a + cos(angle) * b
      }
    }
    return result
  }

  private func unit(_ features: Tensor) -> Tensor { UnitRows.forward(Tokens.from(map: features)).y }

  private func scaled(_ tensor: Tensor, _ factor: Float, plus offset: (Int) -> Float = { _ in 0 }) -> Tensor {
    Tensor(tensor.values.enumerated().map { factor * $1 + offset($0) }, shape: tensor.shape)
  }

  /// Cosines know no directions of their own: a rotation of the student's channels changes nothing, and a student that
  /// is a turned teacher has nothing to learn.
  @Test func affinitiesIgnoreRotations() {
    let (s, t) = (unit(Oracle.features("student")), unit(Oracle.features("teacher")))
    let term = CrossImageTerm(
      Parameters(kind: "cross_image", values: ["temperature": .number(0.5)]), Oracle.setup())
    expectClose(
      PairWiseTerm.difference(turned(s), t, weight: 1).value,
      PairWiseTerm.difference(s, t, weight: 1).value, tolerance: 1e-6)
    expectClose(term.loss(turned(s), t).value, term.loss(s, t).value, tolerance: 1e-5)
    let same = PairWiseTerm.difference(turned(t), t, weight: 1)
    #expect(same.value < 1e-6 && same.gradient.values.allSatisfy { abs($0) < 1e-5 })
    #expect(abs(term.loss(turned(t), t).value) < 1e-6)
  }

  @Test func channelWiseComparesShapes() {
    let (s, t) = (Oracle.logits("student"), Oracle.logits("teacher"))
    func value(_ s: Tensor, _ t: Tensor) -> Double {
      ChannelWiseTerm.divergence(s, t, temperature: 4, weight: 1).value
    }
    #expect(abs(value(t, t)) < 1e-6)
    let area = Oracle.height * Oracle.width
    // Every channel of every image raised by an amount of its own.
    let raised = scaled(s, 1) { Float($0 / area) * 0.3 }
    expectClose(value(raised, t), value(s, t), tolerance: 1e-5)
    #expect(value(s, t) > 0.01)
  }

  @Test func intraClassVariationIgnoresScale() throws {
    let term = IntraClassVariationTerm(
      Parameters(kind: "intra_class_variation", values: [:]), Oracle.setup())
    let labels = try Oracle.labels().nearest(height: Oracle.height, width: Oracle.width)
    let (s, t) = (
      Tokens.from(map: Oracle.features("student")), Tokens.from(map: Oracle.features("teacher"))
    )
    expectClose(term.loss(scaled(s, 7), t, labels).value, term.loss(s, t, labels).value, tolerance: 1e-6)
    #expect(term.loss(scaled(t, 0.3), t, labels).value < 1e-10)
    // All ignored: nothing to compare.
    let none = term.loss(s, t, labels.map { _ in LabelMap.ignore })
    #expect(none.value == 0 && none.gradient.values.allSatisfy { $0 == 0 })
  }

  /// Probabilities that are an affine function of the teacher's correlate perfectly, over classes and over pixels.
  @Test func correlationIgnoresAffineMaps() {
    let (s, t) = (Oracle.logits("student"), Oracle.logits("teacher"))
    let p = Elementwise.softmax(t)
    let mixed = Tensor(
      p.values.map { log(0.4 * $0 + 0.6 / Float(Oracle.classes)) }, shape: p.shape)
    let result = CorrelationTerm.loss(mixed, t, inter: 1, intra: 1)
    #expect(abs(result.value) < 1e-5 && result.gradient.values.allSatisfy { abs($0) < 1e-5 })
    let value = CorrelationTerm.loss(s, t, inter: 1, intra: 1).value
    #expect(value > 0.5 && value < 4)
  }

  @Test func maskedIsZeroForEqualLogits() {
    let term = MaskedTerm(
      Parameters(kind: "masked", values: ["head": .string("main")]),
      Oracle.setup(products: ["tokens": StateDict([("tokens", Oracle.tokens())])]))
    let t = Oracle.logits("teacher")
    #expect(term.loss(t, t).value == 0)
    // The masks are the teacher's, so that a doubled difference costs four times as much.
    let (near, far) = (scaled(t, 1) { _ in 0.5 }, scaled(t, 1) { _ in 1 })
    expectClose(term.loss(far, t).value, 4 * term.loss(near, t).value, tolerance: 1e-6)
  }

  // MARK: Queues

  private func queue(capacity: Int = 4) -> FeatureQueue {
    FeatureQueue(classes: 2, capacity: capacity, width: 3, seed: 5, purpose: "test queue")
  }

  private func batch(_ entries: [(Int, Float)]) -> FeatureQueue.Batch {
    var batch = FeatureQueue.Batch()
    for (label, value) in entries { batch.append([value, value + 0.25, value + 0.5], class: label) }
    return batch
  }

  private func firsts(_ queue: FeatureQueue, after batch: FeatureQueue.Batch = .init()) -> [[Float]] {
    let all = queue.gather(Array(0..<queue.capacity), after: batch).values
    return (0..<queue.classes).map { label in
      (0..<queue.capacity).map { all[(label * queue.capacity + $0) * queue.width] }
    }
  }

  @Test func queuesStartWithNoiseOfUnitLength() {
    let all = queue(capacity: 50).gather(Array(0..<50), after: .init()).values
    for row in 0..<100 {
      expectClose(
        all[row * 3..<row * 3 + 3].reduce(0.0) { $0 + Double($1 * $1) }, 1, tolerance: 1e-5)
    }
    #expect(abs(all.reduce(0, +)) / 300 < 0.15)
  }

  @Test func queuesHoldWhatWasPutInInOrder() throws {
    let queue = queue()
    let noise = firsts(queue)
    queue.add(batch([(0, 1), (1, 2), (0, 3)]))
    #expect(firsts(queue) == [[1, 3] + noise[0].suffix(2), [2] + noise[1].suffix(3)])
    // What is gathered after a batch is what is there once it is in, and it is not in yet.
    let next = batch([(0, 4), (0, 5), (0, 6), (1, 7)])
    let seen = firsts(queue, after: next)
    #expect(firsts(queue) == [[1, 3] + noise[0].suffix(2), [2] + noise[1].suffix(3)])
    queue.add(next)
    #expect(firsts(queue) == seen)
    #expect(seen == [[6, 3, 4, 5], [2, 7] + noise[1].suffix(2)])
    // More of a class than fit at once: the last ones stay.
    queue.add(batch((10..<16).map { (1, Float($0)) }))
    #expect(firsts(queue)[1] == [12, 13, 14, 15])
    // Resumed, it goes on where it was.
    let copy = self.queue()
    try copy.restore(queue.state)
    for item in [queue, copy] { item.add(batch([(0, 20), (1, 21)])) }
    #expect(firsts(copy) == firsts(queue))
    #expect(throws: StateError.self) { try copy.restore(StateDict()) }
  }

  /// Regions are the unit means of an image's class, pixels are of their class; the public code's are not.
  @Test func entriesOfABatch() throws {
    let taught = unit(Oracle.features("teacher"))
    let labels = try Oracle.labels().nearest(height: Oracle.height, width: Oracle.width)
    func entries(_ pixels: String) -> (FeatureQueue, FeatureQueue) {
      let term = MemoryTerm(
        Parameters(
          kind: "memory",
          values: [
            "temperature": .number(0.1), "pixel_capacity": .int(500), "region_capacity": .int(20),
            "contrast_pixels": .int(30), "contrast_regions": .int(12), "pixels_per_class": .int(4),
            "pixels": .string(pixels),
          ]), Oracle.setup())
      let new = term.entries(taught, labels, iteration: 0)
      let (a, b) = (
        FeatureQueue(
          classes: Oracle.classes, capacity: 12, width: Oracle.teacherWidth, seed: 1, purpose: "a"),
        FeatureQueue(classes: Oracle.classes, capacity: 3, width: Oracle.teacherWidth, seed: 1, purpose: "b")
      )
      a.add(new.pixels)
      b.add(new.regions)
      return (a, b)
    }
    func isOf(_ label: Int, _ vector: ArraySlice<Float>) -> Bool? {
      let row = (0..<labels.count).first { row in
        Array(
          UnsafeBufferPointer(start: taught.pointer + row * Oracle.teacherWidth, count: Oracle.teacherWidth))
          == Array(vector)
      }
      return row.map { labels[$0] == UInt8(label) }
    }
    func share(_ queue: FeatureQueue) -> (own: Int, others: Int) {
      let all = queue.gather(Array(0..<12), after: .init()).values
      var (own, others) = (0, 0)
      for label in 0..<Oracle.classes {
        for slot in 0..<12 {
          let start = (label * 12 + slot) * Oracle.teacherWidth
          switch isOf(label, all[start..<start + Oracle.teacherWidth]) {
          case true?: own += 1
          case false?: others += 1
          case nil: break
          }
        }
      }
      return (own, others)
    }
    let faithful = share(entries("class").0)
    #expect(faithful.own > 30 && faithful.others == 0)
    #expect(share(entries("published").0).others > 10)
    let region = entries("class").1.gather([0], after: .init()).values
    var mean = [Double](repeating: 0, count: Oracle.teacherWidth)
    for row in 0..<Oracle.height * Oracle.width where labels[row] == 0 {
      for c in mean.indices { mean[c] += Double(taught.pointer[row * Oracle.teacherWidth + c]) }
    }
    let norm = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
    expectClose(
      actual: region.prefix(mean.count).map(Double.init), expected: mean.map { $0 / norm }, tolerance: 1e-5)
  }

  // MARK: Discriminator

  /// It learns to tell the teacher's logits from the student's, and the student's update does not touch it.
  @Test func discriminatorLearns() throws {
    let term = try #require(StepTests.rivals("skd", Small.model()).last?.term as? AdversarialTerm)
    let before = term.discriminator.parameters.map { $0.value.kernelValues }
    let step = DistillationStep(
      model: Small.model(), teacher: NetworkTeacher(StepTests.teacher), optimizer: Small.sgd,
      loss: Small.loss(), crossEntropyLabelWeight: 1, regionLabelWeight: 1,
      terms: [.init("adversarial", term)])
    let computed = try step.compute(
      Small.batches(0), at: StepMoment(iteration: 0, iterations: 9, rate: 0, seed: 7))
    #expect(term.discriminator.parameters.map { $0.value.kernelValues } == before)
    computed.apply()
    #expect(term.discriminator.parameters.map { $0.value.kernelValues } != before)
    var margins: [Double] = []
    for iteration in 1..<9 {
      let computed = try step.compute(
        Small.batches(0), at: StepMoment(iteration: iteration, iterations: 9, rate: 0, seed: 7))
      margins.append(computed.terms.last?.value ?? .nan)
      computed.apply()
    }
    // The student's rate is 0, so that its scores only fall: the value is minus their mean.
    #expect(margins[7] > margins[0], "\(margins)")
  }
}
