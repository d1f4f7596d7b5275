import Foundation
import Images

/// A list file of a split: one identifier a line; blank lines are skipped.
enum IdentifierList {
  /// - Parameter allows: which characters an identifier is made of.
  /// - Throws: `DatasetError.badList`, `.repeatedIdentifier`; `.image` when the list cannot be read.
  static func read(_ path: String, allows: (Character) -> Bool) throws -> [String] {
    var ids: [String] = []
    var seen: Set<String> = []
    for (number, id) in try lines(path) {
      guard id.allSatisfy(allows) else {
        throw DatasetError.badList(path: path, line: number, text: id)
      }
      guard seen.insert(id).inserted else {
        throw DatasetError.repeatedIdentifier(path: path, line: number, id: id)
      }
      ids.append(id)
    }
    return ids
  }

  /// The lines of a list that are not blank, without the spaces around them, and their numbers, from 1 on.
  /// - Throws: `DatasetError.image` when the list cannot be read.
  static func lines(_ path: String) throws -> [(number: Int, text: String)] {
    var bytes: ArraySlice<UInt8>
    do {
      bytes = try FileBytes.read(path)[...]
    } catch let error as ImageError {
      throw DatasetError.image(error)
    }
    if bytes.starts(with: byteOrderMark) { bytes = bytes.dropFirst(byteOrderMark.count) }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    return lines.enumerated().compactMap { index, line in
      let text = line.trimmingCharacters(in: .whitespaces)
      return text.isEmpty ? nil : (index + 1, text)
    }
  }

  /// U+FEFF in UTF-8, which some editors put first.
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}
