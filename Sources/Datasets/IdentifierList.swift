import Foundation
import Images

/// A list file of a split: one identifier a line; blank lines are skipped.
enum IdentifierList {
  /// - Parameter allows: which characters an identifier is made of.
  /// - Throws: `DatasetError.badList`, `.repeatedIdentifier`; `.image` when the list cannot be read.
  static func read(_ path: String, allows: (Character) -> Bool) throws -> [String] {
    let bytes: [UInt8]
    do {
      bytes = try FileBytes.read(path)
    } catch let error as ImageError {
      throw DatasetError.image(error)
    }
    var ids: [String] = []
    var seen: Set<String> = []
    let lines = String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (number, line) in lines.enumerated() {
      let id = line.trimmingCharacters(in: .whitespaces)
      if id.isEmpty { continue }
      guard id.allSatisfy(allows) else {
        throw DatasetError.badList(path: path, line: number + 1, text: id)
      }
      guard seen.insert(id).inserted else {
        throw DatasetError.repeatedIdentifier(path: path, line: number + 1, id: id)
      }
      ids.append(id)
    }
    return ids
  }
}
