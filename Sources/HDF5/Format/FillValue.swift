/// The fill value message, new or old: what stands where nobody has written.
struct FillValue {
  /// When nobody fills, what is not stored is not told: zeros here.
  private(set) var isWritten = true
  /// Whether there is none, not even zero.
  private(set) var isUndefined = false
  /// nil: zeros.
  private(set) var bytes: [UInt8]?

  /// What holds where an object says nothing.
  init() {}

  init(_ body: Cursor) throws {
    var body = body
    let version = try body.version(1...3)
    var hasValue: Bool
    if version == 3 {
      let flags = try body.byte()
      isWritten = flags >> 2 & 3 != 1
      isUndefined = flags & 0x10 != 0
      hasValue = flags & 0x20 != 0
    } else {
      try body.skip(1)
      isWritten = try body.byte() != 1
      hasValue = try body.byte() != 0
      // Of none at all.
      isUndefined = version == 2 && !hasValue
    }
    if hasValue {
      // In version 2 a size of all bits is that of none.
      let size = try body.four()
      if size > 0, size != Int(UInt32.max) { bytes = try body.take(size) } else { hasValue = false }
    }
  }

  init(old body: Cursor) throws {
    var body = body
    let size = try body.four()
    if size > 0 { bytes = try body.take(size) }
  }
}
