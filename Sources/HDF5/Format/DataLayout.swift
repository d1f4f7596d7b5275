/// The data layout message: where a dataset's values lie.
enum DataLayout {
  case compact([UInt8])
  /// `bytes` is nil where the message does not say it.
  case contiguous(address: Int?, bytes: Int?)
  case chunked(Chunks)
  case virtual

  struct Chunks {
    /// Extents of a chunk; the last is not an axis, but the bytes of a value.
    let extents: [Int]
    let index: Index
    /// Of the index, or of the chunk if there is one only.
    let address: Int?
    /// Whether a chunk that the shape cuts is stored without filters.
    var areEdgesUnfiltered = false
  }

  enum Index {
    case tree1
    case single(bytes: Int?, mask: UInt32)
    case implicit
    case fixedArray
    case extensibleArray
    case tree2
  }

  init(_ body: Cursor) throws {
    var body = body
    let version = try body.version(1...5)
    self = try version < 3 ? DataLayout.old(&body) : DataLayout.new(&body, version)
  }

  private static func old(_ body: inout Cursor) throws -> DataLayout {
    let (rank, kind) = (try body.byte(), try body.byte())
    try body.skip(5)
    switch kind {
    case 0:
      try body.skip(4 * rank)
      let size = try body.four()
      return .compact(try body.take(size))
    case 1: return .contiguous(address: try body.address(), bytes: nil)
    case 2: return .chunked(try tree1(&body, rank))
    default: throw Malformed("it has a layout of class \(kind)")
    }
  }

  private static func new(_ body: inout Cursor, _ version: Int) throws -> DataLayout {
    let kind = try body.byte()
    switch kind {
    case 0:
      let size = try body.two()
      return .compact(try body.take(size))
    case 1: return .contiguous(address: try body.address(), bytes: try body.length())
    case 2 where version == 3:
      let rank = try body.byte()
      return .chunked(try tree1(&body, rank))
    case 2: return .chunked(try indexed(&body))
    case 3: return .virtual
    default: throw Malformed("it has a layout of class \(kind)")
    }
  }

  private static func tree1(_ body: inout Cursor, _ rank: Int) throws -> Chunks {
    let address = try body.address()
    return Chunks(extents: try extents(&body, rank, bytes: 4), index: .tree1, address: address)
  }

  private static func indexed(_ body: inout Cursor) throws -> Chunks {
    let (flags, rank, size) = (try body.byte(), try body.byte(), try body.byte())
    let extents = try extents(&body, rank, bytes: size)
    let kind = try body.byte()
    let index: Index
    switch kind {
    case 1:
      let isFiltered = flags & 2 != 0
      index = .single(
        bytes: isFiltered ? try body.length() : nil, mask: isFiltered ? UInt32(try body.four()) : 0)
    case 2: index = .implicit
    case 3:
      try body.skip(1)
      index = .fixedArray
    case 4:
      try body.skip(5)
      index = .extensibleArray
    case 5:
      try body.skip(6)
      index = .tree2
    default: throw Malformed("it has an index of chunks of type \(kind)")
    }
    return Chunks(
      extents: extents, index: index, address: try body.address(), areEdgesUnfiltered: flags & 1 != 0)
  }

  private static func extents(_ body: inout Cursor, _ rank: Int, bytes: Int) throws -> [Int] {
    guard (2...33).contains(rank) else { throw Malformed("it has chunks of \(rank - 1) axes") }
    return try (0..<rank).map { _ in
      let extent = try body.count(bytes: bytes)
      guard extent > 0 else { throw Malformed("it has chunks of no values") }
      return extent
    }
  }
}
