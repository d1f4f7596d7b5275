import ArgumentParser
import Experiments
import Figures
import Foundation
import JSON
import Losses
import Metrics
import Tensors

struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Computes every metric of predictions and labels in an HDF5 file.",
    discussion: """
      Reads /prob [N, C, H, W] (floats, 0...1) or /logits, and /label [N, H, W] (uint8), image by image.

      Acc, mAcc, mIoU, mDice and ECE are in percent, SCE in per mille. D: counts pooled over images. I: per \
      image, then their mean. C: per class over images, then over classes. A number q after I or C: over \
      the worst q percent of images; Q: the mean of that over q = 10, 20, ..., 100. BECE, BSCE: over \
      boundary pixels, those whose window of --boundary-kernel pixels holds another class and no ignored \
      pixel. The event of SCE at a pixel is "label and prediction are the class" as in the authors' code; \
      in ..._textbook it is "the label is the class". Classes in no label and no prediction are skipped.

      Example: jml metrics --input predictions.h5 --json
      """)

  @Option(help: "HDF5 file to read.")
  var input: String

  @Option(help: "Label to leave out. Default: 255, and the number of classes.")
  var ignoreIndex: UInt8?

  @Option(help: "Window of boundary pixels, odd.")
  var boundaryKernel = 3

  @Option(help: "q of the worst-case forms, percent.")
  var worst = 5

  @Option(
    help: "Folder for the reliability diagrams of all and of boundary pixels, as SVG and PNG. Default: none.")
  var diagrams: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard boundaryKernel >= 3, boundaryKernel % 2 == 1, boundaryKernel <= 8191 else {
      throw ValidationError("--boundary-kernel \(boundaryKernel): an odd number, 3 to 8191, is allowed")
    }
    guard (1...99).contains(worst) else { throw ValidationError("--worst \(worst): 1 to 99 are allowed") }
  }

  func run() throws {
    let report = try TensorFile.reading { try count() }
    if let diagrams { try draw(report.evaluation, URL(fileURLWithPath: diagrams)) }
    guard json else {
      Console.out(report.text(worst: worst))
      return
    }
    Console.out(report.json(worst: worst, boundaryKernel: boundaryKernel))
  }

  private func draw(_ evaluation: Evaluation, _ folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, title, bins) in [
      ("reliability", "all pixels", evaluation.calibration),
      ("reliability_boundary", "boundary pixels", evaluation.boundaryCalibration),
    ] {
      let drawing = ReliabilityChart.drawing(ReliabilityDiagram(bins), title: title)
      for file in try drawing.write(to: folder, name: name) { Console.say("wrote \(file.relativePath)") }
    }
  }

  private func count() throws -> MetricsReport {
    let file = try TensorFile(input)
    let (hasProbabilities, hasLogits) = (file.has("prob"), file.has("logits"))
    guard hasProbabilities || hasLogits else {
      throw TensorFileError.missing(path: input, wanted: "'/prob' and no '/logits'")
    }
    let name = hasProbabilities ? "prob" : "logits"
    let shape = try file.shape(name, axes: "NCHW")
    guard (2...255).contains(shape[1]) else {
      throw TensorFileError.badShape(
        path: input, dataset: name, found: shape, wanted: "[N, C, H, W] of 2 to 255 classes")
    }
    let (classes, height, width) = (shape[1], shape[2], shape[3])
    let labelShape = try file.shape("label", axes: "NHW")
    try file.require("label", labelShape, equals: [shape[0], height, width], of: name)
    let rule = IgnoreRule(index: ignoreIndex)
    let boundary = BoundaryLabelSmoothing(kernel: boundaryKernel, epsilon: 0, classes: classes)
    var report = MetricsReport(classes: classes)
    for image in 0..<shape[0] {
      var values = try file.file.floats(name, slice: image)
      if hasProbabilities {
        values = try file.probabilities(name, values, [classes, height, width], first: [image])
      } else {
        try file.checkFinite(name, values, [classes, height, width], first: [image])
      }
      let labels = try file.file.bytes("label", slice: image)
      try file.check(
        "label", labels, [height, width], first: [image], wanted: rule.wanted(classes: classes)
      ) { Int($0) < classes || rule.ignores($0, classes: classes) }
      let label = LabelMap(height: height, width: width, values: rule.apply(labels, classes: classes))
      let mask = boundary.boundary(label).values
      let scores = Tensor(values, shape: [classes, height, width])
      let kind: Scores = hasProbabilities ? .probabilities : .logits
      try report.evaluation.add(scores: scores, kind: kind, label: label, boundary: mask)
      report.ignoredPixels += label.values.count { $0 == LabelMap.ignore }
    }
    return report
  }
}

/// What was counted, and its names.
struct MetricsReport {
  var evaluation: Evaluation
  var ignoredPixels = 0

  init(classes: Int) { evaluation = Evaluation(classes: classes) }

  /// In the order of the human-readable report; nil for a metric without value.
  private func values(worst: Int) -> [(name: String, value: Double?)] {
    let counts = evaluation.confusion
    var values: [(String, Double?)] = [("Acc", counts.accuracy)]
    for score in ClassScore.allCases {
      let name = "m\(score.rawValue)"
      values += [
        ("\(name)D", counts.meanD(score)?.percent), ("\(name)I", counts.meanI(score)?.percent),
        ("\(name)I\(worst)", counts.meanI(score, worst: worst)?.percent),
        ("\(name)IQ", counts.meanOverWorstI(score)), ("\(name)C", counts.meanC(score)?.percent),
        ("\(name)C\(worst)", counts.meanC(score, worst: worst)?.percent),
        ("\(name)CQ", counts.meanOverWorstC(score)),
      ]
    }
    for (name, bins) in [("ECE", evaluation.calibration), ("BECE", evaluation.boundaryCalibration)] {
      values += [
        ("\(name)D", bins.expectedCalibrationErrorD), ("\(name)I", bins.expectedCalibrationErrorI?.percent),
      ]
    }
    for (name, pixels) in [("SCE", ClasswiseCalibration.Pixels.all), ("BSCE", .boundary)] {
      for (suffix, event) in [("", CalibrationEvent.authors), ("_textbook", .textbook)] {
        values += [
          ("\(name)D\(suffix)", evaluation.classwise.errorD(event, over: pixels)),
          ("\(name)I\(suffix)", evaluation.classwise.errorI(event, over: pixels)),
        ]
      }
    }
    return values
  }

  func text(worst: Int) -> String {
    let rows = values(worst: worst).map { name, value in
      [name, value.map { String(format: "%.4f", $0) } ?? "-", name.contains("SCE") ? "per mille" : "%"]
    }
    let bins = ReliabilityDiagram(evaluation.calibration).bins.map { bin in
      [
        String(format: "%.1f", bin.lower), "\(bin.pixels)",
        bin.confidence.map { String(format: "%.4f", $0) } ?? "-",
        bin.accuracy.map { String(format: "%.4f", $0) } ?? "-",
      ]
    }
    return "\(evaluation.confusion.images) images, \(evaluation.confusion.classes) classes, "
      + "\(ignoredPixels) ignored pixels\n\n" + Console.columns(rows) + "\n"
      + Console.columns([["confidence from", "pixels", "confidence", "accuracy"]] + bins)
  }

  func json(worst: Int, boundaryKernel: Int) -> JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    func diagram(_ bins: CalibrationBins) -> JSONValue {
      .array(
        ReliabilityDiagram(bins).bins.map {
          .object([
            "lower": .number($0.lower), "upper": .number($0.upper), "pixels": .int(Int($0.pixels)),
            "confidence": number($0.confidence), "accuracy": number($0.accuracy),
          ])
        })
    }
    var members: [String: JSONValue] = [
      "images": .int(evaluation.confusion.images), "classes": .int(evaluation.confusion.classes),
      "ignored_pixels": .int(ignoredPixels), "boundary_kernel": .int(boundaryKernel),
      "IoU_per_class": .array(evaluation.confusion.classIoU.map(number)),
      "ECE_per_image": .array(evaluation.calibration.expectedCalibrationErrors.map(number)),
      "reliability": .object([
        "all": diagram(evaluation.calibration), "boundary": diagram(evaluation.boundaryCalibration),
      ]),
      "units": .object([
        "Acc, mAcc, mIoU, mDice, ECE, BECE": .string("percent"), "SCE, BSCE": .string("per mille"),
      ]),
      "events": .object([
        "SCE, BSCE": .string("label and prediction are the class (the authors' code)"),
        "SCE_textbook, BSCE_textbook": .string("the label is the class"),
      ]),
    ]
    for (name, value) in values(worst: worst) { members[name] = number(value) }
    return .object(members)
  }
}
