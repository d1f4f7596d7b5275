/// The images of a data set without their labels, which are never read.
public struct UnlabelledDataset: SegmentationDataset {
  public let name: String
  public let classNames: [String]
  public let classColors: [[UInt8]]
  public let samples: [SampleFiles]
  private let mapping: LabelMapping

  /// - Parameter base: as it lies on disk, not shrunk or cached: the image files themselves are read.
  public init(_ base: any SegmentationDataset) {
    name = "\(base.name), unlabelled"
    classNames = base.classNames
    classColors = base.classColors
    samples = base.samples.map { SampleFiles(id: $0.id, imagePath: $0.imagePath, labelPath: nil) }
    mapping = .identity(classCount: base.classNames.count)
  }

  public func load(_ index: Int) throws -> Sample { try readPair(samples[index], mapping: mapping) }

  public func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand {
    try readPair(samples[index], mapping: mapping, rows: rows)
  }
}
