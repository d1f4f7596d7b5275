import CImageCodec
import Tensors

/// Some rows of a photograph.
public struct DecodedRows: Equatable, Sendable {
  /// [rows.count, W, 3].
  public let image: ImageBuffer
  /// Which rows of the file these are.
  public let rows: Range<Int>
  /// Of the whole picture, pixels.
  public let height: Int
  /// What the decoder objected to in a picture that is whole all the same, in its words.
  public let remark: String?
}

/// Reads PNG and JPEG files. The format is told by the content, not by the file's extension.
public enum ImageFile {
  /// Reads a photograph as RGB. Grey and palette files are expanded, alpha is dropped, 16 bits become 8.
  ///
  /// JPEG is decoded with the accurate integer DCT and smooth chroma up-sampling, as common Python readers do, and as it
  /// is stored (`ImageOrientation`).
  /// - Throws: `ImageError`; a truncated file is an error, never a half-grey image.
  public static func readRGB(_ path: String) throws -> ImageBuffer {
    try decodeRGB(FileBytes.read(path), path: path)
  }

  /// Decodes the bytes of a photograph; `path` is for messages only.
  /// - Throws: `ImageError`.
  public static func decodeRGB(_ bytes: [UInt8], path: String) throws -> ImageBuffer {
    try decodeRGB(bytes, path: path) { height, _ in 0..<height }.image
  }

  /// Decodes some rows of a photograph. A PNG is not read beyond the last of them, so that damage further down stays
  /// unseen; other files are decoded whole.
  /// - Parameter rows: the wanted rows of an image of this height and width; not empty, and inside.
  /// - Returns: at least the wanted rows.
  /// - Throws: `ImageError`, also where a part of the picture is not in the file.
  public static func decodeRGB(
    _ bytes: [UInt8], path: String, rows: (_ height: Int, _ width: Int) throws -> Range<Int>
  ) throws -> DecodedRows {
    switch jml_image_sniff(bytes, bytes.count) {
    case JML_IMAGE_PNG:
      let info = try pngInfo(bytes, path)
      let (height, width) = (Int(info.height), Int(info.width))
      let wanted = info.whole(try rows(height, width))
      let pixels = try decode(count: wanted.count * width * 3, path) { buffer, message in
        jml_png_decode_rgb(
          bytes, bytes.count, Int32(wanted.lowerBound), Int32(wanted.count), buffer.baseAddress, buffer.count,
          message)
      }
      return DecodedRows(
        image: ImageBuffer(height: wanted.count, width: width, pixels: pixels), rows: wanted, height: height,
        remark: nil)
    case JML_IMAGE_JPEG:
      var width: Int32 = 0
      var height: Int32 = 0
      try withMessage {
        jml_jpeg_probe(bytes, bytes.count, &width, &height, $0)
      } failed: {
        ImageError.decoding(path: path, reason: $0)
      }
      _ = try rows(Int(height), Int(width))
      var remark: String?
      let pixels = try decode(count: Int(width) * Int(height) * 3, path) { buffer, message in
        withText { warning in
          jml_jpeg_decode_rgb(bytes, bytes.count, buffer.baseAddress, buffer.count, warning, message)
        } found: {
          remark = $0
        }
      }
      let image = ImageBuffer(height: Int(height), width: Int(width), pixels: pixels)
      return DecodedRows(image: image, rows: 0..<image.height, height: image.height, remark: remark)
    default:
      throw ImageError.unknownFormat(path: path, found: UnknownContent.description(bytes))
    }
  }

  /// Reads a label PNG as raw values 0...255: the grey levels of an 8-bit grey file, the indices (not the
  /// colours) of a palette file.
  /// - Throws: `ImageError`; `wrongMode` when the file is of any other kind.
  public static func readLabel(_ path: String) throws -> LabelMap {
    try decodeLabel(FileBytes.read(path), path: path)
  }

  /// Decodes the bytes of a label PNG; `path` is for messages only.
  /// - Throws: `ImageError`.
  public static func decodeLabel(_ bytes: [UInt8], path: String) throws -> LabelMap {
    try decodeLabel(bytes, path: path) { height, _ in 0..<height }.label
  }

  /// Decodes some rows of a label PNG, as `decodeRGB(_:path:rows:)` does.
  /// - Throws: `ImageError`.
  public static func decodeLabel(
    _ bytes: [UInt8], path: String, rows: (_ height: Int, _ width: Int) throws -> Range<Int>
  ) throws -> (label: LabelMap, rows: Range<Int>, height: Int) {
    switch jml_image_sniff(bytes, bytes.count) {
    case JML_IMAGE_PNG: break
    case JML_IMAGE_JPEG: throw ImageError.wrongMode(path: path, found: "JPEG")
    default: throw ImageError.unknownFormat(path: path, found: UnknownContent.description(bytes))
    }
    let info = try pngInfo(bytes, path)
    let color = Int(info.color_type)
    guard
      color == Int(JML_PNG_PALETTE.rawValue) || (color == Int(JML_PNG_GREY.rawValue) && info.bit_depth == 8)
    else {
      throw ImageError.wrongMode(path: path, found: modeName(color: color, bits: Int(info.bit_depth)))
    }
    let (height, width) = (Int(info.height), Int(info.width))
    let wanted = info.whole(try rows(height, width))
    let values = try decode(count: wanted.count * width, path) { buffer, message in
      jml_png_decode_index(
        bytes, bytes.count, Int32(wanted.lowerBound), Int32(wanted.count), buffer.baseAddress, buffer.count,
        message)
    }
    return (LabelMap(height: wanted.count, width: width, values: values), wanted, height)
  }

  /// Decodes some rows of a label PNG whose values are colours, as `decodeRGB(_:path:rows:)` does. A JPEG is refused:
  /// its colours are not those that were written.
  /// - Throws: `ImageError`.
  public static func decodeColorLabel(
    _ bytes: [UInt8], path: String, rows: (_ height: Int, _ width: Int) throws -> Range<Int>
  ) throws -> DecodedRows {
    if jml_image_sniff(bytes, bytes.count) == JML_IMAGE_JPEG {
      throw ImageError.decoding(
        path: path, reason: "a JPEG does not keep label colours exactly; allowed: PNG")
    }
    return try decodeRGB(bytes, path: path, rows: rows)
  }

  private static func modeName(color: Int, bits: Int) -> String {
    let names = [0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"]
    return "\(bits)-bit \(names[color] ?? "colour type \(color)")"
  }

  private static func pngInfo(_ bytes: [UInt8], _ path: String) throws -> jml_png_info {
    if let problem = PNGChunks.problem(bytes) { throw ImageError.decoding(path: path, reason: problem) }
    var info = jml_png_info()
    try withMessage {
      jml_png_probe(bytes, bytes.count, &info, $0)
    } failed: {
      ImageError.decoding(path: path, reason: $0)
    }
    return info
  }

  private static func decode(
    count: Int, _ path: String,
    _ body: (UnsafeMutableBufferPointer<UInt8>, UnsafeMutablePointer<CChar>) -> Int32
  ) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let target = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      try withMessage {
        body(target, $0)
      } failed: {
        ImageError.decoding(path: path, reason: $0)
      }
      initialized = count
    }
  }
}

extension jml_png_info {
  /// The rows that have to be decoded for `rows`: an interlaced file has no rows until its last pass.
  fileprivate func whole(_ rows: Range<Int>) -> Range<Int> { interlaced == 0 ? rows : 0..<Int(height) }
}

/// Calls a codec function and turns its status and message into an error.
func withMessage(
  _ body: (UnsafeMutablePointer<CChar>) -> Int32, failed: (String) -> ImageError
) throws {
  var message: String?
  let status = withText(body) { message = $0 }
  guard status == 0 else { throw failed(message ?? "no reason given") }
}

/// Calls a codec function with room for a line of text.
/// - Parameter found: gets the line, unless it is empty.
/// - Returns: the function's status.
private func withText(
  _ body: (UnsafeMutablePointer<CChar>) -> Int32, found: (String) -> Void
) -> Int32 {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(JML_IMAGE_ERROR_SIZE)) { text in
    text.initialize(repeating: 0)
    guard let start = text.baseAddress else { preconditionFailure("withText: no room for a line") }
    let status = body(start)
    if start.pointee != 0 { found(String(cString: start)) }
    return status
  }
}
