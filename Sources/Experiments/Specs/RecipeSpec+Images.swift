import JSON
import Schemas

extension RecipeSpec {
  /// One step of what happens to a training image.
  public enum AugmentationStage: Equatable, Sendable {
    /// Resize by a factor drawn uniformly from this range, relative to the stored image, one for both sides.
    case randomScale(ClosedRange<Double>)
    /// Resize the longer side to a whole number of pixels drawn uniformly from this range, whatever the profile made
    /// of the stored image; the other side follows. In the place of a random scale.
    case randomLongSide(ClosedRange<Int>)
    /// Mirror left and right.
    case randomFlip(probability: Double)
    /// A crop of the profile's size, anywhere; what is smaller is padded.
    case randomCrop(padding: Padding)

    /// Padded around the centre.
    public static let randomCrop = AugmentationStage.randomCrop(padding: .centre)

    /// On which sides small images are padded: on all, or right and below only.
    public enum Padding: String, CaseIterable, Sendable {
      case centre, end
    }

    enum Kind: String, CaseIterable {
      case randomScale = "random_scale"
      case randomFlip = "random_flip"
      case randomCrop = "random_crop"
      case randomLongSide = "random_long_side"

      /// Besides `kind`.
      var keys: [String] {
        switch self {
        case .randomScale, .randomLongSide: ["minimum", "maximum"]
        case .randomFlip: ["probability"]
        case .randomCrop: []
        }
      }

      /// Besides `keys`, and may be missing.
      var optionalKeys: [String] { self == .randomCrop ? ["padding"] : [] }

      /// Position among the stages; the two ways of resizing exclude each other.
      var place: Int {
        switch self {
        case .randomScale, .randomLongSide: 0
        case .randomFlip: 1
        case .randomCrop: 2
        }
      }
    }

    /// The engine draws a crop's geometry in one go, and so in one order.
    static func list(_ reader: StrictReader) throws -> [AugmentationStage] {
      let stages = try reader.addressableList { try AugmentationStage($0) }
      let places = stages.map(\.kind.place)
      guard zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw reader.inconsistent(
          "each stage may stand once, and their order is random_scale, random_flip, random_crop; "
            + "random_long_side may stand in the place of random_scale")
      }
      guard stages.last?.kind == .randomCrop else {
        throw reader.inconsistent(
          "the last stage must be \(Kind.randomCrop.rawValue): the images of a batch have one size")
      }
      return stages
    }

    init(_ reader: StrictReader) throws {
      let kind = try reader.required("kind").choice(Kind.self)
      try reader.allowOnly(["kind"] + kind.keys + kind.optionalKeys)
      switch kind {
      case .randomScale:
        let minimum = try reader.required("minimum")
        let low = try minimum.number(.closed(0.05, 20))
        let high = try reader.required("maximum").number(.closed(0.05, 20))
        guard low <= high else { throw minimum.inconsistent("larger than maximum \(high)") }
        self = .randomScale(low...high)
      case .randomLongSide:
        let minimum = try reader.required("minimum")
        let low = try minimum.int(1...16384)
        let high = try reader.required("maximum").int(1...16384)
        guard low <= high else { throw minimum.inconsistent("larger than maximum \(high)") }
        self = .randomLongSide(low...high)
      case .randomFlip:
        self = .randomFlip(probability: try reader.required("probability").number(.closed(0, 1)))
      case .randomCrop:
        self = .randomCrop(padding: try reader.optional("padding")?.choice(Padding.self) ?? .centre)
      }
    }

    var kind: Kind {
      switch self {
      case .randomScale: .randomScale
      case .randomLongSide: .randomLongSide
      case .randomFlip: .randomFlip
      case .randomCrop(_): .randomCrop
      }
    }

    var json: JSONValue {
      var members: [String: JSONValue] = ["kind": .string(kind.rawValue)]
      switch self {
      case .randomScale(let range):
        members["minimum"] = .number(range.lowerBound)
        members["maximum"] = .number(range.upperBound)
      case .randomLongSide(let range):
        members["minimum"] = .int(range.lowerBound)
        members["maximum"] = .int(range.upperBound)
      case .randomFlip(let probability): members["probability"] = .number(probability)
      // The centre is left out: recipes without the key are as old as their runs.
      case .randomCrop(let padding):
        if padding != .centre { members["padding"] = .string(padding.rawValue) }
      }
      return .object(members)
    }
  }

  /// (value - mean) / std, on 0...255.
  public struct Normalisation: Equatable, Sendable {
    /// Per channel R, G, B: three.
    public let mean: [Double]
    /// Per channel R, G, B: three.
    public let std: [Double]

    static let keys = ["mean", "std"]

    init(_ reader: StrictReader) throws {
      try reader.allowOnly(Normalisation.keys)
      mean = try Normalisation.channels(try reader.required("mean"), .closed(0, 255))
      std = try Normalisation.channels(try reader.required("std"), .above(0, upTo: 255))
    }

    private static func channels(_ reader: StrictReader, _ range: NumberRange) throws -> [Double] {
      let values = try reader.list { try $0.number(range) }
      if values.count != 3 { throw reader.outOfRange("a list of 3, one per channel R, G, B") }
      return values
    }

    var json: JSONValue {
      .object(["mean": .array(mean.map { .number($0) }), "std": .array(std.map { .number($0) })])
    }
  }

  /// How a trained network is evaluated: windows of the crop's size that overlap.
  public struct Inference: Equatable, Sendable {
    /// Step of the sliding window, as a fraction of the crop, rounded up to pixels.
    public let strideRatio: Double
    /// Side in pixels of the window that makes a pixel a boundary pixel of BECE and BSCE: one with another label in it.
    /// The paper does not state it; 3 is the window of its label smoothing.
    public let boundaryKernel: Int

    static let keys = ["stride_ratio", "boundary_kernel"]

    init(_ reader: StrictReader) throws {
      try reader.allowOnly(Inference.keys)
      strideRatio = try reader.required("stride_ratio").number(.above(0, upTo: 1))
      let kernel = try reader.required("boundary_kernel")
      boundaryKernel = try kernel.int(3...8191)
      if boundaryKernel.isMultiple(of: 2) { throw kernel.outOfRange("an odd integer, 3...8191") }
    }

    var json: JSONValue {
      .object(["stride_ratio": .number(strideRatio), "boundary_kernel": .int(boundaryKernel)])
    }
  }
}
