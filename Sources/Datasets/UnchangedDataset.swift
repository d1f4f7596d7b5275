import Foundation

/// A data set whose files are to stay as they were when this value was made, which is before they are checked: a file that is
/// written to between check and reading, or while it is read, is an error and no sample. Sizes and times of modification
/// tell; no file is opened for it.
public struct UnchangedDataset: SegmentationDataset {
  private let base: any SegmentationDataset
  /// Of image and label, by sample.
  private let stamps: [[FileStamp]]

  public init(_ base: any SegmentationDataset) {
    self.base = base
    stamps = base.samples.map { sample in UnchangedDataset.paths(sample).map { FileStamp($0) } }
  }

  public var name: String { base.name }
  public var classNames: [String] { base.classNames }
  public var classColors: [[UInt8]] { base.classColors }
  public var samples: [SampleFiles] { base.samples }
  public var listing: SplitListing { base.listing }

  /// - Throws: `DatasetError.changed`, and what the base throws.
  public func load(_ index: Int) throws -> Sample { try guarded(index) { try base.load(index) } }

  public func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand {
    try guarded(index) { try base.load(index, rows: rows) }
  }

  private func guarded<Value>(_ index: Int, _ read: () throws -> Value) throws -> Value {
    try compare(index)
    let value = try read()
    // What was written to meanwhile may have been read by halves.
    try compare(index)
    return value
  }

  private func compare(_ index: Int) throws {
    for (path, stamp) in zip(UnchangedDataset.paths(base.samples[index]), stamps[index])
    where FileStamp(path) != stamp { throw DatasetError.changed(path: path) }
  }

  private static func paths(_ sample: SampleFiles) -> [String] {
    [sample.imagePath] + [sample.labelPath].compactMap { $0 }
  }
}

/// What tells a file from another one of its name without opening it.
private struct FileStamp: Equatable, Sendable {
  /// Bytes; -1 where there is no file.
  private let size: Int
  private let seconds: Int
  private let nanoseconds: Int

  /// As the file is now.
  init(_ path: String) {
    var status = stat()
    let isThere = stat(path, &status) == 0
    size = isThere ? Int(status.st_size) : -1
    (seconds, nanoseconds) = isThere ? (Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)) : (0, 0)
  }
}
