import CKernels
import Tensors

/// What the scores of a pixel are.
public enum Scores: Sendable {
  /// Unnormalised; the softmax over classes makes probabilities of them.
  case logits
  case probabilities
}

/// Everything that is counted when a model is evaluated on a data set, image by image.
public struct Evaluation: Equatable, Sendable {
  public private(set) var confusion: ConfusionCounts
  /// Over all labelled pixels: ECE.
  public private(set) var calibration = CalibrationBins()
  /// Over labelled pixels of the caller's boundary masks: BECE.
  public private(set) var boundaryCalibration = CalibrationBins()

  public init(classes: Int) { confusion = ConfusionCounts(classes: classes) }

  public init(
    confusion: ConfusionCounts, calibration: CalibrationBins, boundaryCalibration: CalibrationBins
  ) {
    self.confusion = confusion
    self.calibration = calibration
    self.boundaryCalibration = boundaryCalibration
  }

  /// Adds one image in one pass over its scores. The prediction is the arg max (the lowest class on ties).
  /// The result does not depend on the number of threads. Throws `MetricsError.notFinite` or `.badLabels`,
  /// and adds nothing then.
  /// - Parameters:
  ///   - scores: [C, H, W] or [1, C, H, W], plain, at the label's resolution.
  ///   - kind: whether they are logits or probabilities.
  ///   - label: [H, W].
  ///   - boundary: [H, W], row-major, not 0 on boundary pixels; nil: this image's boundary bins stay empty.
  /// - Returns: the prediction, [H, W], also where the label is ignored.
  @discardableResult
  public mutating func add(
    scores: Tensor, kind: Scores = .logits, label: LabelMap, boundary: [UInt8]? = nil
  ) throws -> LabelMap {
    try add(scores: scores, kind: kind, label: label, boundary: boundary, classwise: nil)
  }

  /// The same, and the image's share of every class's calibration in the same pass.
  @discardableResult
  public mutating func add(
    scores: Tensor, kind: Scores = .logits, label: LabelMap, boundary: [UInt8]? = nil,
    classwise: inout ClasswiseCalibration
  ) throws -> LabelMap {
    precondition(
      classwise.classes == confusion.classes,
      "Evaluation.add: \(confusion.classes) classes, classwise calibration of \(classwise.classes)")
    var added = ClasswiseCalibration.noBins(classes: classwise.classes)
    let prediction = try added.withUnsafeMutableBufferPointer {
      try add(scores: scores, kind: kind, label: label, boundary: boundary, classwise: $0.baseAddress)
    }
    classwise.append(added, label: label)
    return prediction
  }

  private mutating func add(
    scores: Tensor, kind: Scores, label: LabelMap, boundary: [UInt8]?, classwise: UnsafeMutablePointer<Int64>?
  ) throws -> LabelMap {
    let classes = confusion.classes
    let extents =
      scores.shape.rank == 4 ? Array(scores.shape.dimensions.dropFirst()) : scores.shape.dimensions
    precondition(
      scores.layout == .plain && scores.shape.count == classes * label.height * label.width
        && extents == [classes, label.height, label.width],
      "Evaluation.add: scores \(scores.shape), label [\(label.height), \(label.width)], \(classes) classes")
    precondition(
      boundary.map { $0.count == label.values.count } ?? true,
      "Evaluation.add: boundary of \(boundary?.count ?? 0) pixels, label of \(label.values.count)")

    var counts = [Int64](repeating: 0, count: 3 * classes)
    var bins = [Int64](repeating: 0, count: 6 * CalibrationBins.bins)
    var problems: [Int64] = [0, 0]
    var prediction = LabelMap(height: label.height, width: label.width)
    let probabilities: Int32 = kind == .probabilities ? 1 : 0
    func evaluate(_ mask: UnsafePointer<UInt8>?) {
      jml_evaluate_image(
        scores.pointer, probabilities, label.values, mask, classes, label.values.count, &counts, &bins,
        &prediction.values, &problems, classwise)
    }
    if let boundary {
      boundary.withUnsafeBufferPointer { evaluate($0.baseAddress) }
    } else {
      evaluate(nil)
    }
    guard problems[1] == 0 else { throw MetricsError.badLabels(pixels: Int(problems[1]), classes: classes) }
    guard problems[0] == 0 else { throw MetricsError.notFinite(pixels: Int(problems[0])) }

    let part = { (index: Int) in Array(counts[index * classes..<(index + 1) * classes]) }
    confusion.append(truePositives: part(0), falsePositives: part(1), falseNegatives: part(2))
    Evaluation.append(bins.prefix(3 * CalibrationBins.bins), to: &calibration)
    Evaluation.append(bins.suffix(3 * CalibrationBins.bins), to: &boundaryCalibration)
    return prediction
  }

  private static func append(_ sums: ArraySlice<Int64>, to bins: inout CalibrationBins) {
    let sums = Array(sums)
    let width = CalibrationBins.bins
    bins.append(
      count: Array(sums[..<width]), confidence: sums[width..<2 * width].map { Double($0) * 0x1p-32 },
      correct: Array(sums[(2 * width)...]))
  }
}
