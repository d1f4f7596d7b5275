extension ChunkIndex {
  /// A B-tree of version 1. A key has the chunk's bytes, its mask and where it begins along each axis, and within a value (0).
  static func tree1(
    at address: Int, _ shape: ChunkShape, into table: inout ChunkTable, _ visit: Visit
  ) throws {
    let keySize = 8 + 8 * (shape.chunk.count + 1)
    try tree1(
      try BTree1Node(at: address, .chunks, keySize: keySize, visit), keySize, shape, into: &table, visit)
  }

  private static func tree1(
    _ node: BTree1Node, _ keySize: Int, _ shape: ChunkShape, into table: inout ChunkTable, _ visit: Visit
  ) throws {
    var cursor = node.entries
    var place = [Int](repeating: 0, count: shape.chunk.count)
    for _ in 0..<node.count {
      let (bytes, mask) = (try cursor.four(), UInt32(try cursor.four()))
      for axis in place.indices {
        let start = try cursor.count(bytes: 8)
        if node.level == 0, start % shape.chunk[axis] != 0 {
          throw Malformed("a chunk begins within another one")
        }
        place[axis] = start / shape.chunk[axis]
      }
      try cursor.skip(8)
      let child = try cursor.defined("a chunk")
      if node.level == 0 {
        try table.add(place, address: child, bytes: bytes, mask: mask)
      } else {
        let below = try BTree1Node(at: child, .chunks, keySize: keySize, below: node.level, visit)
        try tree1(below, keySize, shape, into: &table, visit)
      }
    }
  }
}
