import Foundation
import Images
import Tensors

/// The two files of one sample.
public struct SampleFiles: Equatable, Sendable {
  /// Unique within the split, for instance "aachen_000000_000019".
  public let id: String
  public let imagePath: String
  public let labelPath: String

  public init(id: String, imagePath: String, labelPath: String) {
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

  public init(id: String, image: ImageBuffer, label: LabelMap) {
    precondition(
      image.height == label.height && image.width == label.width,
      "Sample \(id): image [\(image.height), \(image.width)], label [\(label.height), \(label.width)]")
    self.id = id
    self.image = image
    self.label = label
  }
}

/// One split of a data set on disk. A value: loading the same index gives the same sample, from any thread.
public protocol SegmentationDataset: Sendable {
  /// Name and split, for messages, for instance "cityscapes/train".
  var name: String { get }
  /// C names; the index is the class.
  var classNames: [String] { get }
  /// In a fixed order that does not depend on the file system.
  var samples: [SampleFiles] { get }
  /// Reads one sample.
  /// - Throws: `DatasetError`, naming the file.
  func load(_ index: Int) throws -> Sample
}

extension SegmentationDataset {
  /// Number of samples.
  public var count: Int { samples.count }
}

/// Reads the pair of a sample and checks what no later stage could tell: both there, one size, known values.
/// - Throws: `DatasetError`.
func readPair(_ files: SampleFiles, mapping: LabelMapping) throws -> Sample {
  guard FileManager.default.fileExists(atPath: files.imagePath) else {
    throw DatasetError.missingImage(path: files.imagePath, label: files.labelPath)
  }
  guard FileManager.default.fileExists(atPath: files.labelPath) else {
    throw DatasetError.missingLabel(path: files.labelPath, image: files.imagePath)
  }
  do {
    let image = try ImageFile.readRGB(files.imagePath)
    let raw = try ImageFile.readLabel(files.labelPath)
    guard image.height == raw.height && image.width == raw.width else {
      throw DatasetError.sizeMismatch(
        image: files.imagePath, imageSize: [image.height, image.width],
        label: files.labelPath, labelSize: [raw.height, raw.width])
    }
    return Sample(id: files.id, image: image, label: try mapping.apply(raw, path: files.labelPath))
  } catch let error as ImageError {
    throw DatasetError.image(error)
  }
}
