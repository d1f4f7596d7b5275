/// A picture as shapes, so that SVG and PNG show the same. The origin is at the top left; units are points.
public struct Drawing: Equatable, Sendable {
  public typealias Point = SIMD2<Double>

  public struct Colour: Equatable, Sendable {
    public let red: UInt8
    public let green: UInt8
    public let blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      (self.red, self.green, self.blue) = (red, green, blue)
    }

    public static let ink = Colour(34, 34, 34)
    public static let grey = Colour(120, 120, 120)
    public static let grid = Colour(226, 226, 226)
    public static let blue = Colour(31, 95, 168)
    public static let orange = Colour(214, 106, 10)
    public static let green = Colour(42, 138, 74)
    public static let red = Colour(200, 44, 44)
    public static let violet = Colour(122, 74, 160)
    public static let white = Colour(255, 255, 255)
    public static let shade = Colour(231, 239, 248)
  }

  public struct Stroke: Equatable, Sendable {
    public var colour: Colour
    public var width: Double
    /// Lengths of a dash and of the gap after it; nil for a solid line.
    public var dash: SIMD2<Double>?

    public init(_ colour: Colour, width: Double, dash: SIMD2<Double>? = nil) {
      (self.colour, self.width, self.dash) = (colour, width, dash)
    }
  }

  public enum Anchor: String, Sendable {
    case start, middle, end
  }

  public enum Shape: Equatable, Sendable {
    case line([Point], Stroke)
    /// Convex.
    case polygon([Point], Colour)
    /// Between two lines over the same x, increasing; what is below shines through.
    case band(upper: [Point], lower: [Point], Colour, opacity: Double)
    case disc(Point, radius: Double, Colour)
    /// `at`: the anchor on the base line. `isVertical`: turned to be read from below.
    case text(String, at: Point, size: Double, Colour, Anchor, isVertical: Bool)
  }

  public let width: Double
  public let height: Double
  public private(set) var shapes: [Shape] = []

  public init(width: Double, height: Double) { (self.width, self.height) = (width, height) }

  mutating func add(_ shape: Shape) { shapes.append(shape) }

  mutating func add(
    _ text: String, at point: Point, size: Double = 13, _ colour: Colour = .ink, _ anchor: Anchor = .start,
    isVertical: Bool = false
  ) {
    shapes.append(.text(text, at: point, size: size, colour, anchor, isVertical: isVertical))
  }
}
