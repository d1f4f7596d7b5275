internal import CYaml

/// Makes a tree of a YAML text in one pass over the parser's events.
///
/// Refused as soon as it is met: an alias, which stands for a whole node, so that ten levels of ten of them make ten thousand
/// million nodes of a few hundred bytes; and a hundred thousand levels, which take a stack of that depth.
struct YAMLTree: ~Copyable {
  /// Levels of lists and mappings; experiment files have six.
  static let maximumDepth = 64
  /// Bytes; the longest experiment file has a hundredth of it.
  static let maximumBytes = 1 << 22

  private enum Event {
    case scalar(text: String, quoted: Bool)
    case sequence
    case mapping
    /// Of a sequence or a mapping.
    case end
    case document
    case endOfText

    var isEnd: Bool {
      if case .end = self { true } else { false }
    }
  }

  /// On the heap: it has its own address in it.
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let file: String

  /// - Parameter file: the name used in errors.
  /// - Throws: `RegistryError.syntax`, `.duplicateKey`.
  static func node(of text: String, file: String) throws(RegistryError) -> ConfigNode {
    var text = text
    let result = text.withUTF8 { (bytes) -> Result<ConfigNode, RegistryError> in
      Result { () throws(RegistryError) in try YAMLTree(bytes, file: file).document() }
    }
    return try result.get()
  }

  private init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) throws(RegistryError) {
    guard bytes.count <= YAMLTree.maximumBytes else {
      throw .syntax(
        file: file, line: nil, reason: "\(bytes.count) bytes; at most \(YAMLTree.maximumBytes) are read")
    }
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw .syntax(file: file, line: nil, reason: "no memory for a parser")
    }
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    (self.parser, self.file) = (parser, file)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// The only document of the text.
  private func document() throws(RegistryError) -> ConfigNode {
    guard case .document = try next().event else {
      throw .syntax(file: file, line: nil, reason: "the document is empty")
    }
    let root = try node(try next(), depth: 1)
    let (event, line) = try next()
    guard case .endOfText = event else {
      throw .syntax(file: file, line: line, reason: "but found another document")
    }
    return root
  }

  /// The node that begins with an event.
  private func node(_ first: (event: Event, line: Int), depth: Int) throws(RegistryError) -> ConfigNode {
    if case .scalar(let text, let quoted) = first.event { return .scalar(text: text, quoted: quoted) }
    guard depth <= YAMLTree.maximumDepth else {
      throw .syntax(
        file: file, line: first.line, reason: "more than \(YAMLTree.maximumDepth) levels deep")
    }
    if case .mapping = first.event { return try mapping(depth: depth) }
    var items: [ConfigNode] = []
    var item = try next()
    while !item.event.isEnd {
      items.append(try node(item, depth: depth + 1))
      item = try next()
    }
    return .sequence(items)
  }

  private func mapping(depth: Int) throws(RegistryError) -> ConfigNode {
    var pairs: [ConfigNode.Pair] = []
    var lines: [String: Int] = [:]
    var duplicates: [String: Int] = [:]
    var key = try next()
    while !key.event.isEnd {
      guard case .scalar(let text, _) = key.event else {
        throw .syntax(file: file, line: key.line, reason: "a key must be a plain word")
      }
      if let line = lines[text] { duplicates[text] = line } else { lines[text] = key.line }
      pairs.append(ConfigNode.Pair(key: text, node: try node(try next(), depth: depth + 1)))
      key = try next()
    }
    if let first = duplicates.min(by: { $0.key < $1.key }) {
      throw .duplicateKey(file: file, line: first.value, key: first.key)
    }
    return .mapping(pairs)
  }

  /// The next event that says something, and its line.
  private func next() throws(RegistryError) -> (event: Event, line: Int) {
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
      defer { yaml_event_delete(&event) }
      let line = Int(event.start_mark.line) + 1
      switch event.type {
      case YAML_ALIAS_EVENT: throw .syntax(file: file, line: line, reason: "aliases are not used here")
      case YAML_SCALAR_EVENT:
        let scalar = event.data.scalar
        try refuse(scalar.anchor, line)
        let text = String(
          decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE || scalar.style == YAML_ANY_SCALAR_STYLE
        return (.scalar(text: text, quoted: !isPlain), line)
      case YAML_SEQUENCE_START_EVENT:
        try refuse(event.data.sequence_start.anchor, line)
        return (.sequence, line)
      case YAML_MAPPING_START_EVENT:
        try refuse(event.data.mapping_start.anchor, line)
        return (.mapping, line)
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return (.end, line)
      case YAML_DOCUMENT_START_EVENT: return (.document, line)
      case YAML_STREAM_END_EVENT: return (.endOfText, line)
      default: continue
      }
    }
  }

  private func refuse(_ anchor: UnsafeMutablePointer<yaml_char_t>?, _ line: Int) throws(RegistryError) {
    guard anchor == nil else {
      throw .syntax(file: file, line: line, reason: "anchors are not used here")
    }
  }

  /// Why the parser went no further.
  private func problem() -> RegistryError {
    let reason = parser.pointee.problem.map { String(cString: $0) } ?? "no memory"
    let hasLine = parser.pointee.error == YAML_SCANNER_ERROR || parser.pointee.error == YAML_PARSER_ERROR
    return .syntax(
      file: file, line: hasLine ? Int(parser.pointee.problem_mark.line) + 1 : nil, reason: reason)
  }
}
