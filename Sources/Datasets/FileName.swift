/// A name or a path as the file system knows it: other bytes are another file. To `String` an accent in one code point and
/// one in two are equal.
struct FileName: Hashable, Comparable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (one: FileName, other: FileName) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

  static func < (one: FileName, other: FileName) -> Bool {
    one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

/// Beginnings and ends of file names, by bytes.
enum FileNaming {
  static let jpegEndings = [".jpg", ".jpeg"]
  static let pictureEndings = jpegEndings + [".png"]

  /// Whether there is a picture in the file, by its name.
  static func isPicture(_ name: String) -> Bool { stem(name, endings: pictureEndings) != nil }

  /// A name without the first of these endings that it has, in upper or lower case; nil for another one, and where
  /// nothing is left.
  static func stem(_ name: String, endings: [String]) -> String? {
    endings.lazy.compactMap { stem(name, suffix: $0) }.first
  }

  /// A name without a suffix, whose ending (what follows its last dot) may be in upper or lower case; nil for another
  /// name, and where nothing is left.
  static func stem(_ name: String, prefix: String = "", suffix: String) -> String? {
    let (bytes, head, tail) = (Array(name.utf8), Array(prefix.utf8), Array(suffix.utf8))
    guard bytes.count > head.count + tail.count, bytes.starts(with: head) else { return nil }
    let ending = tail.lastIndex(of: UInt8(ascii: ".")) ?? tail.count
    for (index, (found, wanted)) in zip(bytes.suffix(tail.count), tail).enumerated() {
      guard found == wanted || index > ending && lower(found) == lower(wanted) else { return nil }
    }
    return String(decoding: bytes[head.count..<bytes.count - tail.count], as: UTF8.self)
  }

  /// What follows the last slash.
  static func last(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// A path from a list, without the `/` or `./` that tools put first.
  static func relative(_ path: String) -> String {
    var bytes = Substring(path).utf8
    if bytes.starts(with: "./".utf8) { bytes = bytes.dropFirst(2) }
    if bytes.first == UInt8(ascii: "/") { bytes = bytes.dropFirst() }
    return String(Substring(bytes))
  }

  /// A few names, and how many more.
  static func listed(_ names: [String], atMost shown: Int = 5) -> String {
    let first = names.prefix(shown).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > shown ? "\(first) and \(names.count - shown) more" : first
  }

  private static func lower(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
