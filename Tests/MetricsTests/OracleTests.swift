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

  func classwise(_ order: [Int], _ kind: Scores, boundary: Bool = false) throws -> ClasswiseCalibration {
    var calibration = ClasswiseCalibration(classes: classes)
    for index in order {
      let (probabilities, label) = images[index]
      let logits = Tensor(probabilities.values.map { log($0) }, shape: probabilities.shape)
      calibration.add(
        scores: kind == .logits ? logits : probabilities, kind: kind, label: label,
        boundary: boundary ? label.values.indices.map { UInt8($0 % 3 == 0 ? 1 : 0) } : nil)
    }
    return calibration
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

  /// Every attribute of the file, worst-case forms included.
  @Test(arguments: [Scores.probabilities, .logits])
  func agreesEverywhere(kind: Scores) throws {
    let oracle = try MetricsOracle()
    let counts = try oracle.evaluation([0, 1, 2, 3, 4], kind).confusion
    let classwise = try oracle.classwise([0, 1, 2, 3, 4], kind)
    var values: [String: Double?] = [
      "Acc": counts.accuracy, "SCED": classwise.errorD(.authors), "SCEI": classwise.errorI(.authors),
    ]
    for score in ClassScore.allCases {
      let name = "m\(score.rawValue)"
      values["\(name)D"] = counts.meanD(score)?.percent
      values["\(name)I"] = counts.meanI(score)?.percent
      values["\(name)I5"] = counts.meanI(score, worst: 5)?.percent
      values["\(name)IQ"] = counts.meanOverWorstI(score)
      values["\(name)C"] = counts.meanC(score)?.percent
      values["\(name)C5"] = counts.meanC(score, worst: 5)?.percent
      values["\(name)CQ"] = counts.meanOverWorstC(score)
    }
    let names = try oracle.file.attributeNames(at: "/").filter { !$0.hasPrefix("ECE") }
    #expect(Set(names) == Set(values.keys))
    for name in names {
      expectClose((values[name] ?? nil) ?? .nan, try oracle.wanted(name), tolerance: 1e-3, name)
    }
  }

  /// Probabilities of a pixel sum to 1 and the authors' events to its accuracy, so that their SCE cannot be
  /// below (1 - accuracy) / classes.
  @Test func theAuthorsErrorHasAFloor() throws {
    let oracle = try MetricsOracle()
    let accuracy = try #require(try oracle.evaluation([0, 1, 2, 3, 4], .logits).confusion.accuracy)
    let classwise = try oracle.classwise([0, 1, 2, 3, 4], .logits)
    let floor = 10 * (100 - accuracy) / 7
    #expect(try #require(classwise.errorD(.authors)) >= floor - 1e-6)
    #expect(try #require(classwise.errorD(.textbook)) < floor)
    #expect(try #require(classwise.errorD(.textbook)) <= 2000.0 / 7)
  }

  @Test func classwiseBoundaryBinsAreThoseOfMaskedLabels() throws {
    let oracle = try MetricsOracle()
    let masked = try oracle.classwise([0, 1, 2, 3, 4], .logits, boundary: true)
    var inside = ClasswiseCalibration(classes: 7)
    for (probabilities, label) in oracle.images {
      var kept = label
      for pixel in kept.values.indices where pixel % 3 != 0 { kept.values[pixel] = LabelMap.ignore }
      inside.add(
        scores: Tensor(probabilities.values.map { log($0) }, shape: probabilities.shape), kind: .logits,
        label: kept)
    }
    for event in CalibrationEvent.allCases {
      #expect(masked.errorD(event, over: .boundary) == inside.errorD(event))
    }
    #expect(try oracle.classwise([3, 0, 4, 2, 1], .logits).errorD(.textbook) == masked.errorD(.textbook))
  }

  @Test func reliabilityIsThePooledBins() throws {
    let oracle = try MetricsOracle()
    let bins = try oracle.evaluation([0, 1, 2, 3, 4], .probabilities).calibration
    let diagram = ReliabilityDiagram(bins)
    let pixels = diagram.bins.reduce(0) { $0 + $1.pixels }
    #expect(pixels == 5 * (3072 - 256))
    let error = diagram.bins.reduce(0.0) {
      $0 + Double($1.pixels) * abs(($1.accuracy ?? 0) - ($1.confidence ?? 0))
    }
    expectClose(
      100 * error / Double(pixels), try #require(bins.expectedCalibrationErrorD), tolerance: 1e-9)
    for bin in diagram.bins where bin.pixels > 0 {
      let confidence = try #require(bin.confidence)
      #expect(confidence >= bin.lower && confidence <= bin.upper)
    }
    let mean = bins.expectedCalibrationErrors.compactMap { $0 }.reduce(0, +) / 5
    expectClose(mean, try #require(bins.expectedCalibrationErrorI?.percent), tolerance: 1e-9)
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
