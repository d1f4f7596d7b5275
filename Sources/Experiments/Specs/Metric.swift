/// What a table reports of a run. The raw value is the key in a run's metrics, whose values are in the
/// paper's unit.
public enum Metric: String, CaseIterable, Sendable {
  /// Pixel accuracy over the data set, percent.
  case accuracy
  /// Mean over classes of the intersection over union of the whole data set (mIoU^D), percent.
  case miou
  /// Expected calibration error, 10 bins, pooled over the data set, percent.
  case ece
  /// The same over boundary pixels only, percent.
  case bece

  public var title: String {
    switch self {
    case .accuracy: return "Acc"
    case .miou: return "mIoU"
    case .ece: return "ECE"
    case .bece: return "BECE"
    }
  }

  public var higherIsBetter: Bool {
    switch self {
    case .accuracy, .miou: return true
    case .ece, .bece: return false
    }
  }
}
