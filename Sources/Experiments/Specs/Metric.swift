/// What a table reports of an evaluation. Its name is the key of its value among the metrics of a run; values are in the
/// unit.
public struct Metric: Hashable, Sendable {
  public enum Unit: String, Sendable {
    case percent = "%"
    case perMille = "‰"
  }

  /// As in the experiment files, such as `miou` or `iou.traffic_light`.
  public let name: String
  public let title: String
  public let unit: Unit
  public let higherIsBetter: Bool

  private init(_ name: String, _ title: String, _ unit: Unit = .percent, higherIsBetter: Bool = true) {
    self.name = name
    self.title = title
    self.unit = unit
    self.higherIsBetter = higherIsBetter
  }

  /// Pixel accuracy over the data set.
  public static let accuracy = Metric("accuracy", "Acc")
  /// Mean over classes of the intersection over union of the whole data set (mIoU^D).
  public static let miou = Metric("miou", "mIoU")
  /// Expected calibration error, 10 bins, pooled over the data set.
  public static let ece = Metric("ece", "ECE", higherIsBetter: false)
  /// The same over boundary pixels only.
  public static let bece = Metric("bece", "BECE", higherIsBetter: false)
  /// Static calibration error as in the authors' code, and over boundary pixels only. Table 15 heads them "%", and prints
  /// per mille.
  public static let sce = Metric("sce", "SCE", .perMille, higherIsBetter: false)
  public static let bsce = Metric("bsce", "BSCE", .perMille, higherIsBetter: false)

  /// Every metric that has one name, in the order of captions. Besides these there is `iou.<class>`.
  public static let all: [Metric] = [
    accuracy, Metric("macc", "mAcc"), Metric("macc_i", "mAcc^I"), Metric("macc_c", "mAcc^C"),
    miou, Metric("miou_occurring", "mIoU of occurring classes"), Metric("miou_i", "mIoU^I"),
    Metric("miou_c", "mIoU^C"),
    Metric("mdice", "mDice"), Metric("mdice_i", "mDice^I"), Metric("mdice_c", "mDice^C"),
    ece, Metric("ece_i", "ECE^I", higherIsBetter: false), bece,
    Metric("bece_i", "BECE^I", higherIsBetter: false),
    sce, bsce, Metric("sce_textbook", "SCE (textbook)", .perMille, higherIsBetter: false),
    Metric("bsce_textbook", "BSCE (textbook)", .perMille, higherIsBetter: false),
  ]

  private static let classPrefix = "iou."

  /// - Returns: nil for a name that is none.
  public init?(_ name: String) {
    if let known = Metric.all.first(where: { $0.name == name }) {
      self = known
    } else if name.hasPrefix(Metric.classPrefix), name.count > Metric.classPrefix.count {
      self.init(name, "IoU of \(name.dropFirst(Metric.classPrefix.count))")
    } else {
      return nil
    }
  }
}

extension StrictReader {
  func metric() throws -> Metric {
    let names = Metric.all.map(\.name) + ["iou.<class>"]
    guard let metric = Metric(try string()) else {
      throw outOfRange("one of \(names.joined(separator: ", "))")
    }
    return metric
  }
}
