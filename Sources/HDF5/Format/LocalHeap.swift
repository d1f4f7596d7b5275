/// The local heap: the names of an old group.
struct LocalHeap {
  private let segment: [UInt8]

  init(at address: Int, _ visit: Visit) throws {
    let (offsets, lengths) = (visit.superblock.offsetSize, visit.superblock.lengthSize)
    var cursor = try visit.cursor(at: address, count: 8 + 2 * lengths + offsets, "a local heap")
    try cursor.signature("HEAP")
    _ = try cursor.version(0...0)
    try cursor.skip(3)
    let size = try cursor.length()
    _ = try cursor.length()
    segment = try visit.bytes(at: cursor.defined("its segment"), count: size, "a local heap")
  }

  /// The text from `offset` to its zero.
  func text(at offset: Int) throws -> ArraySlice<UInt8> {
    guard offset >= 0, offset < segment.count else {
      throw Malformed("a name at \(offset) of a local heap of \(segment.count) bytes")
    }
    guard let end = segment[offset...].firstIndex(of: 0) else { throw Malformed("a name without an end") }
    return segment[offset..<end]
  }
}
