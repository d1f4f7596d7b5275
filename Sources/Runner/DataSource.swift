import Datasets
import Experiments
import Foundation
import Images
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

  /// Where the pictures of one data set are. Embedded ones of Cityscapes' and PASCAL VOC's layouts lie where the real data
  /// sets do, and those of another data set of such a layout, which are others, in a folder of its name.
  public func place(of spec: DatasetSpec) -> DataSource {
    guard case .embedded(let root) = self else { return self }
    let owner: String? =
      switch spec.content.layout {
      case .cityscapes: "cityscapes"
      case .pascalVOC: "pascal_voc"
      case .folders: nil
      }
    return owner == nil || owner == spec.name ? self : .embedded(root.appendingPathComponent(spec.name))
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
    switch spec.content.layout {
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
    case .folders:
      guard let scenes = spec.embedded else {
        throw RunnerError.needsData(dataset: spec.name, profile: profile.name)
      }
      return (DataSource.folderSet(scenes, wanted, folder: spec.folder), root)
    }
  }

  /// - Parameter folder: below the root, where the data set is looked for.
  private static func folderSet(
    _ scenes: EmbeddedScenes, _ wanted: EmbeddedDataSpec, folder: String
  ) -> EmbeddedSet {
    let seed = UInt64(wanted.seed)
    switch scenes {
    case .indoorOutdoor:
      let sizes = EmbeddedData.Sizes(
        placeTrain: wanted.trainImages, placeVal: wanted.validationImages, placeHeight: wanted.height,
        placeWidth: wanted.width)
      return EmbeddedSet(.places, seed: seed, sizes: sizes, folder: folder)
    case .landCover:
      // Folds split them; they are square.
      let sizes = EmbeddedData.Sizes(
        landImages: wanted.trainImages + wanted.validationImages, landSide: max(wanted.height, wanted.width))
      return EmbeddedSet(.land, seed: seed, sizes: sizes, folder: folder)
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
  /// - Throws: `RunnerError.alteredData`, `.needsData`, `DatasetError.image`.
  public func verify(_ spec: DatasetSpec, profile: ProfileSpec) throws {
    guard let (set, root) = try embedded(spec, profile) else { return }
    let altered: [String]
    do {
      altered = try set.alteredFiles(below: root.path)
    } catch let error as ImageError {
      throw DatasetError.image(error)
    }
    guard let first = altered.first else { return }
    throw RunnerError.alteredData(folder: set.folder(below: root.path), count: altered.count, first: first)
  }

  /// The folder that the experiment file names, or, if it is not there, the root as somebody named it.
  private func folder(of spec: DatasetSpec) -> String {
    let named = root.appendingPathComponent(spec.folder).path
    return ProjectLocation.isFolder(named) ? named : root.path
  }

  /// Where lists of labelled images are looked for; nil for embedded pictures.
  func listFolder(_ spec: DatasetSpec) -> String? {
    switch self {
    case .folder: folder(of: spec)
    case .embedded: nil
    }
  }

  /// Lists a data set's files as they are on disk.
  /// - Throws: `RunnerError.unknownSplit`, `.classCount`, `DatasetError`.
  func open(_ spec: DatasetSpec) throws -> OpenedData {
    let place = folder(of: spec)
    let opened: OpenedData
    switch spec.content.layout {
    case .cityscapes(let split):
      opened = .split(
        train: try Cityscapes(root: place, split: try DataSource.split(split.train, spec)),
        validation: try Cityscapes(root: place, split: try DataSource.split(split.validation, spec)))
    case .pascalVOC(let split, let source):
      let labels: (train: PascalVOC.Labels, validation: PascalVOC.Labels) =
        switch source {
        case .official: (.official, .official)
        case .sbdFirst: (.sbdFirst, .sbdFirst)
        case .officialValidation: (.sbdFirst, .official)
        }
      opened = .split(
        train: try PascalVOC(
          root: place, split: try DataSource.split(split.train, spec), labels: labels.train),
        validation: try PascalVOC(
          root: place, split: try DataSource.split(split.validation, spec), labels: labels.validation))
    case .folders(let layout): opened = try DataSource.open(layout, spec, root: place)
    }
    for part in opened.parts where part.classNames.count != spec.classes {
      throw RunnerError.classCount(dataset: spec.name, file: spec.classes, format: part.classNames.count)
    }
    return opened
  }

  private static func open(_ layout: FolderLayout, _ spec: DatasetSpec, root: String) throws -> OpenedData {
    let mapping: LabelMapping
    var colors: [[UInt8]]?
    switch layout.mapping {
    case .values(let offset, let ignore):
      mapping = .values(classCount: spec.classes, offset: offset, ignored: ignore)
    case .colors(let classes, let ignore, let threshold):
      // The registry has made sure that they are bytes.
      func bytes(_ colors: [[Int]]) -> [[UInt8]] { colors.map { $0.map { UInt8(clamping: $0) } } }
      colors = bytes(classes)
      mapping = .colors(
        bytes(classes), ignored: bytes(ignore), threshold: threshold.map { UInt8(clamping: $0) })
    }
    func part(_ name: String, folder: String? = nil, list: String? = nil) throws -> FolderDataset {
      func filled(_ pattern: String) -> String {
        folder.map { pattern.replacingOccurrences(of: FolderLayout.splitPlaceholder, with: $0) } ?? pattern
      }
      return try FolderDataset(
        name: name, root: root, images: filled(layout.images), labels: filled(layout.labels), list: list,
        classNames: spec.classNames ?? (0..<spec.classes).map { "class \($0)" }, classColors: colors,
        mapping: mapping)
    }
    switch layout.split {
    case .lists(let train, let validation):
      return .split(
        train: try part("\(spec.name)/train", list: train),
        validation: try part("\(spec.name)/validation", list: validation))
    case .folders(let train, let validation):
      return .split(
        train: try part("\(spec.name)/train", folder: train),
        validation: try part("\(spec.name)/validation", folder: validation))
    case .folds(let count, let size):
      let folds = FoldSplit(count: count, size: size)
      let all = try part(spec.name)
      try folds.check(all)
      return .folds(all, folds)
    }
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
  func description(_ data: OpenedData) -> String {
    let images =
      switch data {
      case .split(let train, let validation):
        "\(train.count) training and \(validation.count) validation images"
      case .folds(let all, let folds): "\(all.count) images in \(folds.count) folds of \(folds.size)"
      }
    switch self {
    case .folder(let url): return "folder `\(url.lastPathComponent)`, \(images)"
    case .embedded: return "embedded, \(images)"
    }
  }
}

/// A data set's samples at full resolution.
enum OpenedData: Sendable {
  case split(train: any SegmentationDataset, validation: any SegmentationDataset)
  case folds(any SegmentationDataset, FoldSplit)

  /// Every sample once: what is checked.
  var parts: [any SegmentationDataset] {
    switch self {
    case .split(let train, let validation): [train, validation]
    case .folds(let all, _): [all]
    }
  }

  /// With files that have to stay as they are now.
  var unchanged: OpenedData {
    switch self {
    case .split(let train, let validation):
      .split(train: UnchangedDataset(train), validation: UnchangedDataset(validation))
    case .folds(let all, let folds): .folds(UnchangedDataset(all), folds)
    }
  }

  /// - Parameter fold: given if and only if there are folds; `RunSpec` makes sure of that.
  func samples(fold: Int?) -> (train: any SegmentationDataset, validation: any SegmentationDataset) {
    switch (self, fold) {
    case (.split(let train, let validation), nil): return (train, validation)
    case (.folds(let all, let folds), let fold?): return folds.parts(of: all, fold: fold)
    case (.split, .some), (.folds, nil):
      preconditionFailure("OpenedData: fold \(fold.map(String.init) ?? "none") of \(parts[0].name)")
    }
  }
}
