/// The attributes of an object: in its header, and where there are many or large ones in a heap.
struct Attributes {
  private let messages: [ObjectHeader.Message]
  private let heap: Int?
  private let tree: Int?
  private let visit: Visit

  init(_ header: ObjectHeader, _ visit: Visit) throws {
    self.visit = visit
    messages = header.messages.filter { $0.kind == .attribute }
    guard var info = try header.body(.attributeInfo, visit) else {
      (heap, tree) = (nil, nil)
      return
    }
    _ = try info.version(0...0)
    if try info.byte() & 1 != 0 { try info.skip(2) }
    (heap, tree) = (try info.address(), try info.address())
  }

  func names() throws -> [[UInt8]] {
    var names: [[UInt8]] = []
    try all(hash: nil) { names.append($0.name) }
    return names
  }

  /// nil if there is none of that name.
  func attribute(_ name: [UInt8]) throws -> AttributeMessage? {
    var found: AttributeMessage?
    try all(hash: Checksum.lookup3(name, count: name.count)) { attribute in
      if attribute.name == name { found = attribute }
    }
    return found
  }

  /// - Parameter hash: of the only name that is wanted from a heap.
  private func all(hash: UInt32?, _ body: (AttributeMessage) throws -> Void) throws {
    for message in messages { try body(try AttributeMessage(try ObjectHeader.body(of: message, visit))) }
    guard let heap, let tree else { return }
    let records = try BTree2(at: tree, visit)
    guard records.type == 8 else { throw Malformed("a tree of attributes is of type \(records.type)") }
    var objects = try FractalHeap(at: heap, visit)
    try records.records { record in
      let id = try record.take(8)
      let flags = try record.byte()
      try record.skip(4)
      let found = try record.number(bytes: 4)
      guard hash == nil || UInt64(hash ?? 0) == found else { return }
      guard flags & 2 == 0 else {
        throw Malformed("it has an attribute in the table of shared messages, which is not read")
      }
      try body(try AttributeMessage(try objects.object(id)))
    }
  }
}
