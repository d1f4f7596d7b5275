/// Reads the values of a dataset, or of one index of its first axis, row-major into memory that has been asked for.
struct DatasetReader {
  private let dataset: Dataset
  private let shape: [Int]
  /// Along the first axis; nil for all.
  private let rows: Range<Int>?
  private let conversion: Conversion
  /// nil for a dataset without chunks.
  private let chunks: (table: ChunkTable, shape: ChunkShape, layout: DataLayout.Chunks)?
  private let visit: Visit

  init(
    _ dataset: Dataset, shape: [Int], rows: Range<Int>?, _ conversion: Conversion,
    chunks: (table: ChunkTable, shape: ChunkShape, layout: DataLayout.Chunks)?, _ visit: Visit
  ) {
    self.dataset = dataset
    self.shape = shape
    self.rows = rows
    self.conversion = conversion
    self.chunks = chunks
    self.visit = visit
  }

  /// Extents of what is read.
  private var extents: [Int] {
    var extents = shape
    if let rows, !extents.isEmpty { extents[0] = rows.count }
    return extents
  }

  /// - Parameter target: of exactly as many bytes as the values take in memory. All of it is written, or an error thrown.
  func read(into target: UnsafeMutableRawBufferPointer) throws {
    let count = target.count / conversion.taken
    guard count > 0 else { return }
    switch dataset.layout {
    case .compact(let bytes):
      let range = try range(count, of: bytes.count)
      bytes.withUnsafeBytes { conversion.apply(UnsafeRawBufferPointer(rebasing: $0[range]), to: target) }
    case .contiguous(nil, _): try fillUnstored(target)
    case .contiguous(let address?, let bytes):
      let size = try bytes ?? Checked.product(shape, times: dataset.type.size, "a dataset")
      try stream(from: Checked.sum(address, try range(count, of: size).lowerBound, "a dataset"), into: target)
    case .chunked: try readChunks(into: target)
    case .virtual: throw Malformed("it is a view")
    }
  }

  /// Where the values that are read lie among all of them.
  private func range(_ count: Int, of bytes: Int) throws -> Range<Int> {
    let size = dataset.type.size
    let row = try Checked.product(Array(shape.dropFirst()), times: size, "a dataset")
    let start = try Checked.product(rows?.lowerBound ?? 0, row, "a dataset")
    let end = try Checked.sum(start, try Checked.product(count, size, "a dataset"), "a dataset")
    guard end <= bytes else { throw Malformed("its values take \(end) bytes, and \(bytes) are stored") }
    return start..<end
  }

  // MARK: - Values that lie one behind the other

  private static let block = 1 << 16

  private func stream(from address: Int, into target: UnsafeMutableRawBufferPointer) throws {
    guard conversion.convert != nil else {
      return try visit.values(at: address, into: target, "a dataset")
    }
    let (stored, taken) = (conversion.stored, conversion.taken)
    let count = target.count / taken
    let block = max(DatasetReader.block / stored, 1)
    var bytes = [UInt8](repeating: 0, count: min(block, count) * stored)
    var done = 0
    while done < count {
      let values = min(block, count - done)
      try bytes.withUnsafeMutableBytes { bytes in
        let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(values * stored)])
        try visit.values(
          at: try Checked.sum(address, done * stored, "a dataset"), into: part, "a dataset")
        conversion.apply(
          UnsafeRawBufferPointer(part),
          to: UnsafeMutableRawBufferPointer(rebasing: target[(done * taken)..<((done + values) * taken)]))
      }
      done += values
    }
  }

  // MARK: - Values that nobody has stored

  private func fillUnstored(_ target: UnsafeMutableRawBufferPointer) throws {
    guard !dataset.fill.isUndefined || !dataset.fill.isWritten else {
      throw Malformed("nobody has stored its values, and nothing stands for them")
    }
    try fill(target)
  }

  private func fill(_ target: UnsafeMutableRawBufferPointer) throws {
    guard dataset.fill.isWritten, !dataset.fill.isUndefined, let value = dataset.fill.bytes else {
      return RawBytes.clear(target)
    }
    let taken = conversion.taken
    guard value.count == conversion.stored, target.count >= taken else {
      throw Malformed("what stands for values of \(conversion.stored) bytes has \(value.count)")
    }
    value.withUnsafeBytes {
      conversion.apply($0, to: UnsafeMutableRawBufferPointer(rebasing: target[..<taken]))
    }
    // What is filled is copied behind itself.
    var done = taken
    while done < target.count {
      let more = min(done, target.count - done)
      RawBytes.copy(
        UnsafeRawBufferPointer(rebasing: target[..<more]),
        to: UnsafeMutableRawBufferPointer(rebasing: target[done..<(done + more)]))
      done += more
    }
  }

  // MARK: - Chunks

  private func readChunks(into target: UnsafeMutableRawBufferPointer) throws {
    guard let (table, chunkShape, layout) = chunks else { throw Malformed("its chunks are not known") }
    guard layout.address != nil else { return try fillUnstored(target) }
    let rows = rows ?? 0..<(shape.first ?? 1)
    guard let height = chunkShape.chunk.first, rows.count > 0 else {
      throw Malformed("it has chunks without axes")
    }
    let gridRows = rows.lowerBound / height..<(rows.upperBound - 1) / height + 1
    let wanted = table.chunks(inRows: gridRows)
    // Every place once, as in every whole dataset: then nothing else stands there.
    let places = table.grid.dropFirst().reduce(gridRows.count, *)
    let isWhole = wanted.count == places && zip(wanted, wanted.dropFirst()).allSatisfy { $0.place < $1.place }
    if !isWhole { try fill(target) }
    let region = ChunkRegion(
      shape: shape, rows: rows, chunk: chunkShape.chunk, grid: table.grid, conversion)
    var decoder = ChunkDecoder(visit)
    for chunk in wanted {
      let isPlain = layout.areEdgesUnfiltered && isCut(chunk.place, chunkShape)
      let pipeline = isPlain ? FilterPipeline() : dataset.pipeline
      try decoder.decode(chunk, pipeline, count: chunkShape.bytes) {
        try region.copy($0, of: chunk.place, into: target)
      }
    }
  }

  /// Whether the shape ends within a chunk.
  private func isCut(_ place: Int, _ chunk: ChunkShape) -> Bool {
    var rest = place
    for axis in chunk.chunk.indices.reversed() {
      let count = max(chunk.grid[axis], 1)
      // Nothing overflows: the chunk begins within the shape.
      if shape[axis] - rest % count * chunk.chunk[axis] < chunk.chunk[axis] { return true }
      rest /= count
    }
    return false
  }
}
