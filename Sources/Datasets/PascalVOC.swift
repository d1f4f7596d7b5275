import Foundation

/// PASCAL VOC 2012 segmentation, with the extra annotations of SBD: `JPEGImages/<id>.jpg`, lists in
/// `ImageSets/Segmentation/<split>.txt`, masks in `SegmentationClass` (official) and `SegmentationClassAug`
/// (SBD).
///
/// Sources: Everingham et al., "The PASCAL Visual Object Classes Challenge", IJCV 2010; Hariharan et al.,
/// "Semantic Contours from Inverse Detectors", ICCV 2011. Palette and grey masks are read alike: value =
/// class, 255 = void.
public struct PascalVOC: SegmentationDataset {
  public enum Split: String, CaseIterable, Sendable {
    case train, trainaug, val
  }

  /// Which masks are the truth.
  public enum Labels: String, CaseIterable, Sendable {
    /// The SBD mask where there is one, otherwise the official mask, for validation as well: what the authors
    /// trained and evaluated with. SBD masks have no void ring around objects.
    case sbdFirst
    /// Official masks only, as other papers evaluate.
    case official
  }

  public let name: String
  public let classNames = PascalVOC.classes
  public let samples: [SampleFiles]
  private let mapping = LabelMapping.identity(classCount: PascalVOC.classes.count)

  /// Lists a split in the order of its list file. Images and masks are not opened; a missing one is found by
  /// `load`.
  /// - Parameter root: the folder `VOC2012` itself, `VOCdevkit`, or the one that contains `VOCdevkit`.
  /// - Throws: `DatasetError.notFound`, `.badList`, `.emptySplit`; `.image` when the list cannot be read.
  public init(root: String, split: Split, labels: Labels) throws {
    name = "voc/\(split.rawValue)"
    let candidates = ["\(root)/VOCdevkit/VOC2012", "\(root)/VOC2012", root]
    guard let base = candidates.first(where: { FolderListing.isFolder("\($0)/ImageSets/Segmentation") })
    else {
      throw DatasetError.notFound(
        dataset: name, what: "folder ImageSets/Segmentation",
        tried: candidates.map { "\($0)/ImageSets/Segmentation" })
    }
    let list = "\(base)/ImageSets/Segmentation/\(split.rawValue).txt"
    guard FileManager.default.fileExists(atPath: list) else {
      throw DatasetError.notFound(dataset: name, what: "list of split '\(split.rawValue)'", tried: [list])
    }
    let extra = ["SegmentationClassAug", "SegmentationClassTrainAug"].map { "\(base)/\($0)" }
    samples = try IdentifierList.read(list) { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }.map {
      id in
      let official = "\(base)/SegmentationClass/\(id).png"
      var label = official
      if labels == .sbdFirst {
        label =
          extra.map { "\($0)/\(id).png" }.first { FileManager.default.fileExists(atPath: $0) } ?? official
      }
      return SampleFiles(id: id, imagePath: "\(base)/JPEGImages/\(id).jpg", labelPath: label)
    }
    guard !samples.isEmpty else {
      throw DatasetError.emptySplit(dataset: name, path: list)
    }
  }

  public func load(_ index: Int) throws -> Sample { try readPair(samples[index], mapping: mapping) }

  /// In label-value order.
  public static let classes = [
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "dining table", "dog", "horse", "motorbike", "person", "potted plant", "sheep", "sofa", "train",
    "tv monitor",
  ]

  /// The data set's 256 display colours: the bits of the index, three a round, from the top bit of each
  /// channel down.
  public static let palette: [[UInt8]] = (0..<256).map { index in
    var color: [UInt8] = [0, 0, 0]
    for round in 0..<8 {
      for channel in 0..<3 where index >> (3 * round + channel) & 1 == 1 {
        color[channel] |= 1 << UInt8(7 - round)
      }
    }
    return color
  }
}
