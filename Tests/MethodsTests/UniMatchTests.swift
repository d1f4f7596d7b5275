import Autograd
import Datasets
import Foundation
import Losses
import Methods
import Models
import Optimizers
import Schemas
import Tensors
import TestSupport
import Testing
import Training

@Suite(.serialized) struct UniMatchTests {
  static func step(
    _ model: SegmentationModel, threshold: Double, featureDropout: Double = 0.5, viewWeight: Double = 0.25,
    featureWeight: Double = 0.5, boxProbability: Double = 0.5
  ) -> UniMatchStep {
    UniMatchStep(
      Parameters(
        kind: "unimatch",
        values: [
          "threshold": .number(threshold), "feature_dropout": .number(featureDropout),
          "view_weight": .number(viewWeight), "feature_weight": .number(featureWeight),
          "box_probability": .number(boxProbability),
        ]), StepTests.setup(model))
  }

  static let terms =
    ["cross_entropy", "jaccard"]
    + ["strong_1", "strong_2", "features"].flatMap {
      ["unlabelled_\($0)_cross_entropy", "unlabelled_\($0)_jaccard"]
    }

  /// DeepLabV3+ without an auxiliary head, as the method's own network.
  static func plus(seed: UInt64 = 1, dropout: Double = 0) -> SegmentationModel {
    SegmentationModel(
      Architecture(
        backbone: .mobilenetv2,
        decoder: .deepLabV3Plus(rates: [1, 2], shortcutChannels: 8, convolutions: .plain),
        outChannels: 32, auxiliaryChannels: nil, outputStride: 16, dropout: dropout, stochasticDepth: 0),
      classes: Small.classes, seed: seed)
  }

  private static func trainer(_ step: any TrainingStep) -> Trainer {
    Trainer(
      step: step,
      schedule: PolySchedule(baseRate: 0.01, iterations: 3, warmUpRatio: 0, warmUpFloor: 0, power: 1), seed: 7
    )
  }

  private static func expectSame(_ one: SegmentationModel, _ other: SegmentationModel, _ what: String) {
    for (mine, theirs) in zip(one.weights.tensors, other.weights.tensors) {
      #expect(mine.tensor.values == theirs.tensor.values, "\(what): \(mine.path)")
    }
  }

  /// No pixel is sure enough: every unlabelled term is 0, and the step is that of half the run's loss on the labelled images
  /// of the joint pass.
  @Test(arguments: [true, false]) func nothingIsLearntFromUnsurePixels(_ isPlus: Bool) throws {
    func model() -> SegmentationModel { isPlus ? Self.plus(dropout: 0.1) : Small.model() }
    let student = model()
    let report = try Self.trainer(Self.step(student, threshold: 2)).advance(Small.batches(0))
    #expect(report.terms.dropFirst(2).allSatisfy { $0.name.hasPrefix("unlabelled_") && $0.value == 0 })

    let (plain, batch) = (model(), Small.batches(0))
    var half = Small.loss(crossEntropyWeight: 0.125)
    half.region?.weight = 0.375
    let (loss, labelled) = (SegmentationLoss(half), batch.labelled)
    let optimizer = Small.sgd.optimizer(for: plain)
    let pass = ForwardPass.training(seed: 7, iteration: 0)
    let outputs = plain.perturbed(
      Variable(constant: Tensor(joining: [labelled.images, batch["unlabelled"].images])), pass,
      featureDropout: 0.5)
    let result = try loss(
      main: outputs.main.value.images(0..<3), auxiliary: outputs.auxiliary?.value.images(0..<3),
      labels: labelled.labels, teacher: nil)
    #expect(result.terms(of: loss) == Array(report.terms.prefix(2)))
    func seed(_ variable: Variable, _ gradient: Tensor) -> (Variable, Tensor) {
      let rest: Shape = [variable.shape[0] - 3, Small.classes, variable.shape[2], variable.shape[3]]
      return (variable, Tensor(joining: [gradient, Tensor(repeating: 0, shape: rest)]))
    }
    var seeds = [seed(outputs.main, result.mainGradient)]
    if let auxiliary = outputs.auxiliary, let gradient = result.auxiliaryGradient {
      seeds.append(seed(auxiliary, gradient))
    }
    optimizer.step(try #require(pass.tape).backward(seeds), rate: 0.01)
    Self.expectSame(student, plain, "labelled gradient")
  }

  /// Without boxes the second stream changes no bit.
  @Test func withoutBoxesNothingIsPasted() throws {
    let batch = Small.batches(0)
    let other = TrainingBatch(
      batch.streams.map { name, batch in
        (name, name == UniMatchStep.pasteStream ? Small.unlabelled(9, stream: name) : batch)
      })
    func trained(_ batch: TrainingBatch, _ probability: Double) throws -> SegmentationModel {
      let model = Self.plus()
      _ = try Self.trainer(Self.step(model, threshold: 0.2, boxProbability: probability)).advance(batch)
      return model
    }
    let one = try trained(batch, 0)
    Self.expectSame(one, try trained(other, 0), "no boxes")
    let boxed = zip(try trained(batch, 1).weights.tensors, try trained(other, 1).weights.tensors)
    #expect(boxed.contains { $0.tensor.values != $1.tensor.values })
  }

  /// Inside its box an image has everything of the other stream's, padding included; outside nothing changes.
  @Test func boxes() {
    let (height, width) = (12, 20)
    func pictures(_ name: String) -> MixedPictures {
      let pixels = 3 * height * width
      let confidence = FillRule.uniform("confidence of \(name)", count: pixels).map {
        $0 < 0.2 ? Float(-1) : Float($0)
      }
      return MixedPictures(
        images: FillRule.symmetric("images of \(name)", [3, 3, height, width], bound: 1),
        labels: LabelBatch(
          count: 3, height: height, width: width,
          values: FillRule.uniform("labels of \(name)", count: pixels).map { UInt8($0 * 5) }),
        confidence: confidence)
    }
    let (target, source) = (pictures("target"), pictures("source"))
    let moment = StepMoment(iteration: 4, iterations: 9, rate: 0, seed: 3)
    func same(_ one: MixedPictures, _ other: MixedPictures) -> Bool {
      one.images.values == other.images.values && one.labels == other.labels
        && one.confidence == other.confidence
    }
    let none = UniMatchStep.pasting(into: target, from: source, view: 0, probability: 0, at: moment)
    #expect(same(none, target))
    var empty = target.copied()
    for image in 0..<3 { empty.paste(.empty, into: image, from: source, image) }
    #expect(same(empty, target))

    var boxes: [PasteBox] = []
    for view in 0..<2 {
      let mixed = UniMatchStep.pasting(into: target, from: source, view: view, probability: 1, at: moment)
      for image in 0..<3 {
        var random = RandomSource(seed: 3, purpose: "unimatch boxes", 4, view * 3 + image)
        _ = random.uniform()
        let box = PasteBox.inside(height: height, width: width, using: &random)
        boxes.append(box)
        let area = Double(box.rows.count * box.columns.count) / Double(height * width)
        #expect(area <= 0.4 && box.rows.upperBound <= height && box.columns.upperBound <= width)
        for row in 0..<height {
          for column in 0..<width {
            let origin = box.rows.contains(row) && box.columns.contains(column) ? source : target
            let at = (image * height + row) * width + column
            #expect(mixed.labels.values[at] == origin.labels.values[at])
            #expect(mixed.confidence[at] == origin.confidence[at])
            for c in 0..<3 {
              let place = ((image * 3 + c) * height + row) * width + column
              #expect(mixed.images.pointer[place] == origin.images.pointer[place])
            }
          }
        }
      }
    }
    #expect(Set(boxes.map { "\($0)" }).count == 6)
  }

  /// A sum over sure pixels that are shown, divided by all that are shown.
  @Test func crossEntropyIsDividedByShownPixels() throws {
    let (count, height, width) = (2, 3, 4)
    let logits = FillRule.symmetric("logits", [count, Small.classes, height, width], bound: 2)
    let said = Predictions(logits: logits, height: height, width: width)
    let shown = (0..<count * height * width).map { UInt8($0 % 5 == 0 ? 0 : 1) }
    let sure = SureLabels(said, shown: shown)
    var loss = Small.loss(crossEntropyWeight: 1)
    loss.region = nil
    let threshold: Float = 0.5
    let result = try PseudoLabelLoss(loss, weight: 3, prefix: "p_")(logits, sure, threshold: threshold)
    let expected = said.confidence.indices.reduce(0.0) {
      $0 + (shown[$1] == 1 && said.confidence[$1] >= threshold ? -log(Double(said.confidence[$1])) : 0)
    }
    let kept = said.confidence.indices.count { shown[$0] == 1 && said.confidence[$0] >= threshold }
    #expect(kept > 2 && kept < shown.count { $0 == 1 })
    // The main head's weight is 0.5.
    #expect(result.terms.map(\.name) == ["p_cross_entropy"])
    expectClose(
      result.terms[0].value, 1.5 * expected / Double(shown.count { $0 == 1 }), tolerance: 1e-6)
    // Padding counts for nothing, whatever the threshold.
    let none = try PseudoLabelLoss(loss, weight: 1, prefix: "")(
      logits, SureLabels(said, shown: shown.map { _ in 0 }), threshold: 0)
    #expect(none.terms[0].value == 0 && none.gradient.values.allSatisfy { $0 == 0 })
  }

  /// A network without dropout, undisturbed: the terms are the run's loss on its own labels, the views' in the same places.
  @Test func termsAreThoseOfTheFormula() throws {
    let (model, batch) = (Self.plus(), Small.batches(0))
    let report = try Self.trainer(
      Self.step(model, threshold: 0, featureDropout: 0, viewWeight: 0.25, featureWeight: 0.5)
    ).advance(batch)
    #expect(report.terms.map(\.name) == Self.terms)
    // Two views of equal images without boxes are equal.
    let unlabelled = batch["unlabelled"]
    let twins = Batch(
      images: unlabelled.images, labels: unlabelled.labels, ids: unlabelled.ids,
      views: ["strong_1", "strong_2"].map { ($0, unlabelled.view("strong_1")) }, shown: unlabelled.shown)
    let twin = TrainingBatch(batch.streams.map { ($0.name, $0.name == "unlabelled" ? twins : $0.batch) })
    let terms = try Self.trainer(
      Self.step(Self.plus(), threshold: 0, featureDropout: 0, boxProbability: 0)
    ).advance(twin).terms.map(\.value)
    expectClose(terms[2], terms[4], tolerance: 1e-6)
    expectClose(terms[3], terms[5], tolerance: 1e-6)
    #expect(terms.allSatisfy { $0 > 0 })
  }
}
