import Foundation
import JSON

/// Files of a results folder that were written for others to read: JSON, and JSON lines.
public enum PublishedFile {
  /// - Returns: nil if there is no such file.
  /// - Throws: `ResultsError.unreadableJSON`, which names the key; `.fileSystem`, `.wrongKind`.
  public static func json(_ url: URL) throws -> JSONValue? {
    try FileSystem.read(url).map { try StoredJSON.decode(JSONValue.self, from: $0, name: url.path) }
  }

  /// The same for a value that knows what has to be in the file.
  public static func decode<Value: Decodable>(_ type: Value.Type, from url: URL) throws -> Value? {
    try FileSystem.read(url).map { try StoredJSON.decode(type, from: $0, name: url.path) }
  }

  /// Lines of a file that somebody may be writing: what is no JSON, such as a last line without its end, is nil.
  /// - Returns: none if there is no such file.
  /// - Throws: `ResultsError.fileSystem`, `.wrongKind`.
  public static func lines(_ url: URL) throws -> [JSONValue?] {
    guard let data = try FileSystem.read(url) else { return [] }
    return data.split(separator: UInt8(ascii: "\n")).map {
      try? JSONValue(parsing: String(decoding: $0, as: UTF8.self))
    }
  }

  /// Bytes of a file, such as a picture; nil if there is no such file.
  /// - Throws: `ResultsError.fileSystem`, `.wrongKind`.
  public static func bytes(_ url: URL) throws -> Data? { try FileSystem.read(url) }

  /// Names in a folder with an ending, sorted; none if there is no such folder.
  /// - Throws: `ResultsError.fileSystem`.
  public static func names(in folder: URL, ending: String) throws -> [String] {
    try FileSystem.names(in: folder).filter { $0.hasSuffix(ending) && !$0.hasPrefix(".") }
  }
}
