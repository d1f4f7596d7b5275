import Foundation
import Metrics
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct EdgeTests {
  /// Probabilities of two classes for a row of pixels, the first class getting the given ones.
  private func row(_ first: [Float]) -> Tensor {
    Tensor(first + first.map { 1 - $0 }, shape: [2, 1, first.count])
  }

  @Test func binsAreLeftClosedAndOneIsInTheLast() throws {
    let confidences: [Float] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 0.99999994, Float(0.7).nextDown, 0.55]
    var evaluation = Evaluation(classes: 2)
    try evaluation.add(
      scores: row(confidences), kind: .probabilities,
      label: LabelMap(height: 1, width: 9, values: [UInt8](repeating: 0, count: 9)))
    #expect(evaluation.calibration.count == [0, 0, 0, 0, 0, 2, 2, 1, 1, 3])
    #expect(evaluation.calibration.correct == evaluation.calibration.count)
    #expect(evaluation.calibration.confidence[5] == Double(Float(0.5)) + Double(Float(0.55)))
  }

  @Test func tiesGoToTheLowestClassAndCertaintyIsExact() throws {
    var evaluation = Evaluation(classes: 3)
    let prediction = try evaluation.add(
      scores: Tensor([2, 0, 1, 2, 200, 1, 2, 0, 1], shape: [1, 3, 1, 3]),
      label: LabelMap(height: 1, width: 3, values: [0, 1, 2]))
    #expect(prediction.values == [0, 1, 0])
    #expect(evaluation.calibration.confidence.last == 1)
    #expect(evaluation.confusion.truePositives == [1, 1, 0])
    #expect(evaluation.confusion.falsePositives == [1, 0, 0])
    #expect(evaluation.confusion.falseNegatives == [0, 0, 1])
  }

  @Test func softmaxAgreesWithDoublePrecision() throws {
    var random = RandomSource(seed: 5, purpose: "softmax")
    let (classes, height, width) = (19, 37, 41)
    let logits = (0..<classes * height * width).map { _ in Float(random.uniform(-30, 30)) }
    var evaluation = Evaluation(classes: classes)
    let label = LabelMap(height: height, width: width, repeating: 3)
    try evaluation.add(scores: Tensor(logits, shape: [classes, height, width]), label: label)
    var wanted = 0.0
    for pixel in 0..<height * width {
      let column = (0..<classes).map { Double(logits[$0 * height * width + pixel]) }
      let top = column.max() ?? 0
      wanted += 1 / column.reduce(0) { $0 + exp($1 - top) }
    }
    expectClose(
      evaluation.calibration.confidence.reduce(0, +), wanted, tolerance: 0, relative: 2e-7,
      "sum of confidence")
    #expect(evaluation.calibration.count.reduce(0, +) == Int64(height * width))
  }

  /// Several tiles with a remainder, ignored pixels, a boundary: one pass counts what a plain loop in double
  /// precision counts, and what two passes count.
  @Test(arguments: [Scores.logits, .probabilities])
  func classwiseBinsAgreeWithDoublePrecision(_ kind: Scores) throws {
    var random = RandomSource(seed: 6, purpose: "classwise")
    let (classes, height, width) = (5, 37, 61)
    let pixels = height * width
    var logits = (0..<classes * pixels).map { _ in Float(random.uniform(-4, 4)) }
    let label = LabelMap(
      height: height, width: width,
      values: (0..<pixels).map { _ in random.below(7) == 0 ? LabelMap.ignore : UInt8(random.below(classes)) })
    let boundary = (0..<pixels).map { _ in UInt8(random.below(2)) }
    let softmax = (0..<pixels).map { pixel in
      let powers = (0..<classes).map { exp(Double(logits[$0 * pixels + pixel])) }
      return powers.map { $0 / powers.reduce(0, +) }
    }
    if kind == .probabilities {
      for index in logits.indices { logits[index] = Float(softmax[index % pixels][index / pixels]) }
    }
    let scores = Tensor(logits, shape: [classes, height, width])
    var evaluation = Evaluation(classes: classes)
    try evaluation.add(scores: scores, kind: kind, label: label, boundary: boundary)
    let together = evaluation.classwise
    var apart = ClasswiseCalibration(classes: classes)
    apart.add(scores: scores, kind: kind, label: label, boundary: boundary)
    #expect(together == apart)

    for set in ClasswiseCalibration.Pixels.allCases {
      let chosen = (0..<pixels).filter {
        label.values[$0] != LabelMap.ignore && (set == .all || boundary[$0] != 0)
      }
      for event in CalibrationEvent.allCases {
        var wanted = 0.0
        for index in 0..<classes {
          var bins = [Double](repeating: 0, count: 10)
          for pixel in chosen {
            let p = softmax[pixel]
            let isTop = p.allSatisfy { $0 <= p[index] }
            let happened = Int(label.values[pixel]) == index && (event == .textbook || isTop)
            bins[min(9, Int(p[index] * 10))] += (happened ? 1 : 0) - p[index]
          }
          wanted += bins.reduce(0) { $0 + abs($1) } / Double(chosen.count)
        }
        let found = try #require(together.errorD(event, over: set))
        expectClose(found, 1000 * wanted / Double(classes), tolerance: 1e-3, relative: 0, "\(event) \(set)")
      }
    }
  }

  @Test func absentClassesAreSkippedAndReported() throws {
    var counts = ConfusionCounts(classes: 5)
    // Class 2 is only predicted; 3 and 4 occur nowhere.
    try counts.add(
      prediction: LabelMap(height: 1, width: 5, values: [0, 0, 1, 2, 4]),
      label: LabelMap(height: 1, width: 5, values: [0, 1, 1, 0, 255]))
    #expect(counts.classIoU.map { $0 == nil } == [false, false, false, true, true])
    #expect(counts.meanIoUD()?.count == 3)
    expectClose(counts.meanIoUD()?.percent ?? .nan, 100 * (1.0 / 3 + 0.5 + 0) / 3, tolerance: 1e-12)
    #expect(counts.meanIoUD(over: .labelled)?.count == 2)
    expectClose(
      counts.meanIoUD(over: .labelled)?.percent ?? .nan, 100 * (1.0 / 3 + 0.5) / 2, tolerance: 1e-12)
    #expect(counts.accuracy == 50)
  }

  /// Four images of two classes by hand: IoU of class 0 is 1, 1/2, 0 and absent.
  @Test func worstCasesByHand() throws {
    var counts = ConfusionCounts(classes: 2)
    for (guess, truth) in [([0, 0], [0, 0]), ([0, 1], [0, 0]), ([1, 1], [0, 0]), ([1, 1], [1, 1])] {
      try counts.add(
        prediction: LabelMap(height: 1, width: 2, values: guess.map { UInt8($0) }),
        label: LabelMap(height: 1, width: 2, values: truth.map { UInt8($0) }))
    }
    func close(_ mean: Mean?, _ percent: Double) {
      expectClose(mean?.percent ?? .nan, percent, tolerance: 1e-12)
    }
    close(counts.meanI(.iou), 62.5)
    close(counts.meanI(.iou, worst: 5), 0)
    close(counts.meanI(.iou, worst: 50), 25)
    close(counts.meanI(.iou, worst: 75), 50)
    close(counts.meanC(.iou), (50.0 + 100) / 2)
    close(counts.meanC(.iou, worst: 70), (25.0 + 100) / 2)
    close(counts.meanI(.dice), 100 * (1 + 2.0 / 3 + 0 + 1) / 4)
    close(counts.meanD(.accuracy), (50.0 + 100) / 2)
    close(counts.meanD(.dice), 100 * (6.0 / 9 + 4.0 / 7) / 2)
    expectClose(
      counts.meanOverWorstI(.iou) ?? .nan, (0 + 0 + 0 + 0 + 25 + 25 + 25 + 50 + 50 + 62.5) / 10,
      tolerance: 1e-12)
  }

  @Test func nothingLabelledHasNoValue() throws {
    var evaluation = Evaluation(classes: 2)
    try evaluation.add(scores: row([0.5, 0.25]), kind: .probabilities, label: LabelMap(height: 1, width: 2))
    #expect(evaluation.confusion.accuracy == nil)
    #expect(evaluation.confusion.meanIoUD() == nil && evaluation.confusion.meanIoUI == nil)
    #expect(evaluation.calibration.expectedCalibrationErrorD == nil)
    #expect(evaluation.calibration.expectedCalibrationErrorI == nil)
    #expect(evaluation.confusion.images == 1)
  }

  @Test(arguments: [Float.nan, .infinity])
  func scoresThatAreNotFiniteThrowAndAddNothing(value: Float) throws {
    for place in 0..<3 {
      var logits: [Float] = [1, 2, 3]
      logits[place] = value
      var evaluation = Evaluation(classes: 3)
      #expect(throws: MetricsError.notFinite(pixels: 1)) {
        try evaluation.add(
          scores: Tensor(logits, shape: [3, 1, 1]), label: LabelMap(height: 1, width: 1, values: [0]))
      }
      #expect(evaluation == Evaluation(classes: 3))
      #expect(throws: MetricsError.notFinite(pixels: 1)) {
        try evaluation.add(
          scores: Tensor(logits.map { $0 / 6 }, shape: [3, 1, 1]), kind: .probabilities,
          label: LabelMap(height: 1, width: 1, values: [0]))
      }
      // An ignored pixel is nobody's business.
      try evaluation.add(scores: Tensor(logits, shape: [3, 1, 1]), label: LabelMap(height: 1, width: 1))
    }
  }

  @Test func labelsThatAreNoClassThrow() throws {
    var evaluation = Evaluation(classes: 2)
    #expect(throws: MetricsError.badLabels(pixels: 1, classes: 2)) {
      try evaluation.add(
        scores: row([0.5, 0.5]), kind: .probabilities, label: LabelMap(height: 1, width: 2, values: [2, 1]))
    }
    var counts = ConfusionCounts(classes: 2)
    #expect(throws: MetricsError.notAClass(value: 9, classes: 2, what: "prediction")) {
      try counts.add(
        prediction: LabelMap(height: 1, width: 1, values: [9]),
        label: LabelMap(height: 1, width: 1, values: [1]))
    }
  }

  @Test func aLargeImageGivesTheSameTwice() throws {
    var random = RandomSource(seed: 1, purpose: "large")
    let (classes, height, width) = (19, 515, 1027)
    let logits = Tensor(uninitialized: [classes, height, width])
    for index in 0..<logits.shape.count { logits.pointer[index] = Float(random.uniform(-4, 4)) }
    let values = (0..<height * width).map { _ in UInt8(random.below(classes)) }
    let label = LabelMap(height: height, width: width, values: values)
    var one = Evaluation(classes: classes)
    var two = Evaluation(classes: classes)
    let clock = ContinuousClock()
    let prediction = try one.add(scores: logits, label: label)
    let time = try clock.measure { _ = try two.add(scores: logits, label: label) }
    print("evaluate 19 x 515 x 1027: \(time)")
    #expect(one == two)
    var slow = ConfusionCounts(classes: classes)
    try slow.add(prediction: prediction, label: label)
    #expect(slow == one.confusion)
  }
}
