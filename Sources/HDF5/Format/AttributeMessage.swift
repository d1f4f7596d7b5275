/// The attribute message: a name, a type, a shape and the values.
struct AttributeMessage {
  let name: [UInt8]
  private let body: Cursor
  private let version: Int
  private let sharing: Int
  private let typeSize: Int
  private let spaceSize: Int

  /// Reads the name alone.
  init(_ body: Cursor) throws {
    var body = body
    version = try body.version(1...3)
    let flags = try body.byte()
    sharing = version == 1 ? 0 : flags
    let nameSize = try body.two()
    typeSize = try body.two()
    spaceSize = try body.two()
    if version == 3 { try body.skip(1) }
    let padded = AttributeMessage.padded(nameSize, version)
    var field = try body.part(padded, "an attribute's name")
    name = try field.name(min(nameSize, padded))
    self.body = body
  }

  /// Fields of version 1 begin at multiples of 8 bytes.
  private static func padded(_ size: Int, _ version: Int) -> Int { version == 1 ? (size + 7) / 8 * 8 : size }

  /// What the attribute holds; `values` begins at its first byte.
  func content(_ visit: Visit) throws -> (type: Datatype, space: Dataspace, values: Cursor) {
    var body = body
    var type = try body.part(AttributeMessage.padded(typeSize, version), "an attribute's type")
    if sharing & 1 != 0 { type = try ObjectHeader.shared(type, .datatype, visit) }
    var space = try body.part(AttributeMessage.padded(spaceSize, version), "an attribute's shape")
    if sharing & 2 != 0 { space = try ObjectHeader.shared(space, .dataspace, visit) }
    return (try Datatype(type), try Dataspace(space), body)
  }
}
