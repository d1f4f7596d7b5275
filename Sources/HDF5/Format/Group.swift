/// A group, old or new: links by name.
struct Group {
  private enum Links {
    case table(SymbolTable)
    /// In the object header, and where there are many in a heap, with a tree of the hashes of their names.
    case messages([Cursor], heap: Int?, tree: Int?)
  }

  private let links: Links
  private let visit: Visit

  /// nil for an object that is no group.
  init?(_ header: ObjectHeader, _ visit: Visit) throws {
    self.visit = visit
    if let message = try header.body(.symbolTable, visit) {
      links = .table(try SymbolTable(message, visit))
    } else if var info = try header.body(.linkInfo, visit) {
      _ = try info.version(0...0)
      if try info.byte() & 1 != 0 { try info.skip(8) }
      let (heap, tree) = (try info.address(), try info.address())
      let messages = try header.messages.filter { $0.kind == .link }.map {
        try ObjectHeader.body(of: $0, visit)
      }
      links = .messages(messages, heap: heap, tree: tree)
    } else {
      return nil
    }
  }

  func names() throws -> [[UInt8]] {
    var names: [[UInt8]] = []
    switch links {
    case .table(let table): try table.entries { name, _ in names.append(Array(name)) }
    case .messages(let messages, let heap, let tree):
      for message in messages { names.append(try Link.read(message).name) }
      try dense(heap, tree, hash: nil) { names.append(try Link.read($0).name) }
    }
    return names
  }

  /// nil if there is no link of that name.
  func link(_ name: [UInt8]) throws -> Link? {
    switch links {
    case .table(let table): return try table.link(name)
    case .messages(let messages, let heap, let tree):
      for message in messages {
        let (found, link) = try Link.read(message)
        if found == name { return link }
      }
      var result: Link?
      try dense(heap, tree, hash: Checksum.lookup3(name, count: name.count)) { message in
        let (found, link) = try Link.read(message)
        if found == name { result = link }
      }
      return result
    }
  }

  /// - Parameter hash: of the only name that is wanted.
  private func dense(_ heap: Int?, _ tree: Int?, hash: UInt32?, _ body: (Cursor) throws -> Void) throws {
    guard let heap, let tree else { return }
    let records = try BTree2(at: tree, visit)
    guard records.type == 5 else { throw Malformed("a group's tree is of type \(records.type)") }
    var objects = try FractalHeap(at: heap, visit)
    try records.records { record in
      let found = try record.number(bytes: 4)
      guard hash == nil || UInt64(hash ?? 0) == found else { return }
      try body(try objects.object(try record.take(record.left)))
    }
  }
}
