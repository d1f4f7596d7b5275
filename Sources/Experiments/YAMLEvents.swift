internal import CYaml

/// What a YAML text is refused for before a tree is made of it.
///
/// An alias stands for a whole node: ten levels of ten of them make ten thousand million nodes of a few hundred bytes. And a
/// text that goes a hundred thousand levels deep takes a stack of that depth to read.
enum YAMLEvents {
  /// Levels of lists and mappings; experiment files have six.
  static let maximumDepth = 64
  /// Bytes; the longest experiment file has a hundredth of it.
  static let maximumBytes = 1 << 22

  /// Passes texts that are no YAML: whoever makes the tree has the better words for these.
  /// - Throws: `RegistryError.syntax`.
  static func check(_ text: String, file: String) throws(RegistryError) {
    var text = text
    if let problem = text.withUTF8({ problem(in: $0) }) {
      throw RegistryError.syntax(file: file, line: problem.line, reason: problem.reason)
    }
  }

  private static func problem(in bytes: UnsafeBufferPointer<UInt8>) -> (line: Int?, reason: String)? {
    guard bytes.count <= maximumBytes else {
      return (nil, "\(bytes.count) bytes; at most \(maximumBytes) are read")
    }
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { return (nil, "no memory for a parser") }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
    var depth = 0
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(&parser, &event) == 1 else { return nil }
      defer { yaml_event_delete(&event) }
      let line = Int(event.start_mark.line) + 1
      let hasAnchor: Bool
      switch event.type {
      case YAML_ALIAS_EVENT: return (line, "aliases are not used here")
      case YAML_SCALAR_EVENT: hasAnchor = event.data.scalar.anchor != nil
      case YAML_SEQUENCE_START_EVENT:
        hasAnchor = event.data.sequence_start.anchor != nil
        depth += 1
      case YAML_MAPPING_START_EVENT:
        hasAnchor = event.data.mapping_start.anchor != nil
        depth += 1
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
        hasAnchor = false
        depth -= 1
      case YAML_STREAM_END_EVENT: return nil
      default: hasAnchor = false
      }
      if hasAnchor { return (line, "anchors are not used here") }
      if depth > maximumDepth { return (line, "more than \(maximumDepth) levels deep") }
    }
  }
}
