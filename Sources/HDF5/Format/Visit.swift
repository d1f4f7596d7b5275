/// What one call of a reader has: the file, and how much of its metadata it may still visit.
///
/// Whatever a damaged file says, trees that lead back to themselves, headers that continue into one another, names that are all
/// the same bytes: each visit is counted, and there are not many more than a whole file has.
final class Visit {
  let source: ByteSource
  let superblock: Superblock
  private var left: Int
  /// What a visit costs besides its bytes.
  private static let visit = 64
  /// For files of a few bytes.
  private static let least = 1 << 17

  init(_ source: ByteSource, _ superblock: Superblock) {
    self.source = source
    self.superblock = superblock
    let (most, overflow) = source.count.multipliedReportingOverflow(by: 8)
    left = overflow ? .max : max(most, Visit.least)
  }

  /// - Throws: `Malformed` where a file would be visited over and over.
  func charge(_ bytes: Int) throws {
    guard bytes >= 0, left >= Visit.visit, bytes <= left - Visit.visit else {
      throw Malformed("its parts point to one another more often than a file of \(source.count) bytes can")
    }
    left -= bytes + Visit.visit
  }

  /// Bytes of the file from `address`, which is counted from the superblock's base, to its end.
  func room(at address: Int) -> Int {
    let (start, overflow) = address.addingReportingOverflow(superblock.base)
    return overflow ? 0 : max(superblock.end - start, 0)
  }

  /// - Throws: `Malformed` for bytes that the file does not have.
  func bytes(at address: Int, count: Int, _ what: String) throws -> [UInt8] {
    try check(at: address, count: count, what)
    try charge(count)
    return try source.read(from: address + superblock.base, count: count)
  }

  func cursor(at address: Int, count: Int, _ what: String) throws -> Cursor {
    cursor(try bytes(at: address, count: count, what), what)
  }

  func cursor(_ bytes: [UInt8], _ what: String) -> Cursor {
    Cursor(bytes, offsetSize: superblock.offsetSize, lengthSize: superblock.lengthSize, what)
  }

  /// Values, which are as many as were asked for, and not counted.
  func values(at address: Int, into target: UnsafeMutableRawBufferPointer, _ what: String) throws {
    try check(at: address, count: target.count, what)
    try source.read(from: address + superblock.base, into: target)
  }

  private func check(at address: Int, count: Int, _ what: String) throws {
    guard address >= 0, count >= 0, count <= room(at: address) else {
      throw Malformed("\(what) would be \(count) bytes at \(address), and the file ends at \(superblock.end)")
    }
  }
}
