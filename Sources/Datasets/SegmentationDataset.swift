import Images
import Platform
import Tensors

/// The two files of one sample.
public struct SampleFiles: Equatable, Sendable {
  /// Unique within the split by its bytes, for instance "aachen_000000_000019".
  public let id: String
  public let imagePath: String
  /// nil: an unlabelled sample, whose label is `LabelMap.ignore` everywhere.
  public let labelPath: String?

  public init(id: String, imagePath: String, labelPath: String?) {
    self.id = id
    self.imagePath = imagePath
    self.labelPath = labelPath
  }
}

/// One image and its label, of the same size.
public struct Sample: Equatable, Sendable {
  public let id: String
  /// [H, W, 3].
  public let image: ImageBuffer
  /// [H, W], values 0..<C or `LabelMap.ignore`.
  public let label: LabelMap
  /// Pixels that are ignored since their colour in the label file is no class's.
  public let unmatchedPixels: Int
  /// What the image's decoder objected to, in a picture that is whole all the same (`DecodedRows.remark`).
  public let remark: String?

  public init(
    id: String, image: ImageBuffer, label: LabelMap, unmatchedPixels: Int = 0, remark: String? = nil
  ) {
    precondition(
      image.height == label.height && image.width == label.width,
      "Sample \(id): image [\(image.height), \(image.width)], label [\(label.height), \(label.width)]")
    self.id = id
    self.image = image
    self.label = label
    self.unmatchedPixels = unmatchedPixels
    self.remark = remark
  }
}

/// Some rows of a sample: as many as a crop needs.
public struct SampleBand: Equatable, Sendable {
  public let id: String
  /// [rows.count, W, 3].
  public let image: ImageBuffer
  /// [rows.count, W], values 0..<C or `LabelMap.ignore`.
  public let label: LabelMap
  /// Which rows of the sample these are.
  public let rows: Range<Int>
  /// Of the whole sample, pixels.
  public let height: Int

  public init(id: String, image: ImageBuffer, label: LabelMap, rows: Range<Int>, height: Int) {
    precondition(
      image.height == rows.count && label.height == rows.count && image.width == label.width
        && rows.lowerBound >= 0 && rows.upperBound <= height,
      """
      SampleBand \(id): image [\(image.height), \(image.width)], label [\(label.height), \(label.width)], \
      rows \(rows) of \(height)
      """)
    self.id = id
    self.image = image
    self.label = label
    self.rows = rows
    self.height = height
  }

  /// All rows.
  public init(_ sample: Sample) {
    let height = sample.image.height
    self.init(id: sample.id, image: sample.image, label: sample.label, rows: 0..<height, height: height)
  }
}

/// One split of a data set on disk. A value: loading the same index gives the same sample, from any thread.
public protocol SegmentationDataset: Sendable {
  /// Name and split, for messages, for instance "cityscapes/train".
  var name: String { get }
  /// C names; the index is the class.
  var classNames: [String] { get }
  /// C RGB colours for pictures of labels.
  var classColors: [[UInt8]] { get }
  /// In a fixed order that does not depend on the file system.
  var samples: [SampleFiles] { get }
  /// What listing them has shown besides, errors among it: `DataCheck` reports them, and nothing is trained before.
  var listing: SplitListing { get }
  /// Reads one sample.
  /// - Throws: `DatasetError`, naming the file.
  func load(_ index: Int) throws -> Sample
  /// Reads at least some rows of one sample, so that a crop does not pay for the rest.
  /// - Parameter rows: the wanted rows of a sample of this height and width; called once.
  /// - Throws: `DatasetError`, naming the file; what is wrong outside the rows may stay unseen.
  func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand
}

extension SegmentationDataset {
  /// Reads the whole sample: for data sets that must have all of it anyway.
  public func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand {
    let sample = try load(index)
    _ = rows(sample.image.height, sample.image.width)
    return SampleBand(sample)
  }

  /// Number of samples.
  public var count: Int { samples.count }

  /// Nothing: for data sets over others.
  public var listing: SplitListing { SplitListing() }

  /// PASCAL VOC's.
  public var classColors: [[UInt8]] { Array(PascalVOC.palette.prefix(classNames.count)) }
}

/// Reads the pair of a sample and checks what no later stage could tell: both there, one size, known values.
/// - Throws: `DatasetError`.
func readPair(_ files: SampleFiles, mapping: LabelMapping) throws -> Sample {
  let (band, unmatched, remark) = try readRows(files, mapping: mapping) { height, _ in 0..<height }
  return Sample(
    id: band.id, image: band.image, label: band.label, unmatchedPixels: unmatched, remark: remark)
}

/// The same for some rows.
/// - Parameter rows: as in `SegmentationDataset.load(_:rows:)`.
/// - Throws: `DatasetError`.
func readPair(
  _ files: SampleFiles, mapping: LabelMapping, rows: (_ height: Int, _ width: Int) -> Range<Int>
) throws -> SampleBand {
  try readRows(files, mapping: mapping, rows: rows).band
}

/// Whether there is something at a path that may be read.
/// - Throws: `DatasetError.image` where that cannot be known, and for a link to nothing.
func exists(_ path: String) throws(DatasetError) -> Bool {
  let kind: Folder.Kind?
  do {
    kind = try Folder.kind(path)
  } catch {
    throw .image(.file(path: path, reason: error.reason))
  }
  if case .unreachable(let reason) = kind { throw .image(.file(path: path, reason: reason)) }
  return kind != nil
}

private func readRows(
  _ files: SampleFiles, mapping: LabelMapping, rows: (_ height: Int, _ width: Int) -> Range<Int>
) throws -> (band: SampleBand, unmatched: Int, remark: String?) {
  guard try exists(files.imagePath) else {
    throw DatasetError.missingImage(path: files.imagePath, label: files.labelPath)
  }
  if let labelPath = files.labelPath, !(try exists(labelPath)) {
    throw DatasetError.missingLabel(path: labelPath, image: files.imagePath)
  }
  do {
    let bytes = try FileBytes.read(files.imagePath)
    let decoded = try ImageFile.decodeRGB(bytes, path: files.imagePath, rows: rows)
    let (image, shown, height) = (decoded.image, decoded.rows, decoded.height)
    func band(_ label: LabelMap) -> SampleBand {
      SampleBand(id: files.id, image: image, label: label, rows: shown, height: height)
    }
    guard let labelPath = files.labelPath else {
      return (band(LabelMap(height: shown.count, width: image.width)), 0, decoded.remark)
    }
    let (label, unmatched) = try mapping.decode(FileBytes.read(labelPath), path: labelPath) {
      guard $0 == height && $1 == image.width else {
        throw DatasetError.sizeMismatch(
          image: files.imagePath, imageSize: [height, image.width], orientation: ImageOrientation(of: bytes),
          label: labelPath, labelSize: [$0, $1])
      }
      return shown
    }
    return (band(label), unmatched, decoded.remark)
  } catch let error as ImageError {
    throw DatasetError.image(error)
  }
}
