import Foundation
import Kernels
import Losses
import Methods
import Models
import Tensors
import TestSupport
import Testing
import Training

/// iMAS against the same iteration put together by hand.
@Suite(.serialized) struct IMASTests {
  private static func network() -> SegmentationModel { Small.model(auxiliary: nil) }

  private static func moment(_ iteration: Int) -> StepMoment {
    StepMoment(iteration: iteration, iterations: 1000, rate: 0.01, seed: 7)
  }

  /// mean over images of g_i / pixels sum over sure pixels of -log p, from logits [B, C, h, w].
  private static func term(
    _ logits: Tensor, _ pictures: MixedPictures, _ hardness: [Double], threshold: Float
  ) -> Double {
    let (height, width) = (pictures.labels.height, pictures.labels.width)
    let pixels = height * width
    let values = Elementwise.softmax(Resize.forward(logits, height: height, width: width)).values
    var sum = 0.0
    for (image, weight) in hardness.enumerated() {
      for place in 0..<pixels {
        let at = image * pixels + place
        guard pictures.confidence[at] >= threshold else { continue }
        let label = Int(pictures.labels.values[at])
        sum -= weight * log(Double(values[(image * Small.classes + label) * pixels + place]))
      }
    }
    return sum / Double(hardness.count * pixels)
  }

  /// The values of all terms by the formula, and the same weights after the update, with a CutMix and without.
  @Test(arguments: [true, false]) func isItsFormula(_ withCutMix: Bool) throws {
    let batches = Small.batches(0)
    let (weak, strong) = (batches["unlabelled"].images, batches["unlabelled"].view("strong"))
    let network = Self.network()
    // A teacher that is not its student, sure of half of the pixels.
    let teacher = ExponentialMovingAverage(Self.network(), following: network)
    teacher.update(from: Small.model(seed: 2, auxiliary: nil), decay: 0.97)
    let said = teacher.model.predictions(weak)
    let threshold = said.confidence.sorted()[said.confidence.count / 2]
    let hardness = IMASHardness(student: network.predictions(weak), teacher: said, threshold: threshold)
    #expect(hardness.values.allSatisfy { $0 > 0.02 && $0 < 0.98 }, "\(hardness.values)")
    func mixing(_ iteration: Int) -> IMASMixing {
      IMASMixing(weak: weak, strong: strong, said: said, hardness, Self.moment(iteration))
    }
    let iteration = try #require((0..<300).first { (mixing($0).cutMixed != nil) == withCutMix })
    let mixed = mixing(iteration)

    let step = StepTests.imas(Self.network(), ["threshold": .number(Double(threshold))])
    try step.parts.first { $0.name == "average" }?.content.restore(teacher.state)
    let computed = try step.compute(batches, at: Self.moment(iteration))
    computed.apply()

    let seen =
      [batches.labelled.images, weak] + (mixed.cutMixed.map { [$0.images] } ?? []) + [mixed.strong.images]
    let joint = JointPass(network, seen, at: Self.moment(iteration))
    let supervised = try SegmentationLoss(Small.loss())(
      main: joint.logits(0), auxiliary: nil, labels: batches.labelled.labels, teacher: nil)
    let share = withCutMix ? 0.5 : 1
    // Cross entropy has weight 0.25, the main head 0.5.
    let expected = [
      ("cross_entropy", supervised.crossEntropy), ("jaccard", supervised.region),
      (
        "strong_cross_entropy",
        3 * share * 0.125
          * Self.term(joint.logits(seen.count - 1), mixed.strong, hardness.values, threshold: threshold)
      ),
      (
        "cutmix_cross_entropy",
        mixed.cutMixed.map {
          3 * share * 0.125 * Self.term(joint.logits(2), $0, hardness.values, threshold: threshold)
        } ?? 0
      ),
    ]
    #expect(computed.terms.map(\.name) == expected.map(\.0))
    for (term, other) in zip(computed.terms, expected) {
      expectClose(term.value, other.1, tolerance: 0, relative: 1e-5, term.name)
    }

    var configuration = Small.loss().withoutRegion
    configuration.crossEntropyWeight *= 3 * share
    let loss = UnlabelledLoss(configuration, dividesByAll: true, bordersOfWhole: false)
    func gradient(_ part: Int, _ pictures: MixedPictures) throws -> Tensor {
      try loss(
        joint.logits(part), pictures, threshold: threshold, imageWeights: hardness.values,
        prefix: ""
      ).gradient
    }
    var seeds = [supervised.mainGradient, Tensor(repeating: 0, shape: joint.logits(1).shape)]
    if let pictures = mixed.cutMixed { seeds.append(try gradient(2, pictures)) }
    seeds.append(try gradient(seen.count - 1, mixed.strong))
    let gradients = try #require(joint.backward(seeds))
    Small.sgd.optimizer(for: network).step(gradients, rate: 0.01)
    for (mine, theirs) in zip(step.networks[1].model.state.tensors, network.state.tensors) {
      #expect(mine.tensor.values == theirs.tensor.values, "\(mine.path)")
    }
  }

  /// Nothing is sure: every image is as hard as can be, strong views are the weak ones, and only labels teach.
  @Test func aboveEveryConfidence() throws {
    let batches = Small.batches(0)
    let step = StepTests.imas(try Self.network(), ["threshold": .number(2)])
    let computed = try step.compute(batches, at: Self.moment(0))
    #expect(computed.terms.suffix(2).allSatisfy { $0.value == 0 })
    computed.apply()

    let network = Self.network()
    let weak = batches["unlabelled"].images
    let joint = JointPass(network, [batches.labelled.images, weak, weak], at: Self.moment(0))
    let supervised = try SegmentationLoss(Small.loss())(
      main: joint.logits(0), auxiliary: nil, labels: batches.labelled.labels, teacher: nil)
    let nothing = Tensor(repeating: 0, shape: joint.logits(1).shape)
    let gradients = try #require(joint.backward([supervised.mainGradient, nothing, nothing]))
    Small.sgd.optimizer(for: network).step(gradients, rate: 0.01)
    for (mine, theirs) in zip(step.networks[1].model.state.tensors, network.state.tensors) {
      #expect(mine.tensor.values == theirs.tensor.values, "\(mine.path)")
    }
  }
}
