import CImageCodec
import Tensors

/// Reads PNG and JPEG files. The format is told by the content, not by the file's extension.
public enum ImageFile {
  /// Reads a photograph as RGB. Grey and palette files are expanded, alpha is dropped, 16 bits become 8.
  ///
  /// JPEG is decoded with the accurate integer DCT and smooth chroma up-sampling, as common Python readers
  /// do.
  /// - Throws: `ImageError`; a truncated file is an error, never a half-grey image.
  public static func readRGB(_ path: String) throws -> ImageBuffer {
    try decodeRGB(FileBytes.read(path), path: path)
  }

  /// Decodes the bytes of a photograph; `path` is for messages only.
  /// - Throws: `ImageError`.
  public static func decodeRGB(_ bytes: [UInt8], path: String) throws -> ImageBuffer {
    switch jml_image_sniff(bytes, bytes.count) {
    case JML_IMAGE_PNG:
      let info = try pngInfo(bytes, path)
      let pixels = try decode(count: Int(info.width) * Int(info.height) * 3, path) { buffer, message in
        jml_png_decode_rgb(bytes, bytes.count, buffer.baseAddress, buffer.count, message)
      }
      return ImageBuffer(height: Int(info.height), width: Int(info.width), pixels: pixels)
    case JML_IMAGE_JPEG:
      var width: Int32 = 0
      var height: Int32 = 0
      try withMessage {
        jml_jpeg_probe(bytes, bytes.count, &width, &height, $0)
      } failed: {
        ImageError.decoding(path: path, reason: $0)
      }
      let pixels = try decode(count: Int(width) * Int(height) * 3, path) { buffer, message in
        jml_jpeg_decode_rgb(bytes, bytes.count, buffer.baseAddress, buffer.count, message)
      }
      return ImageBuffer(height: Int(height), width: Int(width), pixels: pixels)
    default:
      throw ImageError.unknownFormat(path: path)
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
    switch jml_image_sniff(bytes, bytes.count) {
    case JML_IMAGE_PNG: break
    case JML_IMAGE_JPEG: throw ImageError.wrongMode(path: path, found: "JPEG")
    default: throw ImageError.unknownFormat(path: path)
    }
    let info = try pngInfo(bytes, path)
    let color = Int(info.color_type)
    guard
      color == Int(JML_PNG_PALETTE.rawValue) || (color == Int(JML_PNG_GREY.rawValue) && info.bit_depth == 8)
    else {
      throw ImageError.wrongMode(path: path, found: modeName(color: color, bits: Int(info.bit_depth)))
    }
    let values = try decode(count: Int(info.width) * Int(info.height), path) { buffer, message in
      jml_png_decode_index(bytes, bytes.count, buffer.baseAddress, buffer.count, message)
    }
    return LabelMap(height: Int(info.height), width: Int(info.width), values: values)
  }

  private static func modeName(color: Int, bits: Int) -> String {
    let names = [0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"]
    return "\(bits)-bit \(names[color] ?? "colour type \(color)")"
  }

  private static func pngInfo(_ bytes: [UInt8], _ path: String) throws -> jml_png_info {
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

/// Calls a codec function and turns its status and message into an error.
func withMessage(
  _ body: (UnsafeMutablePointer<CChar>) -> Int32, failed: (String) -> ImageError
) throws {
  try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(JML_IMAGE_ERROR_SIZE)) { message in
    message.initialize(repeating: 0)
    guard let start = message.baseAddress else { return }
    guard body(start) == 0 else { throw failed(String(cString: start)) }
  }
}
