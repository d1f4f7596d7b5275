import Images

/// The lines of a list, as editors and shells save them: UTF-8, or UTF-16 with its mark; ends of lines LF, CR LF or CR.
struct ListFile {
  struct Line {
    /// Counted from 1.
    let number: Int
    /// Without blanks and tabs around it; not empty.
    let text: String
    /// With them.
    let whole: String
  }

  let path: String
  private(set) var lines: [Line] = []
  /// Lines that are no text.
  private(set) var errors: [DatasetError] = []

  /// - Throws: `DatasetError.image` when the list cannot be read; `.badListText` when it is in another encoding.
  init(_ path: String) throws(DatasetError) {
    self.path = path
    let bytes = try ListFile.decoded(ListFile.read(path), path: path)
    var number = 1
    var start = 0
    for end in bytes.indices where bytes[end] == newline || bytes[end] == carriageReturn {
      // The second half of CR LF.
      if bytes[end] == newline, end > 0, bytes[end - 1] == carriageReturn {
        start = end + 1
        continue
      }
      add(bytes[start..<end], number)
      start = end + 1
      number += 1
    }
    add(bytes[start...], number)
  }

  private mutating func add(_ line: ArraySlice<UInt8>, _ number: Int) {
    // In the middle of a file it comes from lists that were joined.
    let line = line.starts(with: ListFile.byteOrderMark) ? line.dropFirst(3) : line
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = line.firstIndex(where: { !isBlank($0) }),
      let last = line.lastIndex(where: { !isBlank($0) })
    else { return }
    func refuse(_ reason: String) {
      errors.append(
        .badList(path: path, line: number, text: String(decoding: line, as: UTF8.self), reason: reason))
    }
    guard let whole = String(validating: line, as: UTF8.self),
      let text = String(validating: line[first...last], as: UTF8.self)
    else { return refuse("not UTF-8: save the list as UTF-8") }
    if line.contains(0) { return refuse("a NUL byte, which no file's name has: save the list as UTF-8") }
    lines.append(Line(number: number, text: text, whole: whole))
  }

  private static func read(_ path: String) throws(DatasetError) -> [UInt8] {
    do {
      return try FileBytes.read(path)
    } catch let error as ImageError {
      throw .image(error)
    } catch {
      throw .image(.file(path: path, reason: "\(error)"))
    }
  }

  /// UTF-8 for UTF-16 with a mark.
  private static func decoded(_ bytes: [UInt8], path: String) throws(DatasetError) -> [UInt8] {
    if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) {
      throw .badListText(path: path, reason: "UTF-32 text; allowed: UTF-8, and UTF-16 with a byte order mark")
    }
    let isBigEndian = bytes.starts(with: [0xFE, 0xFF])
    guard isBigEndian || bytes.starts(with: [0xFF, 0xFE]) else { return bytes }
    func unit(_ high: UInt8, _ low: UInt8) -> UInt16 { UInt16(high) * 256 + UInt16(low) }
    let units = stride(from: 2, to: bytes.count - 1, by: 2).map { index in
      isBigEndian ? unit(bytes[index], bytes[index + 1]) : unit(bytes[index + 1], bytes[index])
    }
    guard bytes.count % 2 == 0, let text = String(validating: units, as: UTF16.self) else {
      throw .badListText(path: path, reason: "damaged UTF-16 text: save the list as UTF-8")
    }
    return Array(text.utf8)
  }

  /// U+FEFF in UTF-8, which some editors put first.
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private let newline = UInt8(ascii: "\n")
  private let carriageReturn = UInt8(ascii: "\r")
}
