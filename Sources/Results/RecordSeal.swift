import Foundation
import JSON

/// A finished run's record as it is stored: with a checksum of its own, `recordChecksum`, so that seconds, seeds and
/// machines, which no count proves, are what was written too.
///
/// It is taken over every key and value and not over the layout of the text. Records of before it was kept have none.
enum RecordSeal {
  static let key = "recordChecksum"

  private struct Sealed: Encodable {
    let record: RunRecord
    let checksum: String

    private enum Keys: String, CodingKey { case recordChecksum }

    func encode(to encoder: any Encoder) throws {
      try record.encode(to: encoder)
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(checksum, forKey: .recordChecksum)
    }
  }

  /// Pretty JSON with a final newline. Throws `ResultsError.unwritableJSON` if a number is not finite.
  static func json(_ record: RunRecord, name: String) throws -> Data {
    let sum = try checksum(of: parse(try record.json(name: name), name: name))
    return try StoredJSON.encode(Sealed(record: record, checksum: sum), pretty: true, name: name)
      + Data("\n".utf8)
  }

  /// What is wrong with a stored record, in words; nil for one that is as it was written, or has no checksum.
  /// - Throws: `ResultsError.unreadableJSON`.
  static func damage(_ data: Data, name: String) throws -> String? {
    let json = try parse(data, name: name)
    guard let stored = json[key] else { return nil }
    let found = checksum(of: json)
    guard stored != .string(found) else { return nil }
    return "its values have the checksum \(found), and \(key) is \(stored.canonical): one of them was changed"
  }

  private static func parse(_ data: Data, name: String) throws -> JSONValue {
    try StoredJSON.parse(String(decoding: data, as: UTF8.self), name: name)
  }

  private static func checksum(of json: JSONValue) -> String {
    var json = json
    if case .object(var members) = json {
      members[key] = nil
      json = .object(members)
    }
    var sum = Checksum()
    sum.add(json.canonical)
    return sum.text
  }
}
