import JSON

/// The values of a method's keys, checked against its schema. Asking for a key that the schema does not have, or for
/// another type, is a programmer's mistake.
public struct Parameters: Sendable, Equatable {
  private let kind: String
  private let values: [String: JSONValue]

  public init(kind: String, values: [String: JSONValue]) {
    self.kind = kind
    self.values = values
  }

  public func number(_ name: String) -> Double {
    guard let value = values[name]?.double else { preconditionFailure(complaint(name, "number")) }
    return value
  }

  public func integer(_ name: String) -> Int {
    guard case .int(let value) = values[name] else { preconditionFailure(complaint(name, "integer")) }
    return value
  }

  public func flag(_ name: String) -> Bool {
    guard case .bool(let value) = values[name] else { preconditionFailure(complaint(name, "flag")) }
    return value
  }

  public func word(_ name: String) -> String {
    guard case .string(let value) = values[name] else { preconditionFailure(complaint(name, "word")) }
    return value
  }

  public func words(_ name: String) -> [String] {
    guard case .array(let items) = values[name] else { preconditionFailure(complaint(name, "list of words")) }
    return items.map {
      guard case .string(let word) = $0 else { preconditionFailure(complaint(name, "list of words")) }
      return word
    }
  }

  private func complaint(_ name: String, _ type: String) -> String {
    "Parameters of \(kind): no \(type) '\(name)'; the schema must declare it"
  }
}
