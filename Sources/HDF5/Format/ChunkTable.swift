/// Where the chunks of a dataset lie, whatever index the file has for them.
struct ChunkTable: Sendable {
  struct Chunk: Sendable {
    /// Number of its place in the grid of chunks, row-major.
    let place: Int
    let address: Int
    /// As they are stored, behind all filters.
    let bytes: Int
    /// Bits of filters that were left out.
    let mask: UInt32
  }

  /// By place. Chunks that the shape does not show are left out.
  private(set) var chunks: [Chunk] = []
  /// Bytes of all chunks in the file.
  private(set) var stored = 0
  /// Chunks along each axis, as the shape is now.
  let grid: [Int]
  /// nil where there would be more than can be counted: nobody may read such a shape.
  private let strides: [Int]?

  init(grid: [Int]) {
    self.grid = grid
    var strides = [Int](repeating: 1, count: grid.count)
    var product = 1
    for axis in grid.indices.reversed() {
      strides[axis] = product
      let (next, overflow) = product.multipliedReportingOverflow(by: grid[axis])
      guard !overflow else {
        self.strides = nil
        return
      }
      product = next
    }
    self.strides = strides
  }

  /// - Parameter place: along each axis.
  mutating func add(_ place: [Int], address: Int, bytes: Int, mask: UInt32) throws {
    stored = try Checked.sum(stored, bytes, "all chunks together")
    guard let strides else { return }
    var number = 0
    for axis in grid.indices {
      guard axis < place.count, place[axis] < grid[axis] else { return }
      number += place[axis] * strides[axis]
    }
    chunks.append(Chunk(place: number, address: address, bytes: bytes, mask: mask))
  }

  mutating func sort() {
    var isSorted = true
    for index in chunks.indices.dropFirst() where chunks[index - 1].place > chunks[index].place {
      isSorted = false
      break
    }
    if !isSorted { chunks.sort { $0.place < $1.place } }
  }

  /// Those of some rows of the grid's first axis.
  func chunks(inRows rows: Range<Int>) -> ArraySlice<Chunk> {
    guard let row = strides?.first else { return [] }
    return chunks[first(notBefore: rows.lowerBound * row)..<first(notBefore: rows.upperBound * row)]
  }

  private func first(notBefore place: Int) -> Int {
    var (low, high) = (0, chunks.count)
    while low < high {
      let middle = (low + high) / 2
      if chunks[middle].place < place { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What an index of chunks has to know of the dataset.
struct ChunkShape {
  /// Of the dataset, and of a chunk.
  let shape: [Int]
  let chunk: [Int]
  /// nil along an axis without an end.
  let limits: [UInt64?]
  /// Bytes of a chunk.
  let bytes: Int
  let isFiltered: Bool

  var grid: [Int] { zip(shape, chunk).map { Checked.groups(of: $0, by: $1) } }

  /// The same for the largest shape that the dataset may take.
  func largestGrid() throws -> [Int?] {
    try zip(limits, chunk).map { limit, chunk in
      guard let limit else { return nil }
      guard let limit = Int(exactly: limit) else { throw Malformed("an extent that may become \(limit)") }
      return Checked.groups(of: limit, by: chunk)
    }
  }
}
