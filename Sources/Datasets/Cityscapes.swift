import Platform

/// Cityscapes, fine annotations: `leftImg8bit/<split>/<city>/<id>_leftImg8bit.png` and
/// `gtFine/<split>/<city>/<id>_gtFine_labelTrainIds.png`, or `_gtFine_labelIds.png` where that is not there.
///
/// Source: Cordts et al., "The Cityscapes Dataset for Semantic Urban Scene Understanding", CVPR 2016. Any
/// folder is a city, and images may have any size. Raw ids are mapped to the 19 train ids here, so the
/// official preparation step is not needed. Endings may be in upper or lower case. Where two cities have a file of one
/// name, the samples' identifiers are `<city>/<id>`.
public struct Cityscapes: SegmentationDataset {
  public enum Split: String, CaseIterable, Sendable {
    case train, val
  }

  public let name: String
  public let classNames = Cityscapes.classes.map(\.name)
  public let classColors = Cityscapes.classes.map(\.color)
  public let samples: [SampleFiles]
  public let listing: SplitListing
  private let trainIds = LabelMapping.identity(classCount: Cityscapes.classes.count, rawIdLimit: 34)
  private let rawIds = LabelMapping.rawIds(Cityscapes.classes.map(\.rawId), last: 33)

  /// Lists a split, ordered by city and id. Files are not opened; a missing partner is found by `load`.
  /// - Parameter root: the folder with `leftImg8bit` and `gtFine`, or one with a `cityscapes` folder like
  ///   that.
  /// - Throws: `DatasetError.notFound`, `.emptySplit`; what keeps all of the split from being listed. What is wrong with
  ///   some of it is in `listing`.
  public init(root: String, split: Split) throws {
    name = "cityscapes/\(split.rawValue)"
    let candidates = ["\(root)/cityscapes", root]
    guard let base = candidates.first(where: { Folder.isFolder("\($0)/leftImg8bit") }) else {
      throw DatasetError.notFound(
        dataset: name, what: "folder leftImg8bit", tried: candidates.map { "\($0)/leftImg8bit" })
    }
    let folders = ["leftImg8bit", "gtFine"].map { "\(base)/\($0)/\(split.rawValue)" }
    for folder in folders where !Folder.isFolder(folder) {
      throw DatasetError.notFound(
        dataset: name, what: "folder of split '\(split.rawValue)'", tried: [folder])
    }
    let files = CityscapesFiles(base: base, images: folders[0], labels: folders[1], dataset: name)
    (samples, listing) = (files.samples, files.listing)
    guard !samples.isEmpty else {
      if let error = listing.errors.first { throw error }
      throw DatasetError.emptySplit(dataset: name, path: folders[0])
    }
  }

  public func load(_ index: Int) throws -> Sample {
    try readPair(samples[index], mapping: mapping(samples[index]))
  }

  public func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand {
    try readPair(samples[index], mapping: mapping(samples[index]), rows: rows)
  }

  private func mapping(_ files: SampleFiles) -> LabelMapping {
    files.labelPath.flatMap { FileNaming.stem($0, suffix: CityscapesFiles.trainIdSuffix) } == nil
      ? rawIds : trainIds
  }

  /// The evaluated classes in train-id order, with their raw ids and the data set's own display colours.
  public static let classes: [(name: String, rawId: Int, color: [UInt8])] = [
    ("road", 7, [128, 64, 128]), ("sidewalk", 8, [244, 35, 232]), ("building", 11, [70, 70, 70]),
    ("wall", 12, [102, 102, 156]), ("fence", 13, [190, 153, 153]), ("pole", 17, [153, 153, 153]),
    ("traffic light", 19, [250, 170, 30]), ("traffic sign", 20, [220, 220, 0]),
    ("vegetation", 21, [107, 142, 35]), ("terrain", 22, [152, 251, 152]), ("sky", 23, [70, 130, 180]),
    ("person", 24, [220, 20, 60]), ("rider", 25, [255, 0, 0]), ("car", 26, [0, 0, 142]),
    ("truck", 27, [0, 0, 70]), ("bus", 28, [0, 60, 100]), ("train", 31, [0, 80, 100]),
    ("motorcycle", 32, [0, 0, 230]), ("bicycle", 33, [119, 11, 32]),
  ]
}
