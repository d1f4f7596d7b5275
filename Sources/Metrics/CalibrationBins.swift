import CKernels

/// Top-class confidence in ten equal bins, left-closed ([0, 0.1), ..., [0.9, 1], 1 in the last), per image:
/// pixels, their summed confidence, and how many are predicted correctly. Ignored pixels are in no bin.
public struct CalibrationBins: Equatable, Sendable {
  public static let bins = Int(jml_calibration_bins)

  public private(set) var images: Int
  /// Pixels, [images, bins].
  public private(set) var count: [Int64]
  /// Sum of confidence (0...1 each), [images, bins].
  public private(set) var confidence: [Double]
  /// Correct pixels, [images, bins].
  public private(set) var correct: [Int64]

  public init() { self.init(images: 0, count: [], confidence: [], correct: []) }

  /// Bins that were stored. Each array is [images, bins], row-major.
  public init(images: Int, count: [Int64], confidence: [Double], correct: [Int64]) {
    let wanted = images * CalibrationBins.bins
    precondition(
      count.count == wanted && confidence.count == wanted && correct.count == wanted,
      """
      CalibrationBins: \(count.count), \(confidence.count), \(correct.count) values do not fill \
      [\(images), \(CalibrationBins.bins)]
      """)
    self.images = images
    self.count = count
    self.confidence = confidence
    self.correct = correct
  }

  /// Adds one image's bins, [bins] each.
  public mutating func append(count: [Int64], confidence: [Double], correct: [Int64]) {
    precondition(
      [count.count, confidence.count, correct.count].allSatisfy { $0 == CalibrationBins.bins },
      "CalibrationBins.append: bins of one image are not [\(CalibrationBins.bins)]")
    self.count += count
    self.confidence += confidence
    self.correct += correct
    images += 1
  }

  /// ECE^D in percent: pixels pooled over the dataset, then the sum over bins of
  /// n_b / n |accuracy_b - confidence_b|. nil without pixels. The form of the paper's tables.
  public var expectedCalibrationErrorD: Double? {
    let bins = CalibrationBins.bins
    return (0..<bins).map { bin in
      stride(from: bin, to: images * bins, by: bins).reduce(Bin()) { $0 + Bin(self, $1) }
    }.error
  }

  /// The ECE of each image in percent, [images]; nil for an image without pixels.
  public var expectedCalibrationErrors: [Double?] {
    let bins = CalibrationBins.bins
    return (0..<images).map { image in (image * bins..<(image + 1) * bins).map { Bin(self, $0) }.error }
  }

  /// ECE^I in percent: the mean of the ECE of each image that has pixels; nil if none has.
  public var expectedCalibrationErrorI: Mean? {
    Mean(ofFractions: expectedCalibrationErrors.compactMap { $0.map { $0 / 100 } })
  }
}

/// One bin. Confidence is in the kernel's units of 2^-32 and 128 bits wide: its sums are exact, so that the
/// order of images does not reach the result.
private struct Bin {
  static let unit = 4294967296.0

  var count: Int64 = 0
  var confidence: Int128 = 0
  var correct: Int64 = 0

  init() {}

  init(_ bins: CalibrationBins, _ index: Int) {
    count = bins.count[index]
    confidence = Int128((bins.confidence[index] * Bin.unit).rounded())
    correct = bins.correct[index]
  }

  static func + (left: Bin, right: Bin) -> Bin {
    var sum = left
    sum.count += right.count
    sum.confidence += right.confidence
    sum.correct += right.correct
    return sum
  }
}

extension [Bin] {
  /// ECE in percent.
  fileprivate var error: Double? {
    let pixels = reduce(0) { $0 + $1.count }
    guard pixels > 0 else { return nil }
    return 100 * reduce(0.0) { $0 + abs(Double($1.correct) - Double($1.confidence) / Bin.unit) }
      / Double(pixels)
  }
}
