/// Copies what is wanted of a chunk to where it belongs, in runs as long as both have them without a gap.
struct ChunkRegion {
  private let shape: [Int]
  private let rows: Range<Int>
  private let chunk: [Int]
  private let grid: [Int]
  private let conversion: Conversion
  /// Values between neighbours along each axis, in a chunk and in what is read.
  private let chunkStrides: [Int]
  private let targetStrides: [Int]

  /// - Parameters:
  ///   - shape: of the dataset, of which as many values as it has were counted.
  ///   - rows: of its first axis, those that are read.
  ///   - chunk: extents of a chunk, of which the bytes were counted.
  init(shape: [Int], rows: Range<Int>, chunk: [Int], grid: [Int], _ conversion: Conversion) {
    func strides(_ extents: [Int]) -> [Int] {
      var strides = [Int](repeating: 1, count: extents.count)
      for axis in extents.indices.dropLast().reversed() {
        strides[axis] = strides[axis + 1] * extents[axis + 1]
      }
      return strides
    }
    self.shape = shape
    self.rows = rows
    self.chunk = chunk
    self.grid = grid
    self.conversion = conversion
    chunkStrides = strides(chunk)
    targetStrides = strides(shape)
  }

  /// - Throws: `Malformed` for a place outside of the grid.
  func copy(_ bytes: UnsafeRawBufferPointer, of place: Int, into target: UnsafeMutableRawBufferPointer) throws
  {
    var counts = [Int](repeating: 0, count: shape.count)
    var (from, to) = (0, 0)
    var rest = place
    for axis in shape.indices.reversed() {
      let start = (axis == 0 ? rest : rest % grid[axis]) * chunk[axis]
      rest /= grid[axis]
      let wanted = axis == 0 ? rows : 0..<shape[axis]
      let lower = max(start, wanted.lowerBound)
      let upper = min(
        shape[axis] - start < chunk[axis] ? shape[axis] : start + chunk[axis], wanted.upperBound)
      guard lower < upper else { return }
      counts[axis] = upper - lower
      from += (lower - start) * chunkStrides[axis]
      to += (lower - wanted.lowerBound) * targetStrides[axis]
    }
    // Axes that are whole in both are one with the axis before them.
    var axis = counts.count - 1
    guard axis >= 0 else { throw Malformed("it has chunks without axes") }
    var run = counts[axis]
    while axis > 0, counts[axis] == chunk[axis], counts[axis] == shape[axis] {
      axis -= 1
      run *= counts[axis]
    }
    try copy(bytes, from: from, into: target, to: to, counts: counts[..<axis], run: run)
  }

  /// Run after run, the last of the outer axes fastest.
  private func copy(
    _ bytes: UnsafeRawBufferPointer, from: Int, into target: UnsafeMutableRawBufferPointer, to: Int,
    counts: ArraySlice<Int>, run: Int
  ) throws {
    var (from, to) = (from, to)
    var index = [Int](repeating: 0, count: counts.count)
    let (stored, taken) = (conversion.stored, conversion.taken)
    while true {
      // The only place where bytes are not counted by an array: they are counted here.
      guard from >= 0, to >= 0, (from + run) * stored <= bytes.count, (to + run) * taken <= target.count
      else {
        throw Malformed("a chunk lies outside of its dataset")
      }
      let source = UnsafeRawBufferPointer(rebasing: bytes[(from * stored)..<((from + run) * stored)])
      let place = UnsafeMutableRawBufferPointer(rebasing: target[(to * taken)..<((to + run) * taken)])
      conversion.apply(source, to: place)
      var axis = counts.count - 1
      while axis >= 0 {
        from += chunkStrides[axis]
        to += targetStrides[axis]
        index[axis] += 1
        if index[axis] < counts[axis] { break }
        from -= counts[axis] * chunkStrides[axis]
        to -= counts[axis] * targetStrides[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
