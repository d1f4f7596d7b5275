import Datasets
import Experiments
import Foundation
import Scenes

/// Where data comes from: folders that somebody has, or the embedded generator.
public enum DataSource: Equatable, Sendable {
  /// A folder with the data sets' folders in it.
  case folder(URL)
  /// Made on demand below this folder, in the profile's sizes.
  case embedded(URL)

  public var root: URL {
    switch self {
    case .folder(let url), .embedded(let url): return url
    }
  }

  /// What the generator draws for a data set; nil for real folders.
  /// - Throws: `RunnerError.needsData`.
  private func embedded(_ spec: DatasetSpec, _ profile: ProfileSpec) throws -> (set: EmbeddedSet, root: URL)?
  {
    guard case .embedded(let root) = self else { return nil }
    guard let wanted = profile.dataset(spec.name)?.embedded else {
      throw RunnerError.needsData(dataset: spec.name, profile: profile.name)
    }
    let seed = UInt64(wanted.seed)
    switch spec.format {
    case .cityscapes:
      let sizes = EmbeddedData.Sizes(
        streetTrain: wanted.trainImages, streetVal: wanted.validationImages, streetHeight: wanted.height,
        streetWidth: wanted.width)
      return (EmbeddedSet(.streets, seed: seed, sizes: sizes), root)
    case .pascalVOC:
      let sizes = EmbeddedData.Sizes(
        objectTrain: wanted.trainImages, objectVal: wanted.validationImages,
        objectSide: max(wanted.height, wanted.width))
      return (EmbeddedSet(.objects, seed: seed, sizes: sizes), root)
    }
  }

  /// The name of a data set's content where that is known without any file: the generator's pictures are a function of
  /// its version, seed and sizes. nil for real folders, whose content has to be read.
  /// - Throws: `RunnerError.needsData`.
  public func fingerprint(_ spec: DatasetSpec, profile: ProfileSpec) throws -> String? {
    try embedded(spec, profile).map { "embedded-" + SHA256.hexDigest(of: $0.set.description).prefix(16) }
  }

  /// Makes what the generator owes; nothing for real folders.
  /// - Returns: whether anything was written.
  /// - Throws: `RunnerError.needsData`, `.noDataFolder`, `DatasetError.writing`.
  @discardableResult
  public func make(_ spec: DatasetSpec, profile: ProfileSpec) throws -> Bool {
    if let (set, root) = try embedded(spec, profile) { return try set.make(below: root.path) }
    guard ProjectLocation.isFolder(root.path) else { throw RunnerError.noDataFolder(path: root.path) }
    return false
  }

  /// Reads what was made and compares it with what was drawn, by whose name runs know it; nothing for real folders.
  /// - Throws: `RunnerError.alteredData`, `.needsData`, `ImageError.file`.
  public func verify(_ spec: DatasetSpec, profile: ProfileSpec) throws {
    guard let (set, root) = try embedded(spec, profile) else { return }
    let altered = try set.alteredFiles(below: root.path)
    guard let first = altered.first else { return }
    throw RunnerError.alteredData(folder: set.folder(below: root.path), count: altered.count, first: first)
  }

  /// Lists a split's files as they are on disk.
  /// - Throws: `RunnerError.unknownSplit`, `.classCount`, `DatasetError`.
  func open(_ spec: DatasetSpec, split: String) throws -> any SegmentationDataset {
    // The folder that the experiment file names, or, if it is not there, the root as somebody named it.
    let named = root.appendingPathComponent(spec.folder).path
    let place = ProjectLocation.isFolder(named) ? named : root.path
    let dataset: any SegmentationDataset
    switch spec.format {
    case .cityscapes:
      dataset = try Cityscapes(root: place, split: try DataSource.split(split, spec))
    case .pascalVOC:
      let labels: PascalVOC.Labels =
        switch spec.labelSource {
        case .official: .official
        case .sbdFirst: .sbdFirst
        }
      dataset = try PascalVOC(root: place, split: try DataSource.split(split, spec), labels: labels)
    }
    guard dataset.classNames.count == spec.classes else {
      throw RunnerError.classCount(dataset: spec.name, file: spec.classes, format: dataset.classNames.count)
    }
    return dataset
  }

  private static func split<Split: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ spec: DatasetSpec
  ) throws -> Split {
    guard let split = Split(rawValue: name) else {
      throw RunnerError.unknownSplit(
        dataset: spec.name, split: name, allowed: Split.allCases.map { $0.rawValue })
    }
    return split
  }

  /// In words for captions; no path of this machine.
  func description(train: Int, validation: Int) -> String {
    let images = "\(train) training and \(validation) validation images"
    switch self {
    case .folder(let url): return "folder `\(url.lastPathComponent)`, \(images)"
    case .embedded: return "embedded, \(images)"
    }
  }
}
