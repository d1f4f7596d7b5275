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

/// Cross-validation over the samples of a data set in their order: fold f validates on [size * f, size * (f + 1)) and
/// trains on the rest. Samples beyond count * size are always trained on: DeepGlobe Land Cover has 803 images and
/// 5 folds of 160 (Appendix A of the paper).
public struct FoldSplit: Equatable, Sendable {
  /// Folds.
  public let count: Int
  /// Validation samples of each fold.
  public let size: Int

  public init(count: Int, size: Int) {
    precondition(count > 1 && size > 0, "FoldSplit: \(count) folds of \(size)")
    self.count = count
    self.size = size
  }

  /// - Throws: `DatasetError.tooFewForFolds` when the folds do not fit.
  public func check(_ dataset: any SegmentationDataset) throws {
    guard dataset.count >= count * size else {
      throw DatasetError.tooFewForFolds(
        dataset: dataset.name, samples: dataset.count, count: count, size: size)
    }
  }

  /// The two parts of a fold, 0..<count, of a data set that passes `check`.
  public func parts(
    of dataset: any SegmentationDataset, fold: Int
  ) -> (train: SubsetDataset, validation: SubsetDataset) {
    precondition((0..<count).contains(fold), "FoldSplit: fold \(fold) of \(count)")
    let validation = size * fold..<size * (fold + 1)
    let train = (0..<dataset.count).filter { !validation.contains($0) }
    return (
      SubsetDataset(dataset, indices: train, name: "\(dataset.name)/fold\(fold)/train"),
      SubsetDataset(dataset, indices: Array(validation), name: "\(dataset.name)/fold\(fold)/validation")
    )
  }
}
