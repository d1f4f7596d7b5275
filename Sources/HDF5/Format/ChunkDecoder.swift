import CZlib

/// Reads chunks, and undoes what filters did to their bytes. Chunk after chunk takes the same memory.
struct ChunkDecoder {
  private static let (deflate, shuffle, fletcher32) = (1, 2, 3)

  private let visit: Visit
  /// What is there so far, in the first `used` bytes, and where the next filter puts what it makes of it.
  private var bytes: [UInt8] = []
  private var used = 0
  private var next: [UInt8] = []

  init(_ visit: Visit) { self.visit = visit }

  /// - Parameters:
  ///   - mask: bits of filters that were left out.
  ///   - count: bytes of the chunk's values.
  ///   - body: is given exactly `count` bytes.
  mutating func decode(
    _ chunk: ChunkTable.Chunk, _ pipeline: FilterPipeline, count: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try read(chunk)
    let filters = pipeline.filters.indices.filter { chunk.mask & 1 << UInt32($0) == 0 }.map {
      pipeline.filters[$0]
    }
    for (index, filter) in filters.enumerated().reversed() {
      switch filter.number {
      case ChunkDecoder.deflate:
        // What was deflated may have checksums already; what was deflated twice has a size that nobody knows.
        let before = filters[..<index]
        guard !before.contains(where: { $0.number == ChunkDecoder.deflate }) else {
          throw Malformed("chunks that were deflated twice are not read")
        }
        let sums = before.count { $0.number == ChunkDecoder.fletcher32 } * 4
        try inflate(into: try Checked.sum(count, sums, "a chunk"))
      case ChunkDecoder.shuffle: unshuffle(size: filter.values.first ?? 1)
      case ChunkDecoder.fletcher32: try verify()
      default: throw Malformed("its filter \(filter.words) is not read")
      }
    }
    guard used == count else { throw Malformed("a chunk has \(used) bytes, and its values take \(count)") }
    try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<min(count, $0.count)])) }
  }

  private mutating func read(_ chunk: ChunkTable.Chunk) throws {
    // Before memory is taken.
    guard chunk.bytes <= visit.room(at: chunk.address) else {
      throw Malformed("a chunk of \(chunk.bytes) bytes at \(chunk.address) lies behind the end")
    }
    ChunkDecoder.makeRoom(in: &bytes, chunk.bytes)
    used = chunk.bytes
    try bytes.withUnsafeMutableBytes { bytes in
      try visit.values(
        at: chunk.address, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<chunk.bytes]), "a chunk")
    }
  }

  private static func makeRoom(in bytes: inout [UInt8], _ count: Int) {
    if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
  }

  // MARK: - Filters

  /// - Throws: `Malformed` unless the bytes become exactly `count`.
  private mutating func inflate(into count: Int) throws {
    // What becomes more than this was not deflated: memory is not taken for it.
    let (most, overflow) = (used + 16).multipliedReportingOverflow(by: 1032)
    guard overflow || count <= most else { throw Malformed("\(used) bytes cannot be inflated to \(count)") }
    // zlib wants somewhere to write to even if it is nothing.
    ChunkDecoder.makeRoom(in: &next, max(count, 1))
    var written = uLongf(count)
    // `bytes` has at least `used` bytes, and `next` at least `count`.
    let status = next.withUnsafeMutableBufferPointer { to in
      bytes.withUnsafeBufferPointer { from in
        uncompress(to.baseAddress, &written, from.baseAddress, uLong(used))
      }
    }
    guard status == Z_OK, written == uLongf(count) else {
      throw Malformed(
        status == Z_BUF_ERROR || status == Z_OK
          ? "a chunk does not inflate to the \(count) bytes that it should have"
          : "a chunk is not deflated data")
    }
    swap(&bytes, &next)
    used = count
  }

  /// The first bytes of all values, then the second ones, ... become values again; what is left over stands at the end.
  private mutating func unshuffle(size: Int) {
    guard size > 1, used / size > 1 else { return }
    let (used, values) = (used, used / size)
    ChunkDecoder.makeRoom(in: &next, used)
    next.withUnsafeMutableBytes { to in
      bytes.withUnsafeBytes { from in
        // Both have `used` bytes, of which `size` times `values` are no more.
        let whole = values * size
        RawBytes.copy(
          UnsafeRawBufferPointer(rebasing: from[whole..<used]),
          to: UnsafeMutableRawBufferPointer(rebasing: to[whole..<used]))
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        switch size {
        case 2: Planes.join(from, to, values, UInt16.self)
        case 4: Planes.join(from, to, values, UInt32.self)
        case 8: Planes.join(from, to, values, UInt64.self)
        default: Planes.join(from, to, values, size: size)
        }
      }
    }
    swap(&bytes, &next)
  }

  /// Leaves the bytes without the checksum behind them.
  private mutating func verify() throws {
    guard used >= 4 else { throw Malformed("a chunk has no checksum") }
    used -= 4
    var stored: UInt32 = 0
    for index in 0..<4 { stored |= UInt32(bytes[used + index]) << UInt32(8 * index) }
    let sum = bytes.withUnsafeBytes { Checksum.fletcher32(UnsafeRawBufferPointer(rebasing: $0[..<used])) }
    // Old versions on machines of this kind stored it with the bytes of its halves exchanged.
    let exchanged = (sum & 0x00FF_00FF) << 8 | (sum & 0xFF00_FF00) >> 8
    guard Checksum.isEqual(sum, stored) || exchanged == stored else {
      throw Malformed("a chunk has another checksum")
    }
  }
}

/// Bytes that were sorted by their place in a value. Whoever calls has counted the bytes on both sides.
private enum Planes {
  /// Values as wide as a word.
  @inline(__always)
  static func join<Word: FixedWidthInteger>(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ values: Int, _: Word.Type
  ) {
    let size = MemoryLayout<Word>.size
    for value in 0..<values {
      var word = Word.zero
      for byte in 0..<size {
        let part = (from + byte &* values).load(fromByteOffset: value, as: UInt8.self)
        word |= Word(truncatingIfNeeded: part) &<< Word(truncatingIfNeeded: 8 &* byte)
      }
      to.storeBytes(of: word.littleEndian, toByteOffset: value &* size, as: Word.self)
    }
  }

  static func join(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, _ values: Int, size: Int) {
    for byte in 0..<size {
      let plane = from + byte * values
      for value in 0..<values {
        to.storeBytes(
          of: plane.load(fromByteOffset: value, as: UInt8.self), toByteOffset: value &* size &+ byte,
          as: UInt8.self)
      }
    }
  }
}
