/// Indexes of chunks fill a table with what they hold. All of it is read at once: how many bytes the chunks have together is asked
/// for before a value is read.
enum ChunkIndex {
  static func table(_ layout: DataLayout.Chunks, _ shape: ChunkShape, _ visit: Visit) throws -> ChunkTable {
    var table = ChunkTable(grid: shape.grid)
    guard let address = layout.address else { return table }
    switch layout.index {
    case .tree1: try tree1(at: address, shape, into: &table, visit)
    case .tree2: try tree2(at: address, shape, into: &table, visit)
    case .single(let bytes, let mask):
      try table.add(shape.shape.map { _ in 0 }, address: address, bytes: bytes ?? shape.bytes, mask: mask)
    case .implicit: try implicit(at: address, shape, into: &table, visit)
    case .fixedArray: try fixedArray(at: address, shape, into: &table, visit)
    case .extensibleArray: try extensibleArray(at: address, shape, into: &table, visit)
    }
    table.sort()
    return table
  }

  /// Chunks that were all stored at once, one behind the other.
  private static func implicit(
    at address: Int, _ shape: ChunkShape, into table: inout ChunkTable, _ visit: Visit
  ) throws {
    let order = try ArrayOrder(shape, first: nil)
    let count = try Checked.product(shape.largestGrid().map { $0 ?? 0 }, "an index of chunks")
    let bytes = try Checked.product(count, shape.bytes, "the chunks")
    guard bytes <= visit.room(at: address) else {
      throw Malformed("\(bytes) bytes of chunks lie behind the end")
    }
    for index in 0..<count {
      try table.add(
        order.place(of: index), address: address + index * shape.bytes, bytes: shape.bytes, mask: 0)
    }
  }
}

/// Which chunk an element of an array stands for: row-major in the largest grid, with the axis without an end first.
struct ArrayOrder {
  private let axes: [Int]
  private let extents: [Int]

  /// - Parameter first: the axis that comes first, before the others in their order.
  init(_ shape: ChunkShape, first: Int?) throws {
    let grid = try shape.largestGrid()
    axes = (first.map { [$0] } ?? []) + grid.indices.filter { $0 != first }
    extents = try axes.enumerated().map { index, axis in
      // How many there are along the first axis does not matter.
      if index == 0 { return 1 }
      guard let extent = grid[axis] else {
        throw Malformed("an array of chunks with more than one axis without end")
      }
      return max(extent, 1)
    }
  }

  func place(of index: Int) -> [Int] {
    var place = [Int](repeating: 0, count: axes.count)
    var rest = index
    for position in axes.indices.dropFirst().reversed() {
      place[axes[position]] = rest % extents[position]
      rest /= extents[position]
    }
    if let first = axes.first { place[first] = rest }
    return place
  }
}

/// An element of a fixed or extensible array: a chunk's address, and with filters its bytes and mask.
struct ArrayElement {
  let size: Int
  private let isFiltered: Bool
  private let lengthSize: Int
  private let shape: ChunkShape

  /// - Parameters:
  ///   - client: what the array says that its elements are.
  ///   - size: bytes of an element.
  init(client: Int, size: Int, _ shape: ChunkShape, _ visit: Visit) throws {
    guard client == 0 || client == 1 else { throw Malformed("an array of something else than chunks") }
    self.size = size
    self.shape = shape
    isFiltered = client == 1
    let offset = visit.superblock.offsetSize
    lengthSize = isFiltered ? size - offset - 4 : 0
    guard isFiltered ? (1...8).contains(lengthSize) : size == offset else {
      throw Malformed("an array of chunks with elements of \(size) bytes")
    }
  }

  func read(
    _ cursor: inout Cursor, index: Int, _ order: ArrayOrder, into table: inout ChunkTable
  ) throws {
    let address = try cursor.address()
    let bytes = isFiltered ? try cursor.count(bytes: lengthSize) : shape.bytes
    let mask = isFiltered ? UInt32(try cursor.four()) : 0
    guard let address else { return }
    try table.add(order.place(of: index), address: address, bytes: bytes, mask: mask)
  }
}
