/// Some samples of a data set, in an order of their own.
public struct SubsetDataset: SegmentationDataset {
  public let name: String
  public let samples: [SampleFiles]
  private let base: any SegmentationDataset
  private let indices: [Int]

  /// - Parameters:
  ///   - name: for messages; nil for the base's.
  ///   - indices: of the base's samples, each at most once.
  public init(_ base: any SegmentationDataset, indices: [Int], name: String? = nil) {
    precondition(
      indices.allSatisfy { (0..<base.samples.count).contains($0) } && Set(indices).count == indices.count,
      "SubsetDataset: indices are to be distinct and in 0..<\(base.samples.count)")
    self.base = base
    self.indices = indices
    self.name = name ?? base.name
    samples = indices.map { base.samples[$0] }
  }

  public var classNames: [String] { base.classNames }
  public var classColors: [[UInt8]] { base.classColors }

  public func load(_ index: Int) throws -> Sample { try base.load(indices[index]) }

  public func load(_ index: Int, rows: (_ height: Int, _ width: Int) -> Range<Int>) throws -> SampleBand {
    try base.load(indices[index], rows: rows)
  }
}
