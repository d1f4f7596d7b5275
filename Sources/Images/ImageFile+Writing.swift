import CImageCodec
import Tensors

extension ImageFile {
  /// Writes an RGB PNG.
  /// - Throws: `ImageError`.
  public static func writePNG(_ image: ImageBuffer, to path: String) throws {
    try writePNG(image.pixels, image.height, image.width, JML_PNG_RGB, palette: [], to: path)
  }

  /// The bytes that `writePNG` writes.
  /// - Parameter name: for errors.
  /// - Throws: `ImageError`.
  public static func encodePNG(_ image: ImageBuffer, name: String) throws -> [UInt8] {
    try encoding(
      name,
      { encoded, count, message in
        jml_png_encode(
          image.pixels, Int32(image.width), Int32(image.height), Int32(JML_PNG_RGB.rawValue), [], 0,
          compressionLevel, encoded, count, message)
      }
    ) { Array($0) }
  }

  /// Writes an 8-bit grey PNG: grey level = value.
  /// - Throws: `ImageError`.
  public static func writeGreyPNG(_ label: LabelMap, to path: String) throws {
    try writePNG(label.values, label.height, label.width, JML_PNG_GREY, palette: [], to: path)
  }

  /// Writes a palette PNG: index = value.
  /// - Parameter palette: 256 RGB colours, so that every value has one.
  /// - Throws: `ImageError`.
  public static func writePalettePNG(_ label: LabelMap, palette: [[UInt8]], to path: String) throws {
    precondition(
      palette.count == 256 && palette.allSatisfy { $0.count == 3 },
      "writePalettePNG: a palette is [256, 3], got \(palette.count) colours")
    try writePNG(
      label.values, label.height, label.width, JML_PNG_PALETTE, palette: palette.flatMap { $0 }, to: path)
  }

  /// Writes a 4:2:0 JPEG, or the luminance alone as a JPEG of one component.
  /// - Parameter quality: 1...100.
  /// - Throws: `ImageError`.
  public static func writeJPEG(
    _ image: ImageBuffer, quality: Int, grey: Bool = false, to path: String
  ) throws {
    precondition((1...100).contains(quality), "writeJPEG: quality \(quality) is not in 1...100")
    try write(to: path) { encoded, count, message in
      jml_jpeg_encode(
        image.pixels, Int32(image.width), Int32(image.height), Int32(quality), grey ? 1 : 0, encoded, count,
        message)
    }
  }

  private static func writePNG(
    _ pixels: [UInt8], _ height: Int, _ width: Int, _ color: jml_png_color_type, palette: [UInt8],
    to path: String
  ) throws {
    try write(to: path) { encoded, count, message in
      jml_png_encode(
        pixels, Int32(width), Int32(height), Int32(color.rawValue), palette, Int32(palette.count / 3),
        compressionLevel, encoded, count, message)
    }
  }

  /// zlib's default: between size and speed.
  private static var compressionLevel: Int32 { 6 }

  private static func write(
    to path: String,
    _ encode: (
      UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>,
      UnsafeMutablePointer<CChar>
    ) -> Int32
  ) throws {
    try encoding(path, encode) { try FileBytes.write($0, to: path) }
  }

  /// Bytes that a codec has allocated, while `body` runs.
  private static func encoding<Result>(
    _ path: String,
    _ encode: (
      UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>,
      UnsafeMutablePointer<CChar>
    ) -> Int32,
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) throws -> Result {
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    try withMessage {
      encode(&encoded, &count, $0)
    } failed: {
      ImageError.encoding(path: path, reason: $0)
    }
    defer { jml_image_free(encoded) }
    return try body(UnsafeBufferPointer(start: encoded, count: count))
  }
}
