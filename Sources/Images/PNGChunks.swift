/// The chunks of a PNG by their declared lengths, before the library sees them: it takes memory for what a chunk declares,
/// whether the bytes are there or not.
enum PNGChunks {
  private static let signature = 8
  /// Length, type and checksum.
  private static let frame = 12

  /// Why a file is refused; nil: nothing to object. Image data that ends early is the decoder's matter, which may not
  /// need what is missing.
  static func problem(_ bytes: [UInt8]) -> String? {
    var place = signature
    // A chunk whose checksum is cut off has declared its length as well.
    while place + 8 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      let type = bytes[place + 4..<place + 8]
      let present = max(0, bytes.count - place - frame)
      guard type.elementsEqual("IDAT".utf8) || length <= present else {
        return "its chunk '\(name(type))' at byte \(place) declares \(length) bytes, and \(present) are there"
      }
      if type.elementsEqual("IEND".utf8) { return nil }
      place += frame + length
    }
    return nil
  }

  /// The bytes of the first chunk of a type; nil where there is none, or where it is cut.
  static func content(of type: String, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var place = signature
    while place + frame <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - frame else { return nil }
      if bytes[place + 4..<place + 8].elementsEqual(type.utf8) {
        return bytes[place + 8..<place + 8 + length]
      }
      place += frame + length
    }
    return nil
  }

  private static func name(_ type: ArraySlice<UInt8>) -> String {
    String(decoding: type.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
