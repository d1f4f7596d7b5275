import Datasets
import Experiments
import Foundation

/// A data set that has passed its check.
public struct PreparedData: Sendable {
  public let spec: DatasetSpec
  public let summary: DataSummary
  private let data: OpenedData
  /// Where lists of labelled images are looked for; nil for embedded pictures, which no publication lists.
  private let listFolder: String?

  init(_ spec: DatasetSpec, _ data: OpenedData, _ summary: DataSummary, from source: DataSource) {
    self.spec = spec
    self.data = data
    self.summary = summary
    listFolder = source.listFolder(spec)
  }

  /// Which of the training samples keep their labels in a split, and the others; both ascending.
  ///
  /// - Throws: `DatasetError` for a list that is not there, cannot be read or does not fit; `RunnerError.otherList`.
  func labelled(_ split: LabelledSpec, of train: any SegmentationDataset) throws -> (
    labelled: [Int], others: [Int]
  ) {
    guard let list = split.list, let listFolder else {
      return LabelledSamples.drawn(
        images: split.images, of: split.of, from: train.count, seed: UInt64(split.seed))
    }
    let path = "\(listFolder)/\(list.path)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw DatasetError.notFound(
        dataset: train.name, what: "list of the \(split.images) labelled images of '\(split.name)'",
        tried: [path])
    }
    let labelled = try LabelledSamples.listed(path: path, in: train.samples)
    let text = LabelledSamples.canonical(labelled.map { train.samples[$0].id })
    // Whoever hashed the list may have printed it, a line each.
    guard [text, text + "\n"].contains(where: { SHA1.hexDigest(of: $0).hasPrefix(list.sha1) }) else {
      throw RunnerError.otherList(
        path: path, split: split.name, found: String(SHA1.hexDigest(of: text).prefix(list.sha1.count)),
        wanted: list.sha1)
    }
    return (labelled, LabelledSamples.others(than: labelled, of: train.count))
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
  /// What run ids know the data by: of embedded data `DataSource.fingerprint`, of real folders `content`.
  public let fingerprint: String
  /// Over the contents of all files: 16 hexadecimal digits.
  public let content: String
  /// In words for captions.
  public let description: String
  public let trainImages: Int
  public let validationImages: Int
  public private(set) var warnings: [String]
  /// Labelled pixels of each class, by split; both of the whole data set where it has folds.
  public let trainPixels: [Int]
  public let validationPixels: [Int]
  public let classNames: [String]

  /// With what is found anew each time: files that are not used may come and go.
  func warning(_ more: [String]) -> DataSummary {
    var summary = self
    summary.warnings += more
    return summary
  }
}

/// Reads every file of a data set once before any training.
public struct DataPreparation: Sendable {
  public let source: DataSource
  /// Where the pictures of the backbones' pretraining are: embedded ones, whatever `source` is.
  public let pretrainingSource: DataSource
  public let profile: ProfileSpec
  /// Where the results of checks are kept.
  public let cache: CheckCache
  public let threads: Int
  /// Whether warnings about data keep it from being used; those of the backbones' pretraining do not.
  public let strict: Bool

  public init(
    source: DataSource, pretrainingSource: DataSource, profile: ProfileSpec, cache: CheckCache, threads: Int,
    strict: Bool = false
  ) {
    self.source = source
    self.pretrainingSource = pretrainingSource
    self.profile = profile
    self.cache = cache
    self.threads = threads
    self.strict = strict
  }

  private func source(of spec: DatasetSpec) -> DataSource {
    spec.name == profile.pretraining?.dataset ? pretrainingSource : source.place(of: spec)
  }

  /// What a plan can know of a data set when nothing may be drawn and no picture opened.
  public enum Knowledge: Equatable, Sendable {
    case fingerprint(String)
    /// The files are there, and have not passed a check as they are.
    case unchecked
    /// There are no files; the reason in words.
    case absent(String)
  }

  /// Lists files at most.
  /// - Throws: `RunnerError.unknownSplit`, `.classCount`; `DatasetError` for a list that cannot be read.
  public func knowledge(_ spec: DatasetSpec) throws -> Knowledge {
    let source = source(of: spec)
    do {
      if let known = try source.fingerprint(spec, profile: profile) { return .fingerprint(known) }
      guard ProjectLocation.isFolder(source.root.path) else {
        throw RunnerError.noDataFolder(path: source.root.path)
      }
      let spec = spec.scaled(by: profile.dataset(spec.name))
      let manifest = CheckCache.manifest(
        try source.open(spec).parts, meaning: spec.meaning, root: source.root)
      return cache.summary(dataset: spec.name, manifest: manifest).map { .fingerprint($0.fingerprint) }
        ?? .unchecked
    } catch let error as RunnerError {
      switch error {
      case .needsData, .noDataFolder: return absent(spec, error.description)
      default: throw error
      }
    } catch let error as DatasetError {
      switch error {
      case .notFound, .emptySplit: return absent(spec, error.description)
      default: throw error
      }
    }
  }

  /// Data that is not at hand is taken to be what results were made of here.
  private func absent(_ spec: DatasetSpec, _ reason: String) -> Knowledge {
    cache.only(dataset: spec.name).map { .fingerprint($0.fingerprint) } ?? .absent(reason)
  }

  /// Makes embedded data if need be, then checks, unless files of these names, sizes and times have passed before.
  /// - Parameters:
  ///   - fresh: check again in any case.
  ///   - progress: (what, done, in all), one call at a time.
  /// - Throws: `RunnerError.badData`, `.strictWarnings`, `.alteredData` and what `DataSource` throws.
  public func prepare(
    _ spec: DatasetSpec, fresh: Bool = false, progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> PreparedData {
    let (spec, source) = (spec.scaled(by: profile.dataset(spec.name)), source(of: spec))
    try source.make(spec, profile: profile)
    let data = try source.open(spec)
    // Looked at before the check, so that what changes later is not what was checked.
    let unchanged = data.unchanged
    let manifest = CheckCache.manifest(data.parts, meaning: spec.meaning, root: source.root)
    let inventory = DataInventory.findings(data.parts)
    if !fresh, inventory.allSatisfy(\.errors.isEmpty),
      let known = cache.summary(dataset: spec.name, manifest: manifest)
    {
      return try accepted(spec, unchanged, known.warning(inventory.flatMap(\.warnings)), from: source)
    }
    let (reports, summary) = try check(spec, data, inventory, manifest: manifest, progress: progress)
    guard let summary else {
      let errors = reports.flatMap(\.errors)
      throw RunnerError.badData(
        dataset: spec.name, count: errors.count, first: errors.prefix(3).map(\.description))
    }
    return try accepted(spec, unchanged, summary, from: source)
  }

  private func accepted(
    _ spec: DatasetSpec, _ data: OpenedData, _ summary: DataSummary, from source: DataSource
  ) throws -> PreparedData {
    if strict, spec.name != profile.pretraining?.dataset, !summary.warnings.isEmpty {
      throw RunnerError.strictWarnings(
        dataset: spec.name, count: summary.warnings.count, first: Array(summary.warnings.prefix(3)))
    }
    return PreparedData(spec, data, summary, from: source)
  }

  /// Every report of a data set, good or bad, read anew and remembered if good: for `jml data check`.
  /// - Returns: the splits' reports, and what is remembered; nil when there are errors.
  /// - Throws: `RunnerError.alteredData`, `DatasetError` when a split cannot be listed.
  public func check(
    _ spec: DatasetSpec, progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> (reports: [DataReport], summary: DataSummary?) {
    let (spec, source) = (spec.scaled(by: profile.dataset(spec.name)), source(of: spec))
    try source.make(spec, profile: profile)
    let data = try source.open(spec)
    return try check(
      spec, data, DataInventory.findings(data.parts),
      manifest: CheckCache.manifest(data.parts, meaning: spec.meaning, root: source.root),
      progress: progress)
  }

  private func check(
    _ spec: DatasetSpec, _ data: OpenedData, _ inventory: [DataFindings], manifest: String,
    progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> (reports: [DataReport], summary: DataSummary?) {
    let source = source(of: spec)
    try source.verify(spec, profile: profile)
    let read = DataCheck.read(data.parts, threads: threads, progress: progress)
    let reports = zip(read, inventory).map { $0.adding($1) }
    guard reports.allSatisfy(\.errors.isEmpty) else { return (reports, nil) }
    let content = String(
      SHA256.hexDigest(of: reports.map(\.fingerprintText).joined(separator: " ")).prefix(16))
    // Folds are of one size.
    let (train, validation) = data.samples(fold: spec.content.folds.map { _ in 0 })
    let summary = DataSummary(
      dataset: spec.name, fingerprint: try source.fingerprint(spec, profile: profile) ?? content,
      content: content,
      description: source.description(data), trainImages: train.count,
      validationImages: validation.count,
      warnings: read.flatMap(\.warnings), trainPixels: reports[0].classPixels,
      validationPixels: reports[reports.count - 1].classPixels, classNames: train.classNames)
    cache.keep(summary, manifest: manifest)
    return (reports, summary.warning(inventory.flatMap(\.warnings)))
  }
}
