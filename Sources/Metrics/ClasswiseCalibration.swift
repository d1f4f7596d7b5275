import CKernels
import Tensors

/// What has to happen at a pixel for a class's probability to have been right: there are two readings of
/// static calibration error in use.
public enum CalibrationEvent: String, CaseIterable, Sendable {
  /// The label is the class: the textbook's (Nixon et al., "Measuring Calibration in Deep Learning", 2019).
  case textbook
  /// The label is the class and so is the prediction: the authors' code's. Its error is never below (1 -
  /// accuracy) / classes, since over the classes of a pixel probabilities sum to 1 and events to accuracy.
  case authors
}

/// Every class's probability at every labelled pixel in ten equal bins, left-closed, per image: the counts
/// behind the static calibration error (SCE) and, over boundary pixels, BSCE.
public struct ClasswiseCalibration: Equatable, Sendable {
  /// Counts of all labelled pixels or of those of the boundary masks.
  public enum Pixels: Int, CaseIterable, Sendable {
    case all, boundary
  }

  /// What a bin holds, in the order in which it does.
  public enum Field: Int, CaseIterable, Sendable {
    /// Pixels.
    case count
    /// Sum of the class's probability, in units of 2^-32.
    case probability
    /// Pixels labelled with the class.
    case labelled
    /// Pixels labelled with the class and predicted as it.
    case agreeing
  }

  public let classes: Int
  public private(set) var images: Int
  /// [images, 2 (`Pixels`), classes, 4 (`Field`), bins].
  private var bins: [Int64]
  /// [images]: whether some pixel is ignored.
  public private(set) var hasIgnored: [Bool]

  public init(classes: Int) {
    self.classes = classes
    images = 0
    bins = []
    hasIgnored = []
  }

  /// Bins that were stored.
  /// - Parameters:
  ///   - fields: one array for each `Field`, [images, 2 (`Pixels`), classes, bins], row-major.
  ///   - hasIgnored: [images].
  public init(classes: Int, fields: [[Int64]], hasIgnored: [Bool]) {
    let (images, width) = (hasIgnored.count, CalibrationBins.bins)
    precondition(
      fields.count == Field.allCases.count && fields.allSatisfy { $0.count == images * 2 * classes * width },
      """
      ClasswiseCalibration: fields of \(fields.map(\.count)) values do not fill \
      [\(images), 2, \(classes), \(width)]
      """)
    self.classes = classes
    self.images = images
    self.hasIgnored = hasIgnored
    bins = [Int64](repeating: 0, count: fields.count * images * 2 * classes * width)
    for (field, values) in fields.enumerated() {
      for row in 0..<images * 2 * classes {
        for bin in 0..<width { bins[(row * fields.count + field) * width + bin] = values[row * width + bin] }
      }
    }
  }

  /// One field of every bin, [images, 2 (`Pixels`), classes, bins], row-major.
  public func values(of field: Field) -> [Int64] {
    let (fields, width) = (Field.allCases.count, CalibrationBins.bins)
    var values: [Int64] = []
    values.reserveCapacity(bins.count / fields)
    for row in 0..<images * 2 * classes {
      let first = (row * fields + field.rawValue) * width
      values += bins[first..<first + width]
    }
    return values
  }

  /// Adds one image in one pass over its scores. The caller has validated them (`Evaluation.add` does).
  /// - Parameters:
  ///   - scores: [C, H, W] or [1, C, H, W], plain, at the label's resolution.
  ///   - boundary: [H, W], row-major, not 0 on boundary pixels; nil: this image's boundary bins stay empty.
  public mutating func add(scores: Tensor, kind: Scores, label: LabelMap, boundary: [UInt8]? = nil) {
    let pixels = label.values.count
    precondition(
      scores.layout == .plain && scores.shape.count == classes * pixels,
      """
      ClasswiseCalibration.add: scores \(scores.shape), label [\(label.height), \(label.width)], \
      \(classes) classes
      """
    )
    precondition(
      boundary.map { $0.count == pixels } ?? true,
      "ClasswiseCalibration.add: boundary of \(boundary?.count ?? 0) pixels, label of \(pixels)")
    var added = ClasswiseCalibration.noBins(classes: classes)
    func count(_ mask: UnsafePointer<UInt8>?) {
      jml_classwise_calibration(
        scores.pointer, kind == .probabilities ? 1 : 0, label.values, mask, classes, pixels, &added)
    }
    if let boundary {
      boundary.withUnsafeBufferPointer { count($0.baseAddress) }
    } else {
      count(nil)
    }
    withExtendedLifetime(scores) {}
    append(added, label: label)
  }

  /// [2, classes, 4, bins] of zeros.
  static func noBins(classes: Int) -> [Int64] {
    [Int64](repeating: 0, count: 2 * classes * 4 * CalibrationBins.bins)
  }

  /// Adds one image's bins, [2, classes, 4, bins].
  mutating func append(_ added: [Int64], label: LabelMap) {
    bins += added
    hasIgnored.append(label.values.contains(LabelMap.ignore))
    images += 1
  }

  /// SCE^D in per mille: pixels pooled over the data set, per class the sum over bins of n_b / n |rate_b -
  /// probability_b|, then the mean over all classes. nil without pixels. Table 15 of the paper heads these
  /// numbers "%", which they cannot be: pooled, SCE is at most 2 / classes.
  ///
  /// Differs from the authors' code for two classes, where that looks at the second class alone.
  public func errorD(_ event: CalibrationEvent, over pixels: Pixels = .all) -> Double? {
    let errors = (0..<classes).compactMap { index in
      error(event, pixels, (0..<images).map { ($0, index) })
    }
    return errors.isEmpty ? nil : 1000 * errors.reduce(0, +) / Double(errors.count)
  }

  /// SCE^I in per mille: per image the mean over the classes of its label, then over images with labelled
  /// pixels.
  ///
  /// With the authors' event the last class also counts in images with ignored pixels, because their code
  /// clamps the ignore index to it.
  public func errorI(_ event: CalibrationEvent, over pixels: Pixels = .all) -> Double? {
    let perImage = (0..<images).compactMap { image -> Double? in
      let chosen = (0..<classes).filter {
        sum(image, .all, $0, .labelled) > 0 || (event == .authors && $0 == classes - 1 && hasIgnored[image])
      }
      let errors = chosen.compactMap { error(event, pixels, [(image, $0)]) }
      return errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count)
    }
    return perImage.isEmpty ? nil : 1000 * perImage.reduce(0, +) / Double(perImage.count)
  }

  private func value(_ image: Int, _ pixels: Pixels, _ index: Int, _ field: Field, bin: Int) -> Int64 {
    let width = CalibrationBins.bins
    return bins[(((image * 2 + pixels.rawValue) * classes + index) * 4 + field.rawValue) * width + bin]
  }

  /// Summed over bins.
  func sum(_ image: Int, _ pixels: Pixels, _ index: Int, _ field: Field) -> Int64 {
    (0..<CalibrationBins.bins).reduce(0) { $0 + value(image, pixels, index, field, bin: $1) }
  }

  /// A fraction, over the pooled pixels of (image, class) pairs; nil without pixels. Sums are exact.
  private func error(_ event: CalibrationEvent, _ pixels: Pixels, _ pairs: [(Int, Int)]) -> Double? {
    var count: Int64 = 0
    var total = 0.0
    for bin in 0..<CalibrationBins.bins {
      var (probability, hits): (Int128, Int64) = (0, 0)
      for (image, index) in pairs {
        count += value(image, pixels, index, .count, bin: bin)
        probability += Int128(value(image, pixels, index, .probability, bin: bin))
        hits += value(image, pixels, index, event == .textbook ? .labelled : .agreeing, bin: bin)
      }
      total += abs(Double(hits) - Double(probability) / 4294967296.0)
    }
    return count > 0 ? total / Double(count) : nil
  }
}
