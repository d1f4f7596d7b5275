/// Counts as plain rows of numbers, one an image: how ranks that share the images of an evaluation tell one another of them.
extension Evaluation {
  private static let binFields = 3

  private static func width(classes: Int) -> Int {
    3 * classes + 2 * binFields * CalibrationBins.bins + classwiseWidth(classes: classes) + 1
  }

  private static func classwiseWidth(classes: Int) -> Int {
    ClasswiseCalibration.Field.allCases.count * ClasswiseCalibration.Pixels.allCases.count * classes
      * CalibrationBins.bins
  }

  /// Numbers of a row.
  public var rowWidth: Int { Evaluation.width(classes: classes) }

  /// Every count of each image, in the order in which images were added.
  public var rows: [[Int64]] {
    let fields = ClasswiseCalibration.Field.allCases.map { classwise.values(of: $0) }
    return (0..<images).map { image in
      func part(_ values: [Int64]) -> ArraySlice<Int64> {
        let width = values.count / images
        return values[image * width..<(image + 1) * width]
      }
      var row: [Int64] = []
      for counts in [confusion.truePositives, confusion.falsePositives, confusion.falseNegatives] {
        row += part(counts)
      }
      for bins in [calibration, boundaryCalibration] {
        row += part(bins.count)
        row += part(bins.confidence.map { Int64(bitPattern: $0.bitPattern) })
        row += part(bins.correct)
      }
      for field in fields { row += part(field) }
      row.append(classwise.hasIgnored[image] ? 1 : 0)
      return row
    }
  }

  /// - Parameter rows: as `rows` gives them, of evaluations of so many classes, in any order.
  public init(classes: Int, rows: [[Int64]]) {
    let wanted = Evaluation.width(classes: classes)
    precondition(
      rows.allSatisfy { $0.count == wanted },
      "Evaluation: rows of \(Set(rows.map(\.count)).sorted()) numbers, \(wanted) for \(classes) classes")
    var start = 0
    func column(_ width: Int) -> [Int64] {
      defer { start += width }
      return rows.flatMap { $0[start..<start + width] }
    }
    let confusion = ConfusionCounts(
      classes: classes, images: rows.count, truePositives: column(classes), falsePositives: column(classes),
      falseNegatives: column(classes))
    func bins() -> CalibrationBins {
      let (count, confidence) = (column(CalibrationBins.bins), column(CalibrationBins.bins))
      return CalibrationBins(
        images: rows.count, count: count,
        confidence: confidence.map { Double(bitPattern: UInt64(bitPattern: $0)) },
        correct: column(CalibrationBins.bins))
    }
    let (calibration, boundary) = (bins(), bins())
    let fields = ClasswiseCalibration.Field.allCases
    let width = Evaluation.classwiseWidth(classes: classes) / fields.count
    let classwise = ClasswiseCalibration(
      classes: classes, fields: fields.map { _ in column(width) }, hasIgnored: column(1).map { $0 != 0 })
    self.init(
      confusion: confusion, calibration: calibration, boundaryCalibration: boundary, classwise: classwise)
  }
}
