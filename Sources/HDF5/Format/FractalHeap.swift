/// The fractal heap: the links of a large new group, the attributes of an object that has many.
///
/// Its objects lie in direct blocks, which a table of blocks (the doubling table) makes one address space: rows of `width` blocks
/// each, those of the first two rows of the starting size, those of each row after them twice as large as before.
struct FractalHeap {
  private let visit: Visit
  private let idSize: Int
  private let isChecksummed: Bool
  private let hugeTree: Int?
  private let width: Int
  private let startingSize: Int
  private let largestDirect: Int
  private let offsetSize: Int
  private let lengthSize: Int
  private let root: Int?
  private let rootRows: Int
  private let address: Int
  /// Direct blocks that were read, by their addresses.
  private var blocks: [Int: [UInt8]] = [:]
  /// Those of indirect blocks, by theirs.
  private var tables: [Int: (start: Int, addresses: Cursor)] = [:]

  init(at address: Int, _ visit: Visit) throws {
    self.visit = visit
    self.address = address
    let (offset, length) = (visit.superblock.offsetSize, visit.superblock.lengthSize)
    let size = 4 + 1 + 2 + 2 + 1 + 4 + 12 * length + 3 * offset + 2 + 2 + 2 + 2 + 4
    var cursor = try visit.cursor(at: address, count: size, "a fractal heap")
    try cursor.signature("FRHP")
    _ = try cursor.version(0...0)
    idSize = try cursor.two()
    let filters = try cursor.two()
    guard filters == 0 else { throw Malformed("a fractal heap with filters is not read") }
    try cursor.verifyChecksum()
    isChecksummed = try cursor.byte() & 2 != 0
    let largestObject = try cursor.four()
    _ = try cursor.number(bytes: length)
    hugeTree = try cursor.address()
    try cursor.skip(length + offset + 8 * length)
    width = try cursor.two()
    startingSize = try cursor.length()
    largestDirect = try cursor.length()
    let bits = try cursor.two()
    try cursor.skip(2)
    root = try cursor.address()
    rootRows = try cursor.two()
    guard Checked.isPowerOfTwo(width), Checked.isPowerOfTwo(startingSize),
      Checked.isPowerOfTwo(largestDirect), startingSize <= largestDirect,
      largestDirect <= 1 << 31, (1...63).contains(bits), idSize > 0
    else { throw Malformed("a fractal heap of impossible sizes") }
    offsetSize = (bits + 7) / 8
    lengthSize = min(
      Checked.bytes(of: UInt64(largestDirect)), Checked.bytes(of: UInt64(largestObject)))
  }

  /// The bytes of an object.
  mutating func object(_ id: [UInt8]) throws -> Cursor {
    guard id.count >= idSize, let first = id.first else {
      throw Malformed("an id of a fractal heap is too short")
    }
    guard first >> 6 == 0 else { throw Malformed("an id of a fractal heap is of an unknown version") }
    var cursor = visit.cursor(id, "an id of a fractal heap")
    try cursor.skip(1)
    switch first >> 4 & 3 {
    case 0:
      let (offset, length) = (try cursor.count(bytes: offsetSize), try cursor.count(bytes: lengthSize))
      return try managed(offset, length)
    case 1: return try huge(&cursor)
    case 2:
      // Lengths of up to 16 bytes are in the first byte.
      let isExtended = idSize - 1 > 16
      let more = isExtended ? try cursor.byte() : 0
      let length = (isExtended ? Int(first & 15) << 8 | more : Int(first & 15)) + 1
      return visit.cursor(try cursor.take(length), "an object of a fractal heap")
    default: throw Malformed("an id of a fractal heap is of an unknown kind")
    }
  }

  // MARK: - Huge objects

  private func huge(_ id: inout Cursor) throws -> Cursor {
    let (offset, length) = (visit.superblock.offsetSize, visit.superblock.lengthSize)
    if idSize - 1 >= offset + length {
      let address = try id.defined("a huge object")
      return try visit.cursor(at: address, count: id.length(), "an object of a fractal heap")
    }
    let key = try id.number(bytes: min(length, idSize - 1))
    guard let hugeTree else { throw Malformed("a fractal heap has no huge objects") }
    let tree = try BTree2(at: hugeTree, visit)
    guard tree.type == 1 else { throw Malformed("huge objects with filters are not read") }
    var place: (address: Int, size: Int)?
    try tree.records { record in
      let (address, size) = (try record.defined("a huge object"), try record.length())
      if try record.number(bytes: length) == key { place = (address, size) }
    }
    guard let place else { throw Malformed("a fractal heap has no huge object \(key)") }
    return try visit.cursor(at: place.address, count: place.size, "an object of a fractal heap")
  }

  // MARK: - Managed objects

  private mutating func managed(_ offset: Int, _ length: Int) throws -> Cursor {
    guard let root else { throw Malformed("a fractal heap has no blocks") }
    // Many names may be one object.
    try visit.charge(length)
    let place =
      rootRows == 0
      ? (address: root, size: startingSize, start: 0) : try block(of: offset, below: root, rows: rootRows)
    let bytes = try direct(at: place.address, size: place.size, start: place.start)
    let inside = offset - place.start
    guard inside >= 0, inside <= bytes.count, length <= bytes.count - inside else {
      throw Malformed("an object of \(length) bytes at \(inside) of a heap's block of \(bytes.count)")
    }
    return visit.cursor(Array(bytes[inside..<inside + length]), "an object of a fractal heap")
  }

  private mutating func direct(at address: Int, size: Int, start: Int) throws -> [UInt8] {
    if let known = blocks[address], known.count == size { return known }
    let bytes = try visit.bytes(at: address, count: size, "a block of a fractal heap")
    var cursor = visit.cursor(bytes, "a block of a fractal heap")
    try checkPrefix(&cursor, "FHDB", start: start)
    if isChecksummed {
      let stored = UInt32(try cursor.four())
      var blank = bytes
      for index in cursor.position - 4..<cursor.position { blank[index] = 0 }
      guard Checksum.isEqual(Checksum.lookup3(blank, count: blank.count), stored) else {
        throw Malformed("a block of a fractal heap has another checksum")
      }
    }
    blocks[address] = bytes
    return bytes
  }

  private func checkPrefix(_ cursor: inout Cursor, _ signature: StaticString, start: Int) throws {
    try cursor.signature(signature)
    _ = try cursor.version(0...0)
    guard try cursor.defined("its heap") == address, try cursor.count(bytes: offsetSize) == start else {
      throw Malformed("a block of another fractal heap, or of another place of it")
    }
  }

  // MARK: - The doubling table

  private func log2(_ value: Int) -> Int { Int.bitWidth - 1 - value.leadingZeroBitCount }

  private var firstRowBits: Int { log2(startingSize) + log2(width) }
  private var directRows: Int { log2(largestDirect) - log2(startingSize) + 2 }

  /// Bytes of a block in a row.
  private func size(ofRow row: Int) throws -> Int {
    let bits = log2(startingSize) + max(row - 1, 0)
    guard bits < 62 else { throw Malformed("a fractal heap of too many rows") }
    return 1 << bits
  }

  /// The direct block that has an offset of the heap, below an indirect block.
  private mutating func block(of offset: Int, below root: Int, rows: Int) throws -> (
    address: Int, size: Int, start: Int
  ) {
    var (address, rows, start) = (root, rows, 0)
    // Each block is at most half as large as the one above it.
    for _ in 0..<64 {
      let inside = offset - start
      let isFirst = inside < startingSize * width
      let row = isFirst ? 0 : log2(inside) - firstRowBits + 1
      guard row < rows else { throw Malformed("an object behind the end of a fractal heap") }
      let rowStart = isFirst ? 0 : 1 << log2(inside)
      let size = try size(ofRow: row)
      let column = (inside - rowStart) / size
      let child = try child(row, column, of: address, rows: rows, start: start)
      start += rowStart + column * size
      if row < directRows { return (child, size, start) }
      address = child
      rows = log2(size) - firstRowBits + 1
    }
    throw Malformed("a fractal heap of too many levels")
  }

  private mutating func child(_ row: Int, _ column: Int, of address: Int, rows: Int, start: Int) throws -> Int
  {
    let entries = try Checked.product(rows, width, "a block of a fractal heap")
    var cursor = try table(at: address, entries: entries, start: start)
    try cursor.skip(
      try Checked.product(row * width + column, visit.superblock.offsetSize, "a block of a fractal heap"))
    return try cursor.defined("a block of a fractal heap")
  }

  /// The addresses in an indirect block.
  private mutating func table(at address: Int, entries: Int, start: Int) throws -> Cursor {
    if let known = tables[address], known.start == start { return known.addresses }
    let prefix = 5 + visit.superblock.offsetSize + offsetSize
    let addresses = try Checked.product(entries, visit.superblock.offsetSize, "a block of a fractal heap")
    let size = try Checked.sum(addresses, prefix + 4, "a block of a fractal heap")
    var cursor = try visit.cursor(at: address, count: size, "a block of a fractal heap")
    try cursor.verifyChecksum()
    try checkPrefix(&cursor, "FHIB", start: start)
    let read = try cursor.part(addresses, "a block of a fractal heap")
    tables[address] = (start, read)
    return read
  }
}
