/// What a name in a group leads to.
enum Link {
  /// The address of an object header.
  case hard(Int)
  /// The path of another name.
  case soft([UInt8])
  case external
  case other

  /// Reads a link message.
  static func read(_ body: Cursor) throws -> (name: [UInt8], link: Link) {
    var body = body
    _ = try body.version(1...1)
    let flags = try body.byte()
    let kind = flags & 8 != 0 ? try body.byte() : 0
    if flags & 4 != 0 { try body.skip(8) }
    if flags & 16 != 0 { try body.skip(1) }
    let size = try body.count(bytes: 1 << (flags & 3))
    let name = try body.take(size)
    switch kind {
    case 0: return (name, .hard(try body.defined("a link's object")))
    case 1:
      let size = try body.two()
      return (name, .soft(try body.name(size)))
    case 64: return (name, .external)
    default: return (name, .other)
    }
  }
}
