/// An object header, of version 1 or 2: the messages that make a group, a dataset or a named type.
struct ObjectHeader {
  /// What a message is about: its type's number.
  enum Kind: Int {
    case dataspace = 1
    case linkInfo = 2
    case datatype = 3
    case oldFillValue = 4
    case fillValue = 5
    case link = 6
    case externalFiles = 7
    case layout = 8
    case filters = 11
    case attribute = 12
    case continuation = 16
    case symbolTable = 17
    case attributeInfo = 21
  }

  struct Message {
    let kind: Kind
    /// Whether the body only says where it lies.
    let isShared: Bool
    let body: Cursor
  }

  let address: Int
  private(set) var messages: [Message] = []

  init(at address: Int, _ visit: Visit) throws {
    self.address = address
    // As much as says how long the rest is: of version 2 with all times, phases and a size of 8 bytes.
    let start = try visit.bytes(at: address, count: min(34, visit.room(at: address)), "an object header")
    if start.starts(with: "OHDR".utf8) {
      try readVersion2(start, visit)
    } else {
      try readVersion1(start, visit)
    }
  }

  func first(_ kind: Kind) -> Message? { messages.first { $0.kind == kind } }

  func has(_ kind: Kind) -> Bool { first(kind) != nil }

  /// A message's body, wherever it lies.
  static func body(of message: Message, _ visit: Visit) throws -> Cursor {
    guard message.isShared else { return message.body }
    return try shared(message.body, message.kind, visit)
  }

  func body(_ kind: Kind, _ visit: Visit) throws -> Cursor? {
    try first(kind).map { try ObjectHeader.body(of: $0, visit) }
  }

  /// The body that a shared message points to: that of a named type, as it is the only kind that objects share by themselves.
  static func shared(_ pointer: Cursor, _ kind: Kind, _ visit: Visit) throws -> Cursor {
    var pointer = pointer
    let version = try pointer.version(1...3)
    let place = try pointer.byte()
    guard version == 1 || place != 1 else {
      throw Malformed("it lies in the table of shared messages, which is not read")
    }
    if version == 1 { try pointer.skip(6 + pointer.lengthSize) }
    let other = try ObjectHeader(at: pointer.defined("a shared message"), visit)
    guard let message = other.first(kind), !message.isShared else {
      throw Malformed("it shares a message that is not there")
    }
    return message.body
  }

  // MARK: - Version 1

  private mutating func readVersion1(_ start: [UInt8], _ visit: Visit) throws {
    var prefix = visit.cursor(start, "an object header")
    guard try prefix.byte() == 1 else { throw Malformed("there is no object header at \(address)") }
    // Reserved, the number of messages, references to the object.
    try prefix.skip(1 + 2 + 4)
    let size = try prefix.four()
    var blocks = [(address: try Checked.sum(address, 16, "an object header"), size: size)]
    var seen: Set<Int> = []
    while let block = blocks.popLast() {
      guard seen.insert(block.address).inserted else {
        throw Malformed("an object header continues in itself")
      }
      var cursor = try visit.cursor(at: block.address, count: block.size, "an object header")
      while cursor.left >= 8 {
        let (type, size, flags) = (try cursor.two(), try cursor.two(), try cursor.byte())
        try cursor.skip(3)
        if let next = try add(type, flags, try cursor.part(size, "a message of an object header")) {
          blocks.append(next)
        }
      }
    }
  }

  // MARK: - Version 2

  private mutating func readVersion2(_ start: [UInt8], _ visit: Visit) throws {
    var prefix = visit.cursor(start, "an object header")
    try prefix.skip(4)
    _ = try prefix.version(2...2)
    let flags = try prefix.byte()
    if flags & 0x20 != 0 { try prefix.skip(16) }
    if flags & 0x10 != 0 { try prefix.skip(4) }
    let size = try prefix.count(bytes: 1 << (flags & 3))
    let header = prefix.position
    let whole = try Checked.sum(size, header + 4, "an object header")
    let first = try visit.cursor(at: address, count: whole, "an object header")
    try first.verifyChecksum()
    var blocks = [(cursor: first, skip: header)]
    var seen: Set<Int> = []
    while let block = blocks.popLast() {
      var cursor = block.cursor
      try cursor.skip(block.skip)
      var messages = try cursor.part(cursor.left - 4, "an object header")
      let prefixSize = flags & 4 == 0 ? 4 : 6
      // What is too short for a message is a gap.
      while messages.left >= prefixSize {
        let (type, size, messageFlags) = (try messages.byte(), try messages.two(), try messages.byte())
        if flags & 4 != 0 { try messages.skip(2) }
        let body = try messages.part(size, "a message of an object header")
        guard let next = try add(type, messageFlags, body) else { continue }
        guard seen.insert(next.address).inserted else {
          throw Malformed("an object header continues in itself")
        }
        var block = try visit.cursor(at: next.address, count: next.size, "a continued object header")
        try block.verifyChecksum()
        try block.signature("OCHK")
        blocks.append((block, 0))
      }
    }
  }

  /// Keeps a message that is known.
  /// - Returns: where the header goes on, for a message that says so.
  private mutating func add(_ type: Int, _ flags: Int, _ body: Cursor) throws -> (address: Int, size: Int)? {
    guard let kind = Kind(rawValue: type) else {
      // Those that the format has, and nobody needs; the last is the file space information.
      guard type <= 24 || flags & 0x80 == 0 else {
        throw Malformed("it has a message of type \(type), which must not be passed over")
      }
      return nil
    }
    if kind == .continuation {
      var body = body
      return (try body.defined("the rest of an object header"), try body.length())
    }
    messages.append(Message(kind: kind, isShared: flags & 2 != 0, body: body))
    return nil
  }
}
