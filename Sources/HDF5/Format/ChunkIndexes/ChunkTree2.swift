extension ChunkIndex {
  /// A B-tree of version 2, for datasets that may grow along several axes.
  static func tree2(
    at address: Int, _ shape: ChunkShape, into table: inout ChunkTable, _ visit: Visit
  ) throws {
    let tree = try BTree2(at: address, visit)
    guard tree.type == 10 || tree.type == 11 else {
      throw Malformed("a tree of chunks is of type \(tree.type)")
    }
    var place = [Int](repeating: 0, count: shape.chunk.count)
    try tree.records { record in
      let address = try record.defined("a chunk")
      var (bytes, mask) = (shape.bytes, UInt32(0))
      if tree.type == 11 {
        // The length of this number is what is left for it.
        let size = record.left - 4 - 8 * place.count
        guard size > 0 else { throw Malformed("a tree of chunks with too short records") }
        bytes = try record.count(bytes: size)
        mask = UInt32(try record.four())
      }
      for axis in place.indices { place[axis] = try record.count(bytes: 8) }
      try table.add(place, address: address, bytes: bytes, mask: mask)
    }
  }
}
