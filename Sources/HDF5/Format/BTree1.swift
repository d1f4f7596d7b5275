/// A node of a B-tree of version 1: the names of an old group, or the chunks of a dataset.
struct BTree1Node {
  enum Kind: Int {
    case group
    case chunks
  }

  let level: Int
  let count: Int
  /// `count` times a key and a child's address, and one more key.
  let entries: Cursor

  /// - Parameter below: the level of the node above, which is the next one; nil for a root.
  init(at address: Int, _ kind: Kind, keySize: Int, below: Int? = nil, _ visit: Visit) throws {
    let prefixSize = 8 + 2 * visit.superblock.offsetSize
    var prefix = try visit.cursor(at: address, count: prefixSize, "a B-tree")
    try prefix.signature("TREE")
    guard try prefix.byte() == kind.rawValue else { throw Malformed("a B-tree of another kind") }
    level = try prefix.byte()
    count = try prefix.two()
    // So that no tree is deeper than its root says.
    guard below == nil || below == level + 1 else { throw Malformed("a node of a B-tree at another level") }
    let size = (count + 1) * keySize + count * visit.superblock.offsetSize
    entries = try visit.cursor(
      at: try Checked.sum(address, prefixSize, "a B-tree"), count: size, "a node of a B-tree")
  }
}
