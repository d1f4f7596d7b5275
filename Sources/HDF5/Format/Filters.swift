import CZlib

/// Undoes what filters did to the bytes of a chunk.
enum Filters {
  private static let (deflate, shuffle, fletcher32) = (1, 2, 3)

  /// - Parameters:
  ///   - bytes: as they are stored.
  ///   - mask: bits of filters that were left out.
  ///   - count: bytes of the chunk.
  /// - Returns: exactly `count` bytes.
  static func undo(_ bytes: [UInt8], _ pipeline: FilterPipeline, mask: UInt32, count: Int) throws -> [UInt8] {
    let filters = pipeline.filters.enumerated().filter { mask & (1 << UInt32($0.offset)) == 0 }.map(\.element)
    var bytes = bytes
    for (index, filter) in filters.enumerated().reversed() {
      switch filter.number {
      case deflate:
        // What was deflated may have checksums already; what was deflated twice has a size that nobody knows.
        let before = filters[..<index]
        guard !before.contains(where: { $0.number == deflate }) else {
          throw Malformed("chunks that were deflated twice are not read")
        }
        let sums = before.count { $0.number == fletcher32 } * 4
        bytes = try inflated(bytes, count: try Checked.sum(count, sums, "a chunk"))
      case shuffle: bytes = unshuffled(bytes, size: filter.values.first ?? 1)
      case fletcher32: bytes = try verified(bytes)
      default: throw Malformed("its filter \(filter.words) is not read")
      }
    }
    guard bytes.count == count else {
      throw Malformed("a chunk has \(bytes.count) bytes, and its values take \(count)")
    }
    return bytes
  }

  /// - Throws: `Malformed` unless the bytes become exactly `count`.
  private static func inflated(_ bytes: [UInt8], count: Int) throws -> [UInt8] {
    // What becomes more than this was not deflated: memory is not taken for it.
    let (most, overflow) = (bytes.count + 16).multipliedReportingOverflow(by: 1032)
    guard overflow || count <= most else {
      throw Malformed("\(bytes.count) bytes cannot be inflated to \(count)")
    }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      // zlib wants somewhere to write to even if it is nothing.
      var none: UInt8 = 0
      var written = uLongf(count)
      let status = withUnsafeMutablePointer(to: &none) { none in
        uncompress(buffer.baseAddress ?? none, &written, bytes, uLong(bytes.count))
      }
      guard status == Z_OK, written == uLongf(count) else {
        throw Malformed(
          status == Z_BUF_ERROR || status == Z_OK
            ? "a chunk does not inflate to the \(count) bytes that it should have"
            : "a chunk is not deflated data")
      }
      initialized = count
    }
  }

  /// The first bytes of all values, then the second ones, ... become values again; what is left over stands at the end.
  private static func unshuffled(_ bytes: [UInt8], size: Int) -> [UInt8] {
    guard size > 1, bytes.count / size > 1 else { return bytes }
    let values = bytes.count / size
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, initialized in
      bytes.withUnsafeBufferPointer { from in
        // `values * size` is no more than either has.
        switch size {
        case 2: gather(from, buffer, values, 2)
        case 4: gather(from, buffer, values, 4)
        case 8: gather(from, buffer, values, 8)
        default: gather(from, buffer, values, size)
        }
        for index in values * size..<bytes.count { buffer[index] = from[index] }
      }
      initialized = bytes.count
    }
  }

  @inline(__always)
  private static func gather(
    _ from: UnsafeBufferPointer<UInt8>, _ to: UnsafeMutableBufferPointer<UInt8>, _ values: Int, _ size: Int
  ) {
    // In blocks that stay in the processor's nearest memory.
    var start = 0
    while start < values {
      let end = min(start + 2048, values)
      for byte in 0..<size {
        let plane = byte * values
        for value in start..<end { to[value * size + byte] = from[plane + value] }
      }
      start = end
    }
  }

  /// - Returns: the bytes without the checksum behind them.
  private static func verified(_ bytes: [UInt8]) throws -> [UInt8] {
    guard bytes.count >= 4 else { throw Malformed("a chunk has no checksum") }
    let data = bytes.dropLast(4)
    var stored: UInt32 = 0
    for (index, byte) in bytes.suffix(4).enumerated() { stored |= UInt32(byte) << UInt32(8 * index) }
    let sum = data.withUnsafeBytes { Checksum.fletcher32($0) }
    // Old versions on machines of this kind stored it with the bytes of its halves exchanged.
    let exchanged = (sum & 0x00FF_00FF) << 8 | (sum & 0xFF00_FF00) >> 8
    guard Checksum.isEqual(sum, stored) || exchanged == stored else {
      throw Malformed("a chunk has another checksum")
    }
    return Array(data)
  }
}
