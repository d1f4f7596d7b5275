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
  /// Must be raised with any change of the pictures: run ids know embedded data by it, by seed and by sizes. Older sets
  /// are then made anew.
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
  /// from the same version, seed and sizes.
  /// - Returns: whether anything was written.
  /// - Throws: as `EmbeddedSet.make(below:)`.
  @discardableResult
  public static func make(root: String, seed: UInt64, sizes: Sizes = Sizes()) throws -> Bool {
    let streets = try EmbeddedSet(.streets, seed: seed, sizes: sizes).make(below: root)
    let objects = try EmbeddedSet(.objects, seed: seed, sizes: sizes).make(below: root)
    return streets || objects
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
