extension ChunkIndex {
  /// A fixed array, for datasets that do not grow: one block of elements, or pages of them where there are many.
  static func fixedArray(
    at address: Int, _ shape: ChunkShape, into table: inout ChunkTable, _ visit: Visit
  ) throws {
    let (offset, length) = (visit.superblock.offsetSize, visit.superblock.lengthSize)
    var header = try visit.cursor(at: address, count: 12 + length + offset, "a fixed array")
    try header.verifyChecksum()
    try header.signature("FAHD")
    _ = try header.version(0...0)
    let client = try header.byte()
    let element = try ArrayElement(client: client, size: header.byte(), shape, visit)
    let pageBits = try header.byte()
    let count = try header.length()
    guard let block = try header.address() else { return }
    let order = try ArrayOrder(shape, first: nil)
    let pageCount = pageBits < 62 ? 1 << pageBits : Int.max
    let prefixSize = 6 + offset
    guard count > pageCount else {
      let size = try Checked.product(count, element.size, "a fixed array")
      var cursor = try visit.cursor(
        at: block, count: try Checked.sum(size, prefixSize + 4, "a fixed array"), "a fixed array")
      try cursor.verifyChecksum()
      try prefix(&cursor, "FADB", client, header: address)
      for index in 0..<count { try element.read(&cursor, index: index, order, into: &table) }
      return
    }
    // A bit for each page: whether it was ever written.
    let pages = Checked.groups(of: count, by: pageCount)
    let bits = Checked.groups(of: pages, by: 8)
    let blockSize = try Checked.sum(bits, prefixSize + 4, "a fixed array")
    var cursor = try visit.cursor(at: block, count: blockSize, "a fixed array")
    try cursor.verifyChecksum()
    try prefix(&cursor, "FADB", client, header: address)
    let written = try cursor.take(bits)
    let pageSize = try Checked.sum(
      Checked.product(pageCount, element.size, "a fixed array"), 4, "a fixed array")
    var place = try Checked.sum(block, blockSize, "a fixed array")
    for page in 0..<pages {
      let first = page * pageCount
      let elements = min(pageCount, count - first)
      if written[page / 8] & 0x80 >> UInt8(page % 8) != 0 {
        var cursor = try visit.cursor(
          at: place, count: elements * element.size + 4, "a page of a fixed array")
        try cursor.verifyChecksum()
        for index in first..<first + elements { try element.read(&cursor, index: index, order, into: &table) }
      }
      place = try Checked.sum(place, pageSize, "a fixed array")
    }
  }

  /// What all blocks of arrays begin with.
  static func prefix(_ cursor: inout Cursor, _ signature: StaticString, _ client: Int, header: Int) throws {
    try cursor.signature(signature)
    _ = try cursor.version(0...0)
    guard try cursor.byte() == client, try cursor.defined("its header") == header else {
      throw Malformed("a block of another array")
    }
  }
}
