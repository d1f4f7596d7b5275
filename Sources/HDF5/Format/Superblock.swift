/// The superblock: where everything begins, and how wide numbers are.
struct Superblock: Sendable {
  let offsetSize: Int
  let lengthSize: Int
  /// What addresses are counted from: where the superblock lies, behind the bytes that a user may have put before it.
  let base: Int
  /// Where the file's data ends, from the beginning of the file.
  let end: Int
  /// Address of the root group's object header.
  let root: Int

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// - Throws: `Malformed`, or `HDF5Error.unreadable`.
  init(_ source: ByteSource) throws {
    guard source.count > 0 else { throw Malformed("the file is empty") }
    let place = try Superblock.place(source)
    // The longest, of version 1 with numbers of 8 bytes.
    let bytes = try source.read(from: place, count: min(104, source.count - place))
    var cursor = Cursor(bytes, offsetSize: 8, lengthSize: 8, "the superblock")
    try cursor.skip(8)
    let version = try cursor.version(0...3)
    if version < 2 {
      for name in ["free space", "the root group"] where try cursor.byte() != 0 {
        throw Malformed("the superblock has an unknown version of \(name)")
      }
      try cursor.skip(1)
      guard try cursor.byte() == 0 else {
        throw Malformed("the superblock has an unknown version of shared messages")
      }
    }
    let (offsetSize, lengthSize) = (try cursor.byte(), try cursor.byte())
    guard [2, 4, 8].contains(offsetSize), [2, 4, 8].contains(lengthSize) else {
      throw Malformed("addresses of \(offsetSize) and lengths of \(lengthSize) bytes are not read")
    }
    let start = cursor.position
    cursor = Cursor(bytes, offsetSize: offsetSize, lengthSize: lengthSize, "the superblock")
    try cursor.skip(start)
    if version < 2 {
      // Reserved, K of the leaves and nodes of groups, flags, and in version 1 K of chunks.
      try cursor.skip(version == 0 ? 9 : 13)
    } else if try cursor.byte() & 0b101 != 0, version == 3 {
      throw Malformed("its writer has not closed it")
    }
    let base = try cursor.defined("the file")
    _ = try cursor.address()
    if version < 2 {
      let end = try cursor.defined("the end")
      _ = try cursor.address()
      _ = try cursor.address()
      root = try cursor.defined("the root group")
      self.end = try Superblock.end(end, base: base, place: place, source)
    } else {
      let end = try cursor.defined("the end")
      root = try cursor.defined("the root group")
      let whole = Array(bytes.prefix(cursor.position + 4))
      try Cursor(whole, offsetSize: offsetSize, lengthSize: lengthSize, "the superblock").verifyChecksum()
      self.end = try Superblock.end(end, base: base, place: place, source)
    }
    self.offsetSize = offsetSize
    self.lengthSize = lengthSize
    self.base = place
  }

  /// At 0, or at 512 and its doubles.
  private static func place(_ source: ByteSource) throws -> Int {
    var place = 0
    while place <= source.count - signature.count {
      if try source.read(from: place, count: signature.count) == signature { return place }
      place = place == 0 ? 512 : place * 2
    }
    throw Malformed("it has no signature of HDF5")
  }

  /// A file to which somebody has put bytes in front says where it was before.
  private static func end(_ end: Int, base: Int, place: Int, _ source: ByteSource) throws -> Int {
    let end = try Checked.sum(end, place - base, "the end of the file")
    guard end <= source.count else {
      throw Malformed("it ends after \(source.count) of \(end) bytes")
    }
    guard end >= place else { throw Malformed("it ends before it begins") }
    return end
  }
}
