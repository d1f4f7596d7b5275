import Tensors

/// One of the data sets that the generator draws: everything that its pictures are a function of, so that the set is
/// known before any of them is drawn.
public struct EmbeddedSet: Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// In Cityscapes' layout.
    case streets
    /// In PASCAL VOC's layout.
    case objects
    /// Rooms and landscapes, in ADE20K's layout.
    case places
    /// Land from above, in DeepGlobe Land Cover's layout.
    case land
  }

  public let kind: Kind
  public let seed: UInt64
  /// Those of the other kind do not matter.
  public let sizes: EmbeddedData.Sizes

  /// Where the set lies below a data root; no part of what it is.
  private let place: String

  /// - Parameter folder: where it lies below a data root; nil: where the real data set does.
  public init(_ kind: Kind, seed: UInt64, sizes: EmbeddedData.Sizes, folder: String? = nil) {
    place = folder ?? kind.folder
    self.kind = kind
    self.seed = seed
    self.sizes = sizes
  }

  /// Kind, generator version, seed and sizes in one line: equal lines, equal pictures.
  public var description: String {
    switch kind {
    case .streets:
      "jml embedded streets, version \(EmbeddedData.version), seed \(seed), train \(sizes.streetTrain), "
        + "val \(sizes.streetVal), \(sizes.streetHeight)x\(sizes.streetWidth)"
    case .objects:
      "jml embedded objects, version \(EmbeddedData.version), seed \(seed), train \(sizes.objectTrain), "
        + "val \(sizes.objectVal), side \(sizes.objectSide)"
    case .places:
      "jml embedded places, version \(EmbeddedData.placeVersion), seed \(seed), train \(sizes.placeTrain), "
        + "val \(sizes.placeVal), \(sizes.placeHeight)x\(sizes.placeWidth)"
    case .land:
      "jml embedded land, version \(EmbeddedData.landVersion), seed \(seed), images \(sizes.landImages), "
        + "side \(sizes.landSide)"
    }
  }

  /// Where the set lies below a data root.
  public func folder(below root: String) -> String { "\(root)/\(place)" }

  /// Draws the set, or leaves it alone when it is there already. It is written aside and renamed into place with its
  /// `.complete` marker, so an interrupted call leaves nothing half-made behind.
  /// - Returns: whether anything was written.
  /// - Throws: `DatasetError.writing`; also when a folder of that name exists that this generator has not
  ///   made, which is never touched.
  @discardableResult
  public func make(below root: String) throws -> Bool {
    try content(below: root).make { folder in
      switch kind {
      case .streets: try EmbeddedStreets(folder: folder, seed: seed, sizes: sizes).write()
      case .objects: try EmbeddedObjects(folder: "\(folder)/VOC2012", seed: seed, sizes: sizes).write()
      case .places: try EmbeddedPlaces(folder: folder, seed: seed, sizes: sizes).write()
      case .land: try EmbeddedLand(folder: folder, seed: seed, sizes: sizes).write()
      }
    }
  }

  /// Files of a set that was made which are no longer as they were drawn: changed, removed or added; sorted paths below
  /// its folder. Reads all of them.
  /// - Throws: `ImageError.file` when one cannot be read.
  public func alteredFiles(below root: String) throws -> [String] { try content(below: root).alteredFiles() }

  private func content(below root: String) -> EmbeddedFolder {
    EmbeddedFolder(path: folder(below: root), content: description)
  }
}

extension EmbeddedSet.Kind {
  fileprivate var folder: String {
    switch self {
    case .streets: "cityscapes"
    case .objects: "VOCdevkit"
    case .places: "ADEChallengeData2016"
    case .land: "deepglobe_land"
    }
  }
}
