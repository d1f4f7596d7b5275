import Foundation
import JSON

/// JSON in files of the store: what `JSON` reports, with the file's name.
enum StoredJSON {
  /// - Throws: `ResultsError.unreadableJSON`.
  static func parse(_ text: String, name: String) throws -> JSONValue {
    do {
      return try JSONValue(parsing: text)
    } catch {
      throw ResultsError.unreadableJSON(path: name, reason: JSONError(error).reason)
    }
  }

  /// - Throws: `ResultsError.unreadableJSON`.
  static func decode<Value: Decodable>(_: Value.Type, from data: Data, name: String) throws -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: data)
    } catch {
      throw ResultsError.unreadableJSON(path: name, reason: JSONError(error).reason)
    }
  }

  /// - Throws: `ResultsError.unwritableJSON`.
  static func encode(_ value: some Encodable, pretty: Bool = false, name: String) throws -> Data {
    do {
      return try JSONValue.encode(value, pretty: pretty)
    } catch {
      throw ResultsError.unwritableJSON(path: name, reason: JSONError(error).reason)
    }
  }

  /// Sums and roundings of what files hold are those of sensible numbers: three hundred years.
  static let longestSeconds = 1e10

  /// - Throws: `ResultsError.damaged`, with the first of these numbers that no run has.
  static func check(
    _ counts: [(name: String, value: Int)], seconds: (name: String, value: Double), name: String
  )
    throws
  {
    if let (key, value) = counts.first(where: { $0.value < 0 }) {
      throw ResultsError.damaged(path: name, reason: "\(key) is \(value); allowed: 0 or more")
    }
    guard (0...longestSeconds).contains(seconds.value) else {
      throw ResultsError.damaged(
        path: name, reason: "\(seconds.name) is \(seconds.value); allowed: 0 to \(longestSeconds)")
    }
  }

  /// One line, sorted keys.
  /// - Throws: `ResultsError.unwritableJSON` for NaN and infinities.
  static func text(_ value: JSONValue, name: String) throws -> String {
    String(decoding: try encode(value, name: name), as: UTF8.self)
  }
}
