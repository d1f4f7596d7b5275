import Foundation
import HDF5
import Metrics
import Tensors
import TestSupport
import Testing

/// Five images of 7 classes with the metrics that the authors' classes give for them.
struct MetricsOracle {
  let classes = 7
  let images: [(probabilities: Tensor, label: LabelMap)]
  let file: HDF5File

  init() throws {
    file = try Fixture.hdf5("metrics.h5", in: .module)
    let shape = try file.shape("prob")
    let probabilities = try file.floats("prob")
    // The file marks ignored pixels with the number of classes.
    let labels = try file.bytes("label").map { $0 == 7 ? LabelMap.ignore : $0 }
    let (height, width) = (shape[2], shape[3])
    let pixels = height * width
    images = (0..<shape[0]).map { image in
      (
        Tensor(
          Array(probabilities[image * 7 * pixels..<(image + 1) * 7 * pixels]), shape: [7, height, width]),
        LabelMap(height: height, width: width, values: Array(labels[image * pixels..<(image + 1) * pixels]))
      )
    }
  }

  func wanted(_ name: String) throws -> Double { try file.attribute(double: name) }

  func evaluation(_ order: [Int], _ kind: Scores, boundary: Bool = false) throws -> Evaluation {
    var evaluation = Evaluation(classes: classes)
    for index in order {
      let (probabilities, label) = images[index]
      var scores = probabilities
      if kind == .logits {
        scores = Tensor(probabilities.values.map { log($0) }, shape: probabilities.shape)
      }
      let mask = boundary ? label.values.indices.map { UInt8($0 % 3 == 0 ? 1 : 0) } : nil
      try evaluation.add(scores: scores, kind: kind, label: label, boundary: mask)
    }
    return evaluation
  }
}

@Suite(.serialized)
struct OracleTests {
  @Test(arguments: [Scores.probabilities, .logits])
  func agreesWithTheAuthorsMetrics(kind: Scores) throws {
    let oracle = try MetricsOracle()
    let evaluation = try oracle.evaluation([0, 1, 2, 3, 4], kind)
    let counts = evaluation.confusion
    // Within 1e-3 of a point: the oracle's own sums are in float32.
    expectClose(counts.accuracy ?? .nan, try oracle.wanted("Acc"), tolerance: 1e-3, "Acc")
    expectClose(counts.meanIoUD()?.percent ?? .nan, try oracle.wanted("mIoUD"), tolerance: 1e-3, "mIoUD")
    expectClose(counts.meanIoUI?.percent ?? .nan, try oracle.wanted("mIoUI"), tolerance: 1e-3, "mIoUI")
    expectClose(counts.meanIoUC?.percent ?? .nan, try oracle.wanted("mIoUC"), tolerance: 1e-3, "mIoUC")
    let calibration = evaluation.calibration
    expectClose(
      calibration.expectedCalibrationErrorD ?? .nan, try oracle.wanted("ECED"), tolerance: 1e-3, "ECED")
    expectClose(
      calibration.expectedCalibrationErrorI?.percent ?? .nan, try oracle.wanted("ECEI"), tolerance: 1e-3,
      "ECEI")
    #expect(counts.meanIoUD()?.count == 7)
    #expect(counts.meanIoUI?.count == 5)
  }

  @Test func theFastPathCountsWhatTheMapsSay() throws {
    let oracle = try MetricsOracle()
    var slow = ConfusionCounts(classes: 7)
    var fast = Evaluation(classes: 7)
    for (probabilities, label) in oracle.images {
      let prediction = try fast.add(scores: probabilities, kind: .probabilities, label: label)
      let values = probabilities.values
      let pixels = label.values.count
      for pixel in 0..<pixels {
        let column = (0..<7).map { values[$0 * pixels + pixel] }
        #expect(column[Int(prediction.values[pixel])] == column.max())
      }
      try slow.add(prediction: prediction, label: label)
    }
    #expect(slow == fast.confusion)
  }

  @Test func orderOfImagesChangesNothing() throws {
    let oracle = try MetricsOracle()
    let one = try oracle.evaluation([0, 1, 2, 3, 4], .logits, boundary: true)
    let other = try oracle.evaluation([3, 0, 4, 2, 1], .logits, boundary: true)
    #expect(one.confusion.accuracy == other.confusion.accuracy)
    #expect(one.confusion.meanIoUD() == other.confusion.meanIoUD())
    #expect(one.confusion.classIoU == other.confusion.classIoU)
    #expect(one.calibration.expectedCalibrationErrorD == other.calibration.expectedCalibrationErrorD)
    #expect(
      one.boundaryCalibration.expectedCalibrationErrorD == other.boundaryCalibration.expectedCalibrationErrorD
    )
  }

  @Test func boundaryBinsAreTheBinsOfMaskedLabels() throws {
    let oracle = try MetricsOracle()
    let masked = try oracle.evaluation([0, 1, 2, 3, 4], .logits, boundary: true)
    var inside = Evaluation(classes: 7)
    for (probabilities, label) in oracle.images {
      var kept = label
      for pixel in kept.values.indices where pixel % 3 != 0 { kept.values[pixel] = LabelMap.ignore }
      let logits = Tensor(probabilities.values.map { log($0) }, shape: probabilities.shape)
      try inside.add(scores: logits, label: kept)
    }
    #expect(masked.boundaryCalibration == inside.calibration)
    #expect(inside.boundaryCalibration.count.allSatisfy { $0 == 0 })
  }
}
