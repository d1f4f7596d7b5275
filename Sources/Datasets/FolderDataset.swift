/// Images and labels in folders of one's own, paired by the part of their names that a `*` stands for.
///
/// `train/*_sat.jpg` and `train/*_mask.png` pair `train/7_sat.jpg` with `train/7_mask.png` under the identifier `7`.
/// The `*` may run over several folders. A pattern without `*` is a folder of PNG and JPEG files.
public struct FolderDataset: SegmentationDataset {
  public let name: String
  public let classNames: [String]
  public let classColors: [[UInt8]]
  public let samples: [SampleFiles]
  public let listing: SplitListing
  private let mapping: LabelMapping

  /// Lists the files, by the order of the bytes of the images' paths or in a list's order. They are not opened; a
  /// missing partner is found by `load`.
  /// - Parameters:
  ///   - root: the folder that the patterns begin in.
  ///   - images: pattern, for instance `images/*.jpg`.
  ///   - labels: pattern; nil for unlabelled images.
  ///   - list: path below `root` of a file with one identifier a line; nil: every file that the patterns fit.
  ///   - classColors: C RGB colours for pictures; nil for PASCAL VOC's.
  /// - Throws: `DatasetError.notFound`, `.emptySplit`; what keeps all of the split from being listed. What is wrong with
  ///   some of it is in `listing`.
  public init(
    name: String, root: String, images: String, labels: String?, list: String? = nil, classNames: [String],
    classColors: [[UInt8]]? = nil, mapping: LabelMapping
  ) throws {
    self.name = name
    self.classNames = classNames
    self.classColors = classColors ?? Array(PascalVOC.palette.prefix(classNames.count))
    self.mapping = mapping
    let (imagePattern, labelPattern) = (FilePattern(images), labels.map { FilePattern($0) })
    let files = try FolderFiles(
      root: root, images: imagePattern, labels: labelPattern, namesMatter: list == nil, dataset: name)
    var listing = files.listing
    let ids: [String]
    if let list {
      let path = "\(root)/\(list)"
      guard try exists(path) else {
        throw DatasetError.notFound(dataset: name, what: "list of a split", tried: [path])
      }
      let read = try IdentifierList(path, files.forms)
      ids = read.items.map(\.id)
      listing.errors += read.errors
      listing.lists = [path]
      listing.known.formUnion([FolderFiles.first(list)])
    } else {
      ids = files.ids
    }
    samples = ids.map { id in
      SampleFiles(
        id: id, imagePath: "\(root)/\(files.images[FileName(id)] ?? imagePattern.path(id))",
        labelPath: labelPattern.map { "\(root)/\(files.labels[FileName(id)] ?? $0.path(id))" })
    }
    self.listing = files.completed(listing, samples)
    guard !samples.isEmpty else {
      if let error = self.listing.errors.first { throw error }
      throw DatasetError.emptySplit(dataset: name, path: list.map { "\(root)/\($0)" } ?? "\(root)/\(images)")
    }
  }

  public func load(_ index: Int) throws -> Sample { try readPair(samples[index], mapping: mapping) }

  public func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand {
    try readPair(samples[index], mapping: mapping, rows: rows)
  }
}
