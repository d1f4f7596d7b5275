import Datasets
import JSON
import Losses
import Methods
import Models
import Tensors
import TestSupport
import Testing
import Training

/// Laws of the semi-supervised steps, against the same iterations put together by hand.
@Suite(.serialized) struct SemiSupervisedLawTests {
  private static func moment(_ iteration: Int = 0, of iterations: Int = 8) -> StepMoment {
    StepMoment(iteration: iteration, iterations: iterations, rate: 0.01, seed: 7)
  }

  private static func network() -> SegmentationModel { Small.model(auxiliary: nil) }

  /// Weights and running statistics.
  private func expectSameBits(_ one: SegmentationModel, _ other: SegmentationModel, _ what: String = "") {
    for (mine, theirs) in zip(one.state.tensors, other.state.tensors) {
      #expect(mine.path == theirs.path && mine.tensor.values == theirs.tensor.values, "\(what) \(mine.path)")
    }
  }

  /// AugSeg's first mixing of a new network, whose average is itself.
  private static func mixed(_ network: SegmentationModel, _ batches: TrainingBatch) -> MixedPictures {
    let unlabelled = batches["unlabelled"]
    return AugSegMixing(
      labelled: batches.labelled, strong: unlabelled.view("strong"),
      said: network.predictions(unlabelled.images), moment()
    ).pictures
  }

  /// Nothing is sure: the unlabelled images are seen, for the batch's statistics, and nothing is learned from them.
  @Test func augSegAboveEveryConfidence() throws {
    let batches = Small.batches(0)
    let step = StepTests.augSeg(Self.network(), ["threshold": .number(1.5)])
    let computed = try step.compute(batches, at: Self.moment())
    #expect(computed.terms[1] == LossTerm("unlabelled_cross_entropy", 0))
    computed.apply()

    let network = Self.network()
    let images = Self.mixed(network, batches).images
    let joint = JointPass(network, [batches.labelled.images, images], at: Self.moment())
    let loss = SegmentationLoss(Small.loss().withoutRegion)
    let result = try loss(
      main: joint.logits(0), auxiliary: nil, labels: batches.labelled.labels, teacher: nil)
    #expect(computed.terms[0].value == result.crossEntropy)
    let gradients = try #require(
      joint.backward([result.mainGradient, Tensor(repeating: 0, shape: joint.logits(1).shape)]))
    Small.sgd.optimizer(for: network).step(gradients, rate: 0.01)
    expectSameBits(step.networks[1].model, network)
  }

  /// Every term of JML-SSL's formula from its unweighted one:
  /// 0.25 (0.5 CE_S + 0.5 CE_U) + 0.75 (0.5 JML_S + 0.5 JML_U), and half of CE for the main head's weight.
  @Test(arguments: [(0.5, 0.5), (1.5, 0.25)]) func termsOfJMLSSL(_ labelled: Double, _ unlabelled: Double)
    throws
  {
    let batches = Small.batches(0)
    let step = StepTests.jmlSSL(
      Self.network(), ["labelled_weight": .number(labelled), "unlabelled_weight": .number(unlabelled)])
    let terms = try step.compute(batches, at: Self.moment()).terms

    let network = Self.network()
    let mixed = Self.mixed(network, batches)
    let joint = JointPass(network, [batches.labelled.images, mixed.images], at: Self.moment())
    var unit = StepTests.smoothed
    unit.crossEntropyWeight = 1
    unit.mainWeight = 1
    unit.region?.weight = 1
    let loss = SegmentationLoss(unit)
    var kept = mixed.labels
    for at in kept.values.indices where mixed.confidence[at] < Float(StepTests.sureFrom) {
      kept.values[at] = LabelMap.ignore
    }
    let share = Double(kept.values.count { $0 != LabelMap.ignore }) / Double(kept.values.count)
    #expect(share > 0 && share < 1, "\(share) of the pixels are sure")
    let onLabelled = try loss(
      main: joint.logits(0), auxiliary: nil, labels: batches.labelled.labels, teacher: nil)
    let onUnlabelled = try loss(
      main: joint.logits(1), auxiliary: nil, labels: kept, teacher: nil, bordersOf: mixed.labels)
    let expected = [
      ("cross_entropy", labelled * 0.25 * 0.5 * onLabelled.crossEntropy),
      ("jaccard", labelled * 0.75 * onLabelled.region),
      ("unlabelled_cross_entropy", unlabelled * 0.25 * 0.5 * share * onUnlabelled.crossEntropy),
      ("unlabelled_jaccard", unlabelled * 0.75 * onUnlabelled.region),
    ]
    #expect(terms.map(\.name) == expected.map(\.0))
    for (term, other) in zip(terms, expected) {
      expectClose(term.value, other.1, tolerance: 0, relative: 1e-9, term.name)
    }
  }

  /// AugSeg is JML-SSL without region terms and smoothing.
  @Test func jmlSSLHoldsAugSeg() throws {
    let plain: [String: JSONValue] = [
      "labelled_weight": .number(1), "unlabelled_weight": .number(1), "labelled_region": .bool(false),
      "unlabelled_region": .bool(false), "unlabelled_smoothing": .bool(false),
    ]
    let steps = [
      StepTests.augSeg(Self.network()),
      StepTests.augSeg(Self.network(), plain, loss: Small.loss().withoutRegion),
    ]
    let terms = try steps.map { step in
      let computed = try step.compute(Small.batches(0), at: Self.moment())
      computed.apply()
      return computed.terms
    }
    #expect(terms[0] == terms[1])
    expectSameBits(steps[0].networks[1].model, steps[1].networks[1].model)
  }

  @Test func labelledOnlyIsSupervisedTraining() throws {
    #expect(LabelledOnlyStep.streams(.init(kind: "labelled_only", values: [:])).isEmpty)
    let (alone, supervised) = (StepTests.trainer(.labelledOnly), StepTests.trainer(.supervised))
    #expect(alone.step.networks.map(\.name) == ["student"])
    while !alone.isFinished {
      // Whatever other streams there are.
      let batch = Small.batches(alone.iteration)
      let reports = [
        try alone.advance(TrainingBatch([("labelled", batch.labelled)])), try supervised.advance(batch),
      ]
      #expect(reports[0].terms == reports[1].terms)
    }
    #expect(StepTests.bits(alone) == StepTests.bits(supervised))
  }

  /// Streams and views that steps ask for are those that their experiment files' keys make.
  @Test func streamsAndViews() {
    let augSeg = AugSegStep.streams(.init(kind: "augseg", values: ["maximum_operations": .int(3)]))
    #expect(
      augSeg == [UnlabelledStream("unlabelled", views: [NamedView("strong", .augSeg(maximumOperations: 3))])])
    let imas = IMASStep.streams(.init(kind: "imas", values: ["operations": .int(2)]))
    #expect(imas == [UnlabelledStream("unlabelled", views: [NamedView("strong", .imas(operations: 2))])])
    #expect(SemiSupervisedSteps.all.map { $0.schema.kind }.starts(with: ["labelled_only", "self_training"]))
  }
}

extension SegmentationLoss.Configuration {
  var withoutRegion: SegmentationLoss.Configuration {
    var other = self
    other.region = nil
    return other
  }
}
