/// Reads the fields of a part of a file, one after another. Nothing is read past its end.
struct Cursor {
  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int
  /// Bytes of addresses and of lengths in this file (Size of Offsets, Size of Lengths).
  let offsetSize: Int
  let lengthSize: Int
  /// Which part, for messages.
  let what: String

  init(_ bytes: [UInt8], offsetSize: Int, lengthSize: Int, _ what: String) {
    self.bytes = bytes
    position = 0
    end = bytes.count
    self.offsetSize = offsetSize
    self.lengthSize = lengthSize
    self.what = what
  }

  private init(_ whole: Cursor, from position: Int, count: Int, _ what: String) {
    bytes = whole.bytes
    self.position = position
    end = position + count
    offsetSize = whole.offsetSize
    lengthSize = whole.lengthSize
    self.what = what
  }

  var left: Int { end - position }

  /// - Throws: `Malformed` where fewer bytes are left.
  private mutating func advance(_ count: Int) throws -> Int {
    guard count >= 0, count <= left else {
      throw Malformed("\(what) ends before what it announces: \(count) bytes, of which \(left) are there")
    }
    let start = position
    position += count
    return start
  }

  mutating func skip(_ count: Int) throws { _ = try advance(count) }

  /// An unsigned number of up to 8 bytes, the least significant one first.
  mutating func number(bytes count: Int) throws -> UInt64 {
    guard count <= 8 else { throw Malformed("\(what) has a number of \(count) bytes") }
    let start = try advance(count)
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[start + index]) << UInt64(8 * index) }
    return value
  }

  mutating func byte() throws -> Int { Int(bytes[try advance(1)]) }
  mutating func two() throws -> Int { Int(try number(bytes: 2)) }
  mutating func four() throws -> Int { Int(try number(bytes: 4)) }

  /// A number that counts something.
  mutating func count(bytes count: Int) throws -> Int {
    let value = try number(bytes: count)
    guard let value = Int(exactly: value) else {
      throw Malformed("\(what) speaks of \(value) bytes or things")
    }
    return value
  }

  mutating func length() throws -> Int { try count(bytes: lengthSize) }

  /// nil for the undefined address, of which all bits are set.
  mutating func address() throws -> Int? {
    let value = try number(bytes: offsetSize)
    if value == UInt64.max >> UInt64(64 - 8 * offsetSize) { return nil }
    guard let address = Int(exactly: value) else { throw Malformed("\(what) points to \(value)") }
    return address
  }

  /// An address that must be there.
  mutating func defined(_ of: String) throws -> Int {
    guard let address = try address() else { throw Malformed("\(what) does not say where \(of) lies") }
    return address
  }

  mutating func take(_ count: Int) throws -> [UInt8] {
    let start = try advance(count)
    return Array(bytes[start..<start + count])
  }

  /// The next `count` bytes, as a part of its own.
  mutating func part(_ count: Int, _ what: String) throws -> Cursor {
    Cursor(self, from: try advance(count), count: count, what)
  }

  /// A text of `count` bytes, without what follows its first zero.
  mutating func name(_ count: Int) throws -> [UInt8] {
    let start = try advance(count)
    return Array(bytes[start..<start + count].prefix { $0 != 0 })
  }

  /// - Throws: `Malformed` unless the part begins with these four letters.
  mutating func signature(_ letters: StaticString) throws {
    let found = try number(bytes: 4)
    var wanted: UInt64 = 0
    letters.withUTF8Buffer {
      for (index, letter) in $0.prefix(4).enumerated() { wanted |= UInt64(letter) << UInt64(8 * index) }
    }
    guard found == wanted else { throw Malformed("\(what) does not begin with '\(letters)'") }
  }

  /// - Throws: `Malformed` for a version that is not among `known`.
  mutating func version(_ known: ClosedRange<Int>) throws -> Int {
    let version = try byte()
    guard known.contains(version) else {
      throw Malformed("\(what) is of version \(version), which is not read")
    }
    return version
  }

  /// Verifies the checksum that the last four bytes of the whole part are, of all bytes before them.
  /// - Throws: `Malformed`.
  func verifyChecksum() throws {
    guard bytes.count >= 4, end == bytes.count else { throw Malformed("\(what) has no checksum") }
    var stored: UInt32 = 0
    for index in 0..<4 { stored |= UInt32(bytes[end - 4 + index]) << UInt32(8 * index) }
    guard Checksum.isEqual(Checksum.lookup3(bytes, count: end - 4), stored) else {
      throw Malformed("\(what) has another checksum")
    }
  }
}
