/// The dataspace message: how many values there are along each axis.
struct Dataspace {
  /// What a dataspace of no values at all (null) has for a shape is [0], as everywhere in this package.
  let extents: [UInt64]
  /// nil along an axis that may grow without end.
  let limits: [UInt64?]
  let isNull: Bool

  /// More axes the format does not have.
  private static let maximumRank = 32

  init(_ body: Cursor) throws {
    var body = body
    let version = try body.version(1...2)
    let rank = try body.byte()
    guard rank <= Dataspace.maximumRank else { throw Malformed("it has \(rank) axes") }
    let flags = try body.byte()
    let type = try body.byte()
    if version == 1 { try body.skip(4) }
    isNull = version == 2 && type == 2
    guard version == 1 || type <= 2 else { throw Malformed("it has a dataspace of type \(type)") }
    let size = body.lengthSize
    var extents: [UInt64] = []
    for _ in 0..<rank { extents.append(try body.number(bytes: size)) }
    var limits: [UInt64?] = extents
    if flags & 1 != 0 {
      for axis in 0..<rank {
        let limit = try body.number(bytes: size)
        limits[axis] = limit == UInt64.max >> UInt64(64 - 8 * size) ? nil : limit
      }
    }
    self.extents = extents
    self.limits = limits
  }

  /// - Throws: `Malformed` for more than a number here can be.
  func shape() throws -> [Int] {
    if isNull { return [0] }
    return try extents.map { extent in
      guard let extent = Int(exactly: extent) else { throw Malformed("an extent of \(extent)") }
      return extent
    }
  }
}
