/// A JSON document. Written with sorted keys and one number format, so equal values are equal bytes. A number without
/// fraction equals the integer it stands for, since JSON does not tell 1 from 1.0.
public indirect enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case int(Int)
  /// Finite; a number that is not finite has no JSON.
  case number(Double)
  case string(String)
  case array([JSONValue])
  /// Keys are unique; their order does not matter.
  case object([String: JSONValue])

  /// RFC 8785 (JSON Canonicalization Scheme): no white space, keys in UTF-16 order, ECMAScript numbers.
  public var canonical: String {
    var text = ""
    write(to: &text, indent: nil)
    return text
  }

  /// The same with two-space indentation and a final newline, for files that people read and diff.
  public var pretty: String {
    var text = ""
    write(to: &text, indent: 0)
    return text + "\n"
  }

  private func write(to text: inout String, indent: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .number(let value): text += CanonicalNumber.text(value)
    case .string(let value): text += JSONValue.quoted(value)
    case .array(let items):
      JSONValue.writeList(items.map { (nil, $0) }, "[", "]", to: &text, indent: indent)
    case .object(let members):
      JSONValue.writeList(
        JSONValue.sorted(members).map { ($0.key, $0.value) }, "{", "}", to: &text, indent: indent)
    }
  }

  /// An object's members in the order in which they are written.
  public static func sorted(_ members: [String: JSONValue]) -> [(key: String, value: JSONValue)] {
    members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
  }

  private static func writeList(
    _ items: [(key: String?, value: JSONValue)], _ open: String, _ close: String, to text: inout String,
    indent: Int?
  ) {
    text += open
    let inner = indent.map { $0 + 1 }
    for (index, item) in items.enumerated() {
      if index > 0 { text += "," }
      if let inner { text += "\n" + String(repeating: "  ", count: inner) }
      if let key = item.key { text += quoted(key) + (indent == nil ? ":" : ": ") }
      item.value.write(to: &text, indent: inner)
    }
    if let indent, !items.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
    text += close
  }

  /// A string in quotes, escaped as RFC 8785 says.
  public static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{8}": text += "\\b"
      case "\t": text += "\\t"
      case "\n": text += "\\n"
      case "\u{C}": text += "\\f"
      case "\r": text += "\\r"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
