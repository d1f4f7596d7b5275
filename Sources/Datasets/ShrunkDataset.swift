import Images

/// A data set at a reduced working resolution: the short side of every sample has `shortSide` pixels (samples
/// that are smaller already stay as they are). Images are box-filtered, labels taken at the same centres.
public struct ShrunkDataset: SegmentationDataset {
  private let base: any SegmentationDataset
  /// Pixels.
  public let shortSide: Int

  public init(_ base: any SegmentationDataset, shortSide: Int) {
    precondition(shortSide > 0, "ShrunkDataset: short side \(shortSide) is not positive")
    self.base = base
    self.shortSide = shortSide
  }

  public var name: String { base.name }
  public var classNames: [String] { base.classNames }
  public var classColors: [[UInt8]] { base.classColors }
  public var samples: [SampleFiles] { base.samples }

  public func load(_ index: Int) throws -> Sample {
    let sample = try base.load(index)
    let size = Shrink.size(height: sample.image.height, width: sample.image.width, shortSide: shortSide)
    return Sample(
      id: sample.id, image: Shrink.box(sample.image, height: size.height, width: size.width),
      label: Shrink.nearest(sample.label, height: size.height, width: size.width))
  }
}
