import Foundation

/// Why an image file could not be read or written. Every case names the file.
public enum ImageError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// The file cannot be opened or read; `reason` is the system's.
  case file(path: String, reason: String)
  /// It cannot be written.
  case writing(path: String, reason: String)
  /// The first bytes are neither a PNG's nor a JPEG's; `found` is what they seem to be.
  case unknownFormat(path: String, found: String)
  /// Truncated, corrupt, too large, or of a kind that is not read; `reason` is the codec's.
  case decoding(path: String, reason: String)
  /// A label file whose values are colours (or 16-bit, or with alpha), not class indices.
  case wrongMode(path: String, found: String)
  /// The codec refused to encode.
  case encoding(path: String, reason: String)

  /// The file this is about.
  public var path: String {
    switch self {
    case .file(let path, _), .writing(let path, _), .unknownFormat(let path, _), .decoding(let path, _),
      .wrongMode(let path, _),
      .encoding(let path, _):
      return path
    }
  }

  public var description: String {
    switch self {
    case .file(let path, let reason), .writing(let path, let reason): return "\(path): \(reason)"
    case .unknownFormat(let path, let found): return "\(path): \(found)"
    case .decoding(let path, let reason): return "\(path): cannot decode: \(reason)"
    case .wrongMode(let path, let found):
      return
        "\(path): wrong mode for a label: \(found); allowed: 8-bit grey or palette PNG, or a colour mapping"
    case .encoding(let path, let reason): return "\(path): cannot encode: \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
