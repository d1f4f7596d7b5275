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
