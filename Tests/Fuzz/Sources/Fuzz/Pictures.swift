import CFuzz
import Images
import Tensors

/// What both picture targets ask of a decoder.
enum Pictures {
  /// Larger pictures are opened, not decoded whole; pixels.
  static let largestArea = 1 << 14
  struct TooLarge: Error {}

  /// Decodes a whole picture twice, on memory that holds zeros and on memory that holds ones: a pixel that nobody wrote
  /// would differ.
  static func whole(_ bytes: [UInt8]) -> ImageBuffer? {
    defer { jml_fuzz_fill(-1) }
    let decoded = [0x00, 0xFF].map { fill -> ImageBuffer? in
      jml_fuzz_fill(Int32(fill))
      return attempt {
        try ImageFile.decodeRGB(bytes, path: "input") { height, width in
          guard height * width <= largestArea else { throw TooLarge() }
          return 0..<height
        }.image
      }
    }
    Broken.unless(decoded[0] == decoded[1], "pixels depend on what was in memory before")
    return decoded[0]
  }

  /// nil where the reader refuses, in its own words.
  static func attempt<Value>(_ body: () throws -> Value) -> Value? {
    do {
      return try body()
    } catch is TooLarge {
      return nil
    } catch {
      Broken.unlessTyped(error, ImageError.self)
      return nil
    }
  }

  /// Small pictures that are worth decoding.
  static func samples() -> [(name: String, image: ImageBuffer)] {
    [(1, 1), (3, 5), (16, 16), (17, 9)].map { height, width in
      let pixels = (0..<height * width * 3).map { UInt8(truncatingIfNeeded: $0 * $0 / 3 + $0 * 7) }
      return ("\(height)x\(width)", ImageBuffer(height: height, width: width, pixels: pixels))
    }
  }
}
