/// Texts from the bytes of their places in a dataset or an attribute.
struct Texts {
  /// More bytes of texts than a reader may take: how many it would have been.
  struct TooMany: Error { let bytes: Int }

  private let visit: Visit
  private var left: Int
  private var taken = 0
  private var heap: GlobalHeap
  /// What a text takes besides its own bytes.
  private static let overhead = 32

  /// - Parameter most: bytes that the texts may take together.
  init(most: Int, _ visit: Visit) {
    self.visit = visit
    left = most
    heap = GlobalHeap(visit)
  }

  /// Of fixed length; `bytes` has whole values.
  static func fixed(_ bytes: [UInt8], width: Int, _ padding: Datatype.Padding) -> [String] {
    stride(from: 0, to: bytes.count - bytes.count % width, by: width).map { start in
      if bytes[start] == 0 { return "" }
      var field = bytes[start..<start + width].prefix { $0 != 0 }
      while padding == .spaces, field.last == UInt8(ascii: " ") { field.removeLast() }
      return String(decoding: field, as: UTF8.self)
    }
  }

  /// Of variable length: a place has a length, and which object of which global heap it is. Many may be one long text, of which
  /// each gets a copy, so that memory is counted while it is taken.
  /// - Throws: `TooMany`, `Malformed`.
  mutating func variable(_ bytes: [UInt8], count: Int) throws -> [String] {
    var texts: [String] = []
    texts.reserveCapacity(count)
    var cursor = visit.cursor(bytes, "a text")
    for _ in 0..<count {
      let length = try cursor.four()
      let address = try cursor.address()
      let index = try cursor.four()
      guard length > 0, address != 0 else {
        texts.append("")
        continue
      }
      guard let address else { throw Malformed("a text points to nothing") }
      guard length <= left - Texts.overhead else { throw TooMany(bytes: taken + length) }
      left -= length + Texts.overhead
      taken += length + Texts.overhead
      let object = try heap.object(index, of: address)
      guard object.count >= length else {
        throw Malformed("a text of \(length) bytes has \(object.count) in its heap")
      }
      texts.append(String(decoding: object.prefix(length).prefix { $0 != 0 }, as: UTF8.self))
    }
    return texts
  }
}
