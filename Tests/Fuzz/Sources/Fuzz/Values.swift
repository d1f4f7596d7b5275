/// Numbers and texts drawn from an input, for targets that build what they read. An input that has ended gives zeros.
struct Values {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place >= bytes.count }

  mutating func byte() -> UInt8 {
    guard place < bytes.count else { return 0 }
    defer { place += 1 }
    return bytes[place]
  }

  /// 0..<limit.
  mutating func below(_ limit: Int) -> Int {
    let wide = limit > 256 ? Int(byte()) << 8 | Int(byte()) : Int(byte())
    return wide % limit
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

  mutating func flag() -> Bool { byte() & 1 == 1 }

  /// Any 64 bits; small numbers are frequent.
  mutating func integer() -> Int64 {
    switch byte() % 4 {
    case 0: return Int64(byte())
    case 1: return Int64(Int8(bitPattern: byte()))
    case 2: return [.max, .min, 1 << 62, 1 << 32, -1, 1 << 53, 1 << 31, 0][below(8)]
    default: return (0..<8).reduce(0) { value, _ in value << 8 | Int64(byte()) }
    }
  }

  /// Any 64 bits as a float.
  mutating func double() -> Double {
    switch byte() % 4 {
    case 0: return Double(byte()) / 16
    case 1: return [.nan, .infinity, -.infinity, -0.0, 1e308, 5e-324, -1, 1][below(8)]
    default: return Double(bitPattern: UInt64(bitPattern: integer()))
    }
  }

  /// Bytes that are no more than `longest`, as text; what is not UTF-8 becomes U+FFFD.
  mutating func text(_ longest: Int) -> String {
    let count = below(longest + 1)
    let taken = bytes[min(place, bytes.count)..<min(place + count, bytes.count)]
    place += taken.count
    return String(decoding: taken, as: UTF8.self)
  }

  mutating func rest() -> [UInt8] {
    defer { place = bytes.count }
    return Array(bytes[min(place, bytes.count)...])
  }
}
