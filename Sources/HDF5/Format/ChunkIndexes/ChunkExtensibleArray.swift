extension ChunkIndex {
  /// An extensible array, for datasets that may grow along one axis.
  static func extensibleArray(
    at address: Int, _ shape: ChunkShape, into table: inout ChunkTable, _ visit: Visit
  ) throws {
    let array = try ExtensibleArray(at: address, shape, visit)
    try array.read(into: &table)
  }
}

/// The elements of an extensible array: some in its index block, then blocks of elements that the index block points to, then
/// super blocks, each of which points to blocks. Super block u, of which the first are not stored, has 2^(u / 2) blocks of
/// 2^((u + 1) / 2) times the fewest elements.
private struct ExtensibleArray {
  private let visit: Visit
  private let address: Int
  private let element: ArrayElement
  private let client: Int
  private let order: ArrayOrder
  /// Elements of the index block, and of the smallest block.
  private let indexCount: Int
  private let least: Int
  /// Bytes of a block's own place in the array.
  private let placeSize: Int
  private let pageCount: Int
  private let superBlocks: Int
  /// Super blocks whose blocks the index block itself points to.
  private let unstored: Int
  private let index: Int?

  init(at address: Int, _ shape: ChunkShape, _ visit: Visit) throws {
    self.visit = visit
    self.address = address
    let (offset, length) = (visit.superblock.offsetSize, visit.superblock.lengthSize)
    var header = try visit.cursor(at: address, count: 16 + 6 * length + offset, "an extensible array")
    try header.verifyChecksum()
    try header.signature("EAHD")
    _ = try header.version(0...0)
    client = try header.byte()
    element = try ArrayElement(client: client, size: header.byte(), shape, visit)
    let bits = try header.byte()
    indexCount = try header.byte()
    least = try header.byte()
    let fewestPointers = try header.byte()
    let pageBits = try header.byte()
    try header.skip(6 * length)
    index = try header.address()
    guard Checked.isPowerOfTwo(least), Checked.isPowerOfTwo(fewestPointers), (1...56).contains(bits),
      pageBits < 62
    else {
      throw Malformed("an extensible array of impossible sizes")
    }
    superBlocks = 1 + bits - least.trailingZeroBitCount
    unstored = 2 * fewestPointers.trailingZeroBitCount
    guard superBlocks >= unstored else { throw Malformed("an extensible array of impossible sizes") }
    placeSize = (bits + 7) / 8
    pageCount = 1 << pageBits
    order = try ArrayOrder(shape, first: shape.limits.firstIndex { $0 == nil })
  }

  func read(into table: inout ChunkTable) throws {
    guard let index else { return }
    let offset = visit.superblock.offsetSize
    let pointers = (0..<unstored).reduce(0) { $0 + blocks($1) }
    let size = 10 + offset + indexCount * element.size + (pointers + superBlocks - unstored) * offset
    var cursor = try visit.cursor(at: index, count: size, "an extensible array")
    try cursor.verifyChecksum()
    try ChunkIndex.prefix(&cursor, "EAIB", client, header: address)
    for index in 0..<indexCount { try element.read(&cursor, index: index, order, into: &table) }
    for number in 0..<unstored {
      for block in 0..<blocks(number) {
        let first = firstIndex(number) + block * elements(number)
        guard let address = try cursor.address() else { continue }
        guard elements(number) <= pageCount else { throw Malformed("an extensible array with early pages") }
        try read(at: address, first: first, count: elements(number), into: &table)
      }
    }
    for number in unstored..<superBlocks {
      guard let address = try cursor.address() else { continue }
      try superBlock(number, at: address, into: &table)
    }
  }

  // With at most 56 bits none of these overflows.
  private func blocks(_ number: Int) -> Int { 1 << (number / 2) }
  private func elements(_ number: Int) -> Int { least << ((number + 1) / 2) }
  private func firstIndex(_ number: Int) -> Int { indexCount + ((1 << number) - 1) * least }

  private func superBlock(_ number: Int, at address: Int, into table: inout ChunkTable) throws {
    let (blocks, elements) = (blocks(number), elements(number))
    let pages = elements > pageCount ? elements / pageCount : 0
    let bits = blocks * Checked.groups(of: pages, by: 8)
    let offset = visit.superblock.offsetSize
    let size = 10 + offset + placeSize + bits + blocks * offset
    var cursor = try visit.cursor(at: address, count: size, "a block of an extensible array")
    try cursor.verifyChecksum()
    try ChunkIndex.prefix(&cursor, "EASB", client, header: self.address)
    try cursor.skip(placeSize)
    let written = try cursor.take(bits)
    for block in 0..<blocks {
      guard let address = try cursor.address() else { continue }
      let first = firstIndex(number) + block * elements
      guard pages > 0 else {
        try read(at: address, first: first, count: elements, into: &table)
        continue
      }
      // Pages lie behind a prefix with a checksum of its own.
      let prefix = 10 + offset + placeSize
      var start = try visit.cursor(at: address, count: prefix, "a block of an extensible array")
      try start.verifyChecksum()
      try ChunkIndex.prefix(&start, "EADB", client, header: self.address)
      let pageSize = pageCount * element.size + 4
      for page in 0..<pages {
        let bit = block * pages + page
        guard written[bit / 8] & 0x80 >> UInt8(bit % 8) != 0 else { continue }
        let place = try Checked.sum(address, prefix + page * pageSize, "an extensible array")
        var cursor = try visit.cursor(at: place, count: pageSize, "a page of an extensible array")
        try cursor.verifyChecksum()
        for index in 0..<pageCount {
          try element.read(&cursor, index: first + page * pageCount + index, order, into: &table)
        }
      }
    }
  }

  /// A block of elements.
  private func read(at address: Int, first: Int, count: Int, into table: inout ChunkTable) throws {
    let size = 10 + visit.superblock.offsetSize + placeSize + count * element.size
    var cursor = try visit.cursor(at: address, count: size, "a block of an extensible array")
    try cursor.verifyChecksum()
    try ChunkIndex.prefix(&cursor, "EADB", client, header: self.address)
    try cursor.skip(placeSize)
    for index in 0..<count { try element.read(&cursor, index: first + index, order, into: &table) }
  }
}
