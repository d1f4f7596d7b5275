/// The B-tree of version 2: records of one type in order, of which the values that a group, an object or a dataset has are named.
struct BTree2 {
  let type: Int
  private let visit: Visit
  private let recordSize: Int
  private let depth: Int
  private let root: Int?
  private let rootCount: Int
  /// For each level, the leaves first.
  private var levels: [Level] = []

  private struct Level {
    /// Most records of a node.
    let most: Int
    /// Bytes of the number of all records below a node; 0 for leaves.
    let totalSize: Int
    /// Most records of a node and all below it.
    let total: UInt64
  }

  /// Signature, version, type and checksum of a node.
  private static let overhead = 10
  /// Of a tree that has more records than any file.
  private static let deepest = 32

  init(at address: Int, _ visit: Visit) throws {
    self.visit = visit
    let size = 4 + 2 + 4 + 2 + 2 + 2 + visit.superblock.offsetSize + 2 + visit.superblock.lengthSize + 4
    var cursor = try visit.cursor(at: address, count: size, "a B-tree")
    try cursor.verifyChecksum()
    try cursor.signature("BTHD")
    _ = try cursor.version(0...0)
    type = try cursor.byte()
    let nodeSize = try cursor.four()
    recordSize = try cursor.two()
    depth = try cursor.two()
    try cursor.skip(2)
    root = try cursor.address()
    rootCount = try cursor.two()
    guard recordSize > 0, nodeSize > BTree2.overhead, depth <= BTree2.deepest else {
      throw Malformed(
        "a B-tree of \(depth) levels, with records of \(recordSize) bytes in nodes of \(nodeSize)")
    }
    try measure(nodeSize)
  }

  /// How many bytes the numbers in inner nodes take follows from how many records there may be.
  private mutating func measure(_ nodeSize: Int) throws {
    let most = (nodeSize - BTree2.overhead) / recordSize
    levels = [Level(most: most, totalSize: 0, total: UInt64(most))]
    for _ in 0..<depth {
      guard let below = levels.last else { break }
      let pointer = visit.superblock.offsetSize + countSize + below.totalSize
      let most = (nodeSize - BTree2.overhead - pointer) / (recordSize + pointer)
      guard most > 0 else { throw Malformed("a B-tree whose nodes have no room") }
      let (product, overflow) = below.total.multipliedReportingOverflow(by: UInt64(most) + 1)
      let (total, more) = product.addingReportingOverflow(UInt64(most))
      let all = overflow || more ? .max : total
      levels.append(Level(most: most, totalSize: Checked.bytes(of: all), total: all))
    }
  }

  /// Bytes of the number of a node's own records.
  private var countSize: Int { Checked.bytes(of: UInt64(levels.first?.most ?? 0)) }

  /// All records, in order.
  func records(_ body: (inout Cursor) throws -> Void) throws {
    guard let root else { return }
    try node(at: root, count: rootCount, level: depth, body)
  }

  private func node(at address: Int, count: Int, level: Int, _ body: (inout Cursor) throws -> Void) throws {
    guard level < levels.count, count <= levels[level].most else {
      throw Malformed("a node of a B-tree with \(count) records")
    }
    // Those of leaves need not say how many there are below them.
    let below = level > 0 ? levels[level - 1] : levels[level]
    let pointer = visit.superblock.offsetSize + countSize + below.totalSize
    let size = BTree2.overhead + count * recordSize + (level > 0 ? (count + 1) * pointer : 0)
    var cursor = try visit.cursor(at: address, count: size, "a node of a B-tree")
    try cursor.verifyChecksum()
    try cursor.signature(level > 0 ? "BTIN" : "BTLF")
    _ = try cursor.version(0...0)
    guard try cursor.byte() == type else { throw Malformed("a node of a B-tree of another type") }
    guard level > 0 else {
      for _ in 0..<count { try record(&cursor, body) }
      return
    }
    var records = try cursor.part(count * recordSize, "records of a B-tree")
    for child in 0...count {
      let address = try cursor.defined("a node of a B-tree")
      let childCount = try cursor.count(bytes: countSize)
      try cursor.skip(below.totalSize)
      try node(at: address, count: childCount, level: level - 1, body)
      if child < count { try record(&records, body) }
    }
  }

  private func record(_ cursor: inout Cursor, _ body: (inout Cursor) throws -> Void) throws {
    var record = try cursor.part(recordSize, "a record of a B-tree")
    try body(&record)
  }
}
