/// An 8-bit colour image, HWC: `pixels[(y * width + x) * 3 + channel]`, channels red, green, blue, 0...255.
public struct ImageBuffer: Equatable, Sendable {
  /// Pixels.
  public let height: Int
  /// Pixels.
  public let width: Int
  /// `height * width * 3` bytes.
  public var pixels: [UInt8]

  public init(height: Int, width: Int, pixels: [UInt8]) {
    precondition(
      pixels.count == height * width * 3,
      "ImageBuffer: \(pixels.count) bytes do not fill [\(height), \(width), 3]")
    self.height = height
    self.width = width
    self.pixels = pixels
  }
}
