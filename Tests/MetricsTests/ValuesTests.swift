import Metrics
import Tensors
import TestSupport
import Testing

/// Named numbers from counts, and counts that are none.
@Suite(.serialized)
struct ValuesTests {
  private let names = ["road", "traffic light", "sky", "void"]

  /// Three images [5, 9] of four classes; the last class is nowhere, some pixels are ignored.
  private func evaluation() throws -> Evaluation {
    var random = RandomSource(seed: 4, purpose: "values")
    var evaluation = Evaluation(classes: 4)
    for _ in 0..<3 {
      let label = LabelMap(
        height: 5, width: 9, values: (0..<45).map { _ in random.below(6) == 0 ? 255 : UInt8(random.below(3)) }
      )
      var scores = (0..<4 * 45).map { _ in Float(random.uniform(-3, 3)) }
      for pixel in 0..<45 { scores[3 * 45 + pixel] = -9 }
      try evaluation.add(
        scores: Tensor(scores, shape: [4, 5, 9]), label: label,
        boundary: (0..<45).map { _ in UInt8(random.below(2)) })
    }
    return evaluation
  }

  @Test func eachNameIsItsMetric() throws {
    let evaluation = try evaluation()
    let values = evaluation.values(classNames: names)
    let counts = evaluation.confusion
    let wanted: [String: Double?] = [
      "accuracy": counts.accuracy, "macc": counts.meanD(.accuracy)?.percent,
      "macc_i": counts.meanI(.accuracy)?.percent, "macc_c": counts.meanC(.accuracy)?.percent,
      "miou": counts.meanIoUD()?.percent, "miou_i": counts.meanIoUI?.percent,
      "miou_c": counts.meanIoUC?.percent,
      "mdice": counts.meanD(.dice)?.percent, "mdice_i": counts.meanI(.dice)?.percent,
      "mdice_c": counts.meanC(.dice)?.percent,
      "miou_occurring": counts.meanIoUD(over: .labelled)?.percent, "classes": 3, "classes_occurring": 3,
      "ece": evaluation.calibration.expectedCalibrationErrorD,
      "bece": evaluation.boundaryCalibration.expectedCalibrationErrorD,
      "ece_i": evaluation.calibration.expectedCalibrationErrorI?.percent,
      "bece_i": evaluation.boundaryCalibration.expectedCalibrationErrorI?.percent,
      "sce": evaluation.classwise.errorD(.authors), "sce_textbook": evaluation.classwise.errorD(.textbook),
      "bsce": evaluation.classwise.errorD(.authors, over: .boundary),
      "bsce_textbook": evaluation.classwise.errorD(.textbook, over: .boundary),
      "iou.road": counts.classIoU[0], "iou.traffic_light": counts.classIoU[1], "iou.sky": counts.classIoU[2],
    ]
    #expect(Set(values.keys) == Set(wanted.keys))
    for (name, value) in wanted { #expect(values[name] == value, "\(name)") }
    #expect(
      Set(["sce", "bsce", "sce_textbook", "bsce_textbook", "ece", "bece"].map { values[$0] }).count == 6)
  }

  @Test func nothingCountedHasNoValues() {
    #expect(Evaluation(classes: 4).values(classNames: names).isEmpty)
    #expect(Evaluation(classes: 4).contradiction == nil)
  }

  @Test func storedBinsAreTheSame() throws {
    let evaluation = try evaluation()
    let old = evaluation.classwise
    let fields = ClasswiseCalibration.Field.allCases.map { old.values(of: $0) }
    #expect(fields.allSatisfy { $0.count == 3 * 2 * 4 * 10 })
    let read = ClasswiseCalibration(classes: 4, fields: fields, hasIgnored: old.hasIgnored)
    #expect(read == old)
    // Every labelled pixel is in one bin of every class; pixels of the class are a part of them.
    let labelled = evaluation.calibration.count.reduce(0, +)
    for index in 0..<4 {
      let inBins = (0..<3).flatMap { image in
        let first = ((image * 2 + 0) * 4 + index) * 10
        return fields[0][first..<first + 10]
      }
      #expect(inBins.reduce(0, +) == labelled)
    }
    #expect(
      zip(fields[2], fields[0]).allSatisfy { $0 <= $1 } && zip(fields[3], fields[2]).allSatisfy { $0 <= $1 })
    #expect(evaluation.contradiction == nil)
  }
}
