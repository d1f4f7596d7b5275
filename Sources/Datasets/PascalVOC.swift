import Platform

/// PASCAL VOC 2012 segmentation, with the extra annotations of SBD: `JPEGImages/<id>.jpg`, lists in
/// `ImageSets/Segmentation/<split>.txt`, masks in `SegmentationClass` (official) and `SegmentationClassAug`
/// (SBD).
///
/// Sources: Everingham et al., "The PASCAL Visual Object Classes Challenge", IJCV 2010; Hariharan et al.,
/// "Semantic Contours from Inverse Detectors", ICCV 2011. Palette and grey masks are read alike: value =
/// class, 255 = void. Endings may be in upper or lower case, and `.jpeg` is as good as `.jpg`.
///
/// An identifier is any name of a file, blanks, dots and all scripts included, compared by its bytes. A list may also have
/// the layout's own paths, `JPEGImages/<id>.jpg SegmentationClass/<id>.png`. Lines of class lists (`<id> -1`) are refused.
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
  public let listing: SplitListing
  private let mapping = LabelMapping.identity(classCount: PascalVOC.classes.count)

  /// Lists a split in the order of its list file. Images and masks are not opened; a missing one is found by
  /// `load`.
  /// - Parameter root: the folder `VOC2012` itself, `VOCdevkit`, or the one that contains `VOCdevkit`.
  /// - Throws: `DatasetError.notFound`, `.emptySplit`; what keeps all of the split from being listed. What is wrong with
  ///   some of it is in `listing`.
  public init(root: String, split: Split, labels: Labels) throws {
    name = "voc/\(split.rawValue)"
    let candidates = ["\(root)/VOCdevkit/VOC2012", "\(root)/VOC2012", root]
    guard let base = candidates.first(where: { Folder.isFolder("\($0)/ImageSets/Segmentation") })
    else {
      throw DatasetError.notFound(
        dataset: name, what: "folder ImageSets/Segmentation",
        tried: candidates.map { "\($0)/ImageSets/Segmentation" })
    }
    let list = "\(base)/ImageSets/Segmentation/\(split.rawValue).txt"
    guard try exists(list) else {
      throw DatasetError.notFound(dataset: name, what: "list of split '\(split.rawValue)'", tried: [list])
    }
    let files = try VOCFiles(base: base, list: list, labels: labels, dataset: name)
    let read = try IdentifierList(list, files.forms)
    samples = read.items.map { item in
      SampleFiles(id: item.id, imagePath: files.image(item.id), labelPath: files.mask(item.id))
    }
    var listing = files.listing
    listing.errors += read.errors
    listing.warnings += PascalVOC.otherMasks(read.items, samples, base: base, dataset: name)
    self.listing = listing
    guard !samples.isEmpty else {
      if let error = listing.errors.first { throw error }
      throw DatasetError.emptySplit(dataset: name, path: list)
    }
  }

  /// Lists may name masks; which ones are read is the experiment file's to say.
  private static func otherMasks(
    _ items: [IdentifierList.Item], _ samples: [SampleFiles], base: String, dataset: String
  ) -> [String] {
    let others = zip(items, samples).filter { item, sample in
      guard let named = item.label, let used = sample.labelPath else { return false }
      return FileName("\(base)/\(named)") != FileName(used)
    }
    guard let (item, sample) = others.first, let named = item.label, let used = sample.labelPath else {
      return []
    }
    return [
      "\(dataset): the list names other masks than label_source takes for \(others.count) of \(items.count) images, "
        + "such as \(named) where \(used.dropFirst(base.count + 1)) is read"
    ]
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
