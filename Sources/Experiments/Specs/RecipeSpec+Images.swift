import JSON
import Schemas

extension RecipeSpec {
  /// One step of what happens to a training image.
  public enum AugmentationStage: Equatable, Sendable {
    /// Resize by a factor drawn uniformly from this range, relative to the stored image, one for both sides.
    case randomScale(ClosedRange<Double>)
    /// Mirror left and right.
    case randomFlip(probability: Double)
    /// A crop of the profile's size, anywhere; what is smaller is padded.
    case randomCrop

    enum Kind: String, CaseIterable {
      case randomScale = "random_scale"
      case randomFlip = "random_flip"
      case randomCrop = "random_crop"

      /// Besides `kind`.
      var keys: [String] {
        switch self {
        case .randomScale: ["minimum", "maximum"]
        case .randomFlip: ["probability"]
        case .randomCrop: []
        }
      }
    }

    /// The engine draws a crop's geometry in one go, and so in one order.
    static func list(_ reader: StrictReader) throws -> [AugmentationStage] {
      let stages = try reader.addressableList { try AugmentationStage($0) }
      let kinds = Kind.allCases
      let places = stages.compactMap { kinds.firstIndex(of: $0.kind) }
      guard zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw reader.inconsistent(
          "each stage may stand once, and their order is \(kinds.map(\.rawValue).joined(separator: ", "))")
      }
      guard stages.last == .randomCrop else {
        throw reader.inconsistent(
          "the last stage must be \(Kind.randomCrop.rawValue): the images of a batch have one size")
      }
      return stages
    }

    init(_ reader: StrictReader) throws {
      let kind = try reader.required("kind").choice(Kind.self)
      try reader.allowOnly(["kind"] + kind.keys)
      switch kind {
      case .randomScale:
        let minimum = try reader.required("minimum")
        let low = try minimum.number(.closed(0.05, 20))
        let high = try reader.required("maximum").number(.closed(0.05, 20))
        guard low <= high else { throw minimum.inconsistent("larger than maximum \(high)") }
        self = .randomScale(low...high)
      case .randomFlip:
        self = .randomFlip(probability: try reader.required("probability").number(.closed(0, 1)))
      case .randomCrop: self = .randomCrop
      }
    }

    var kind: Kind {
      switch self {
      case .randomScale: .randomScale
      case .randomFlip: .randomFlip
      case .randomCrop: .randomCrop
      }
    }

    var json: JSONValue {
      var members: [String: JSONValue] = ["kind": .string(kind.rawValue)]
      switch self {
      case .randomScale(let range):
        members["minimum"] = .number(range.lowerBound)
        members["maximum"] = .number(range.upperBound)
      case .randomFlip(let probability): members["probability"] = .number(probability)
      case .randomCrop: break
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
