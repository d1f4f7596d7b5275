import Datasets
import Foundation
import Images
import Synchronization
import Tensors

/// Procedural data in the formats of Cityscapes and PASCAL VOC, so that everything can be run without a
/// download.
///
/// Streets and single objects, drawn with texture, light, haze, noise, thin structures, rare classes,
/// wandering label borders and an ignore region. The same seed and sizes give the same bytes.
public enum EmbeddedData {
  /// Raised when the pictures change, so that older sets are made anew.
  public static let version = 1

  /// How much to make. Lengths are pixels.
  public struct Sizes: Equatable, Sendable {
    public var streetTrain: Int
    public var streetVal: Int
    public var streetHeight: Int
    public var streetWidth: Int
    public var objectTrain: Int
    public var objectVal: Int
    /// Long side of the object pictures, about; they vary around it.
    public var objectSide: Int

    public init(
      streetTrain: Int = 60, streetVal: Int = 16, streetHeight: Int = 128, streetWidth: Int = 256,
      objectTrain: Int = 64, objectVal: Int = 24, objectSide: Int = 128
    ) {
      precondition(
        streetTrain > 0 && streetVal > 0 && objectTrain > 0 && objectVal > 0, "EmbeddedData: an empty split")
      precondition(
        streetHeight >= 32 && streetWidth >= 32 && objectSide >= 32, "EmbeddedData: pictures below 32 pixels")
      self.streetTrain = streetTrain
      self.streetVal = streetVal
      self.streetHeight = streetHeight
      self.streetWidth = streetWidth
      self.objectTrain = objectTrain
      self.objectVal = objectVal
      self.objectSide = objectSide
    }
  }

  /// Makes `root/cityscapes` and `root/VOCdevkit/VOC2012`, or leaves them alone when they are there already
  /// from the same version, seed and sizes. Each is written aside and renamed into place with its `.complete`
  /// marker, so an interrupted call leaves nothing half-made behind.
  /// - Returns: whether anything was written.
  /// - Throws: `DatasetError.writing`; also when a folder of that name exists that this generator has not
  ///   made, which is never touched.
  @discardableResult
  public static func make(root: String, seed: UInt64, sizes: Sizes = Sizes()) throws -> Bool {
    let streets = try makeStreets(root: root, seed: seed, sizes: sizes)
    let objects = try makeObjects(root: root, seed: seed, sizes: sizes)
    return streets || objects
  }

  /// `root/cityscapes` alone.
  @discardableResult
  public static func makeStreets(root: String, seed: UInt64, sizes: Sizes) throws -> Bool {
    try EmbeddedFolder(
      path: "\(root)/cityscapes",
      marker: "jml embedded streets, version \(version), seed \(seed), train \(sizes.streetTrain), "
        + "val \(sizes.streetVal), \(sizes.streetHeight)x\(sizes.streetWidth)\n"
    ).make { try EmbeddedStreets(folder: $0, seed: seed, sizes: sizes).write() }
  }

  /// `root/VOCdevkit/VOC2012` alone.
  @discardableResult
  public static func makeObjects(root: String, seed: UInt64, sizes: Sizes) throws -> Bool {
    try EmbeddedFolder(
      path: "\(root)/VOCdevkit",
      marker: "jml embedded objects, version \(version), seed \(seed), train \(sizes.objectTrain), "
        + "val \(sizes.objectVal), side \(sizes.objectSide)\n"
    ).make { try EmbeddedObjects(folder: "\($0)/VOC2012", seed: seed, sizes: sizes).write() }
  }

  /// Which of `kinds` features the picture at `index` of `count` must show: every feature is in some picture
  /// of a split, however few pictures it has.
  static func forced(index: Int, count: Int, kinds: Int) -> [Int] {
    (0..<kinds).filter { $0 == index % kinds || $0 % count == index }
  }

  /// Draws picture after picture on all cores; a picture is a function of its index.
  static func forEach(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    let failures = Mutex([(index: Int, error: any Error)]())
    DispatchQueue.concurrentPerform(iterations: count) { index in
      do {
        try body(index)
      } catch {
        failures.withLock { $0.append((index, error)) }
      }
    }
    let first = failures.withLock { $0.min { $0.index < $1.index } }
    if let first { throw first.error }
  }
}
