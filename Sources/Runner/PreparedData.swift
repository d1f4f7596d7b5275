import Datasets
import Experiments
import Foundation

/// A data set that has passed its check.
public struct PreparedData: Sendable {
  public let spec: DatasetSpec
  public let summary: DataSummary
  private let data: OpenedData

  init(_ spec: DatasetSpec, _ data: OpenedData, _ summary: DataSummary) {
    self.spec = spec
    self.data = data
    self.summary = summary
  }

  /// Training and validation samples of a run.
  /// - Parameter fold: given if and only if the data set has folds.
  public func samples(fold: Int?) -> (train: any SegmentationDataset, validation: any SegmentationDataset) {
    data.samples(fold: fold)
  }
}

/// What the check of both splits of a data set has found: kept, so that unchanged files are read once.
public struct DataSummary: Codable, Equatable, Sendable {
  public let dataset: String
  /// Over the contents of all files: 16 hexadecimal digits.
  public let fingerprint: String
  /// In words for captions.
  public let description: String
  public let trainImages: Int
  public let validationImages: Int
  public let warnings: [String]
  /// Labelled pixels of each class, by split; both of the whole data set where it has folds.
  public let trainPixels: [Int]
  public let validationPixels: [Int]
  public let classNames: [String]
}

/// Reads every file of a data set once before any training.
public struct DataPreparation: Sendable {
  public let source: DataSource
  public let profile: ProfileSpec
  /// Where the results of checks are kept.
  public let cache: CheckCache
  public let threads: Int

  public init(source: DataSource, profile: ProfileSpec, cache: CheckCache, threads: Int) {
    self.source = source
    self.profile = profile
    self.cache = cache
    self.threads = threads
  }

  /// Makes embedded data if need be, then checks, unless files of these names, sizes and times have passed before.
  /// - Parameters:
  ///   - fresh: check again in any case.
  ///   - progress: (what, done, in all), one call at a time.
  /// - Throws: `RunnerError.badData` and what `DataSource` throws.
  public func prepare(
    _ spec: DatasetSpec, fresh: Bool = false, progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> PreparedData {
    let spec = spec.scaled(by: profile.dataset(spec.name))
    try source.make(spec, profile: profile)
    let data = try source.open(spec)
    let manifest = CheckCache.manifest(data.parts, meaning: spec.meaning, root: source.root)
    if !fresh, let known = cache.summary(dataset: spec.name, manifest: manifest) {
      return PreparedData(spec, data, known)
    }
    let reports = data.parts.map { dataset in
      DataCheck.run(dataset, threads: threads) { progress(dataset.name, $0, $1) }
    }
    let errors = reports.flatMap(\.errors)
    guard errors.isEmpty else {
      throw RunnerError.badData(
        dataset: spec.name, count: errors.count, first: errors.prefix(3).map(\.description))
    }
    // Folds are of one size.
    let (train, validation) = data.samples(fold: spec.content.folds.map { _ in 0 })
    let digest = SHA256.hexDigest(of: reports.map(\.fingerprintText).joined(separator: " "))
    let summary = DataSummary(
      dataset: spec.name, fingerprint: String(digest.prefix(16)),
      description: source.description(data), trainImages: train.count, validationImages: validation.count,
      warnings: reports.flatMap(\.warnings), trainPixels: reports[0].classPixels,
      validationPixels: reports[reports.count - 1].classPixels, classNames: train.classNames)
    cache.keep(summary, manifest: manifest)
    return PreparedData(spec, data, summary)
  }

  /// Every report of a data set, good or bad, read anew: for `jml data check`.
  /// - Throws: `DatasetError` when a split cannot be listed.
  public func reports(
    _ spec: DatasetSpec, progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> [DataReport] {
    let spec = spec.scaled(by: profile.dataset(spec.name))
    try source.make(spec, profile: profile)
    return try source.open(spec).parts.map { dataset in
      DataCheck.run(dataset, threads: threads) { progress(dataset.name, $0, $1) }
    }
  }
}
