/// An old group: its links lie in leaves (symbol table nodes) of a B-tree, and their names in a local heap.
struct SymbolTable {
  private let tree: Int
  private let heap: LocalHeap
  private let visit: Visit

  init(_ message: Cursor, _ visit: Visit) throws {
    var message = message
    tree = try message.defined("a group's tree")
    heap = try LocalHeap(at: message.defined("a group's heap"), visit)
    self.visit = visit
  }

  /// - Parameter body: is given names, and the entries that they belong to.
  func entries(_ body: (ArraySlice<UInt8>, () throws -> Link) throws -> Void) throws {
    try entries(below: try node(at: tree, below: nil), body)
  }

  private func entries(
    below node: BTree1Node, _ body: (ArraySlice<UInt8>, () throws -> Link) throws -> Void
  ) throws {
    var cursor = node.entries
    for _ in 0..<node.count {
      _ = try cursor.length()
      let child = try cursor.defined("a node of a group's tree")
      if node.level > 0 {
        try entries(below: try self.node(at: child, below: node.level), body)
      } else {
        try leaf(at: child, body)
      }
    }
  }

  /// The link of a name; nil if there is none. Keys of nodes are names: a child's are greater than the one before it, and no
  /// greater than the one behind it.
  func link(_ name: [UInt8]) throws -> Link? {
    var current = try node(at: tree, below: nil)
    while true {
      var cursor = current.entries
      var child: Int?
      _ = try cursor.length()
      for _ in 0..<current.count where child == nil {
        let address = try cursor.defined("a node of a group's tree")
        let last = try heap.text(at: cursor.length())
        if !last.lexicographicallyPrecedes(name) { child = address }
      }
      guard let child else { return nil }
      if current.level > 0 {
        current = try node(at: child, below: current.level)
        continue
      }
      var found: Link?
      try leaf(at: child) { if $0.elementsEqual(name) { found = try $1() } }
      return found
    }
  }

  private func node(at address: Int, below level: Int?) throws -> BTree1Node {
    try BTree1Node(at: address, .group, keySize: visit.superblock.lengthSize, below: level, visit)
  }

  private func leaf(at address: Int, _ body: (ArraySlice<UInt8>, () throws -> Link) throws -> Void) throws {
    var prefix = try visit.cursor(at: address, count: 8, "a leaf of a group")
    try prefix.signature("SNOD")
    _ = try prefix.version(1...1)
    try prefix.skip(1)
    let count = try prefix.two()
    let size = 2 * visit.superblock.offsetSize + 24
    var cursor = try visit.cursor(
      at: try Checked.sum(address, 8, "a leaf of a group"), count: count * size, "a leaf of a group")
    for _ in 0..<count {
      let name = try heap.text(at: cursor.count(bytes: cursor.offsetSize))
      // Many entries may have one long name.
      try visit.charge(name.count)
      let object = try cursor.address()
      let cached = try cursor.four()
      try cursor.skip(4)
      var scratch = try cursor.part(16, "a leaf of a group")
      try body(name) {
        // Of a symbolic link, whose text lies in the heap.
        if cached == 2 { return .soft(Array(try heap.text(at: scratch.four()))) }
        guard let object else { throw Malformed("a link to nothing") }
        return .hard(object)
      }
    }
  }
}
