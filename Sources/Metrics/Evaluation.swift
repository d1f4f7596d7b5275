import CKernels
import Tensors

/// What the scores of a pixel are.
public enum Scores: Sendable {
  /// Unnormalised; the softmax over classes makes probabilities of them.
  case logits
  case probabilities
}

/// Everything that is counted when a model is evaluated on a data set, image by image. Every metric of a table is a
/// function of it (`values(classNames:)`).
public struct Evaluation: Equatable, Sendable {
  public private(set) var confusion: ConfusionCounts
  /// Over all labelled pixels: ECE.
  public private(set) var calibration = CalibrationBins()
  /// Over labelled pixels of the caller's boundary masks: BECE.
  public private(set) var boundaryCalibration = CalibrationBins()
  /// Every class's probabilities, over both sets of pixels: SCE and BSCE.
  public private(set) var classwise: ClasswiseCalibration

  public init(classes: Int) {
    confusion = ConfusionCounts(classes: classes)
    classwise = ClasswiseCalibration(classes: classes)
  }

  /// Counts that were stored, all of the same images and classes.
  public init(
    confusion: ConfusionCounts, calibration: CalibrationBins, boundaryCalibration: CalibrationBins,
    classwise: ClasswiseCalibration
  ) {
    precondition(
      [calibration.images, boundaryCalibration.images, classwise.images].allSatisfy { $0 == confusion.images }
        && classwise.classes == confusion.classes,
      """
      Evaluation: counts of \(confusion.images), \(calibration.images), \(boundaryCalibration.images) and \
      \(classwise.images) images, of \(confusion.classes) and \(classwise.classes) classes
      """)
    self.confusion = confusion
    self.calibration = calibration
    self.boundaryCalibration = boundaryCalibration
    self.classwise = classwise
  }

  public var classes: Int { confusion.classes }
  public var images: Int { confusion.images }

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
    var classBins = ClasswiseCalibration.noBins(classes: classes)
    var problems: [Int64] = [0, 0]
    var prediction = LabelMap(height: label.height, width: label.width)
    let probabilities: Int32 = kind == .probabilities ? 1 : 0
    func evaluate(_ mask: UnsafePointer<UInt8>?) {
      jml_evaluate_image(
        scores.pointer, probabilities, label.values, mask, classes, label.values.count, &counts, &bins,
        &prediction.values, &problems, &classBins)
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
    classwise.append(classBins, label: label)
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
