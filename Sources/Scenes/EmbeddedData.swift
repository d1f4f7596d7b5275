import Datasets
import Foundation
import Images
import Platform
import Synchronization
import Tensors

/// Procedural data in the formats of Cityscapes, PASCAL VOC, ADE20K and DeepGlobe Land Cover, so that everything can be
/// run without a download.
///
/// Streets, single objects, rooms and landscapes, and land from above, drawn with texture, light, haze, noise, thin
/// structures, rare classes, wandering label borders and an ignore region. The same seed and sizes give the same bytes.
public enum EmbeddedData {
  /// Of objects. Must be raised with any change of the pictures: run ids know embedded data by it, by seed and by sizes.
  /// Older sets are then made anew.
  public static let version = 1
  /// The same of streets. Since version 2 fewer things stand in a street, nearer and thicker, and outlines are drawn
  /// with less care: of 128 rows the band that boundary label smoothing changes is no longer one pixel in seven.
  public static let streetVersion = 2
  /// The same of rooms and landscapes.
  public static let placeVersion = 1
  /// The same of land from above.
  public static let landVersion = 1

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
    public var placeTrain: Int
    public var placeVal: Int
    /// Of the rooms and landscapes, about; they vary around it.
    public var placeHeight: Int
    public var placeWidth: Int
    /// Pictures of land in all: folds split them.
    public var landImages: Int
    public var landSide: Int

    public init(
      streetTrain: Int = 60, streetVal: Int = 16, streetHeight: Int = 128, streetWidth: Int = 256,
      objectTrain: Int = 64, objectVal: Int = 24, objectSide: Int = 128,
      placeTrain: Int = 120, placeVal: Int = 32, placeHeight: Int = 96, placeWidth: Int = 128,
      landImages: Int = 83, landSide: Int = 96
    ) {
      precondition(
        [streetTrain, streetVal, objectTrain, objectVal, placeTrain, placeVal, landImages].allSatisfy {
          $0 > 0
        },
        "EmbeddedData: an empty split")
      precondition(
        [streetHeight, streetWidth, objectSide, placeHeight, placeWidth, landSide].allSatisfy { $0 >= 32 },
        "EmbeddedData: pictures below 32 pixels")
      self.streetTrain = streetTrain
      self.streetVal = streetVal
      self.streetHeight = streetHeight
      self.streetWidth = streetWidth
      self.objectTrain = objectTrain
      self.objectVal = objectVal
      self.objectSide = objectSide
      self.placeTrain = placeTrain
      self.placeVal = placeVal
      self.placeHeight = placeHeight
      self.placeWidth = placeWidth
      self.landImages = landImages
      self.landSide = landSide
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

  /// `number` with zeros before it.
  static func padded(_ number: Int, digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// Draws picture after picture on all processors; a picture is a function of its index.
  static func forEach(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failures = Mutex([(index: Int, error: any Error)]())
    BackgroundThread.forEach(count, threads: Processors.usable) { index in
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
