import Foundation
import Images

/// Images and labels in folders of one's own, paired by the part of their names that a `*` stands for.
///
/// `train/*_sat.jpg` and `train/*_mask.png` pair `train/7_sat.jpg` with `train/7_mask.png` under the identifier `7`.
/// The `*` may run over several folders. A pattern without `*` is a folder of PNG and JPEG files.
public struct FolderDataset: SegmentationDataset {
  public let name: String
  public let classNames: [String]
  public let classColors: [[UInt8]]
  public let samples: [SampleFiles]
  private let mapping: LabelMapping

  /// Lists the files, by Unicode scalar order of the images' paths or in a list's order. They are not opened; a
  /// missing partner is found by `load`.
  /// - Parameters:
  ///   - root: the folder that the patterns begin in.
  ///   - images: pattern, for instance `images/*.jpg`.
  ///   - labels: pattern; nil for unlabelled images.
  ///   - list: path below `root` of a file with one identifier a line; nil: every file that the patterns fit.
  ///   - classColors: C RGB colours for pictures; nil for PASCAL VOC's.
  /// - Throws: `DatasetError.notFound`, `.emptySplit`, `.ambiguous`, `.badList`, `.repeatedIdentifier`; `.image` when
  ///   the list cannot be read.
  public init(
    name: String, root: String, images: String, labels: String?, list: String? = nil, classNames: [String],
    classColors: [[UInt8]]? = nil, mapping: LabelMapping
  ) throws {
    self.name = name
    self.classNames = classNames
    self.classColors = classColors ?? Array(PascalVOC.palette.prefix(classNames.count))
    self.mapping = mapping
    let (imagePattern, labelPattern) = (FilePattern(images), labels.map { FilePattern($0) })
    let imageFolder = "\(root)/\(imagePattern.folder)"
    guard FolderListing.isFolder(imageFolder) else {
      throw DatasetError.notFound(dataset: name, what: "folder of images '\(images)'", tried: [imageFolder])
    }
    if let labels, let labelPattern, !FolderListing.isFolder("\(root)/\(labelPattern.folder)") {
      throw DatasetError.notFound(
        dataset: name, what: "folder of labels '\(labels)'", tried: ["\(root)/\(labelPattern.folder)"])
    }
    let found = try imagePattern.files(root: root, dataset: name)
    let foundLabels = try labelPattern?.files(root: root, dataset: name) ?? []
    let imagePaths = Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0.path) })
    let labelPaths = Dictionary(uniqueKeysWithValues: foundLabels.map { ($0.id, $0.path) })
    let ids: [String]
    if let list {
      let path = "\(root)/\(list)"
      guard FileManager.default.fileExists(atPath: path) else {
        throw DatasetError.notFound(dataset: name, what: "list of a split", tried: [path])
      }
      ids = try IdentifierList.read(path) { !$0.isWhitespace && $0 != "\0" }
    } else {
      // A label without an image is an error of `load`, not an image less.
      let all =
        found + foundLabels.filter { imagePaths[$0.id] == nil }.map { ($0.id, imagePattern.path($0.id)) }
      ids = all.sorted { $0.1.unicodeScalars.lexicographicallyPrecedes($1.1.unicodeScalars) }.map(\.0)
    }
    samples = ids.map { id in
      SampleFiles(
        id: id, imagePath: "\(root)/\(imagePaths[id] ?? imagePattern.path(id))",
        labelPath: labelPattern.map { "\(root)/\(labelPaths[id] ?? $0.path(id))" })
    }
    guard !samples.isEmpty else {
      throw DatasetError.emptySplit(dataset: name, path: list.map { "\(root)/\($0)" } ?? "\(root)/\(images)")
    }
  }

  public func load(_ index: Int) throws -> Sample { try readPair(samples[index], mapping: mapping) }

  public func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand {
    try readPair(samples[index], mapping: mapping, rows: rows)
  }
}
