import Foundation
import JSON
import Platform
import Synchronization

/// A file of ImageNet weights that backbones start from. Its content is part of a run's id: planning hashes it.
public struct BackboneWeights: Equatable, Sendable {
  /// As given; relative to the current folder. In a recipe, `{backbone}` stands for the backbone's name.
  public let path: String
  /// 64 hexadecimal digits; nil in a recipe, which does not know the backbone yet.
  public let sha256: String?

  private static let placeholder = "{backbone}"

  /// A path, or what `json` writes of a resolved one.
  init(_ reader: StrictReader) throws {
    guard let keys = try? reader.keys() else {
      path = try reader.string()
      sha256 = nil
      if path.isEmpty { throw reader.outOfRange("a path, or null") }
      return
    }
    if !keys.contains("sha256") { throw reader.wrongType("a path, or null") }
    try reader.allowOnly(["path", "sha256"])
    path = try reader.required("path").string()
    let digest = try reader.required("sha256")
    let text = try digest.string()
    guard text.count == 64, text.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }) else {
      throw digest.outOfRange("64 lower-case hexadecimal digits")
    }
    sha256 = text
  }

  private init(path: String, sha256: String) {
    self.path = path
    self.sha256 = sha256
  }

  /// The file for one backbone, with its hash; itself when that is known already.
  ///
  /// - Throws: `RegistryError.unreadable`.
  func resolved(for backbone: String) throws -> BackboneWeights {
    guard sha256 == nil else { return self }
    let path = self.path.replacingOccurrences(of: BackboneWeights.placeholder, with: backbone)
    return BackboneWeights(path: path, sha256: try FileHash.sha256(of: URL(fileURLWithPath: path)))
  }

  var json: JSONValue {
    guard let sha256 else { return .string(path) }
    return .object(["path": .string(path), "sha256": .string(sha256)])
  }
}

/// SHA-256 of whole files.
public enum FileHash {
  private struct Stamp: Hashable {
    let path: String
    let size: Int
    let modified: Double
  }

  /// One plan asks for the same few files in each of its runs.
  private static let known = Mutex<[Stamp: String]>([:])

  /// 64 lower-case hexadecimal digits.
  ///
  /// - Throws: `RegistryError.unreadable`.
  public static func sha256(of url: URL) throws -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    let stamp = Stamp(
      path: url.standardizedFileURL.path, size: (attributes?[.size] as? NSNumber)?.intValue ?? -1,
      modified: (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? -1)
    if attributes != nil, let digest = known.withLock({ $0[stamp] }) { return digest }
    do {
      let digest = SHA256.hexDigest(of: [UInt8](try RegularFile.read(url.path)))
      known.withLock { $0[stamp] = digest }
      return digest
    } catch {
      throw RegistryError.unreadable(file: url.path, reason: error.reason)
    }
  }
}
