import Foundation

/// Any JSON value. A number without fraction equals the integer it stands for, since JSON does not tell 1
/// from 1.0.
public enum JSONValue: Sendable, Equatable, Codable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// Parses JSON text. Throws `ResultsError.unreadableJSON`; `name` is for its message.
  public init(parsing text: String, name: String = "JSON text") throws {
    do {
      self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    } catch {
      throw ResultsError.unreadableJSON(path: name, reason: JSONValue.reason(error))
    }
  }

  /// One line, sorted keys. Throws `ResultsError.unwritableJSON` for NaN and infinities; `name` is for its
  /// message.
  public func text(name: String = "JSON value") throws -> String {
    String(decoding: try JSONValue.encode(self, pretty: false, name: name), as: UTF8.self)
  }

  /// The value of an object's key.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }

  /// The value of a number, whole or not.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .bool, .string, .array, .object: nil
    }
  }

  public static func == (left: JSONValue, right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.integer(let a), .number(let b)), (.number(let b), .integer(let a)): Int64(exactly: b) == a
    case (.string(let a), .string(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }

  /// The bytes that everything here is written with: equal values give equal bytes.
  static func encode(_ value: some Encodable, pretty: Bool, name: String) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting =
      pretty
      ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      : [
        .sortedKeys, .withoutEscapingSlashes,
      ]
    do {
      return try encoder.encode(value)
    } catch {
      throw ResultsError.unwritableJSON(path: name, reason: reason(error))
    }
  }

  static func reason(_ error: any Error) -> String {
    func place(_ context: [any CodingKey]) -> String {
      context.isEmpty ? "top level" : context.map(\.stringValue).joined(separator: ".")
    }
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      return "no '\(key.stringValue)' at \(place(context.codingPath))"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      return "\(place(context.codingPath)): \(context.debugDescription)"
    case EncodingError.invalidValue(let value, let context):
      return "\(place(context.codingPath)): \(value)"
    default: return "\(error)"
    }
  }
}
