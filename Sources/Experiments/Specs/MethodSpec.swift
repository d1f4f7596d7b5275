import JSON
import Schemas

extension StrictReader {
  /// The values of a method's keys.
  ///
  /// - Parameters:
  ///   - schema: nil for a spec that was checked when it was stored; its values are then taken as they are.
  ///   - others: keys that the caller reads itself.
  /// - Throws: `RegistryError`.
  func parameters(_ schema: MethodSchema?, besides others: [String]) throws -> [String: JSONValue] {
    guard let schema else {
      return Dictionary(
        uniqueKeysWithValues: try keys().filter { !others.contains($0) }.map {
          ($0, try required($0).node.json)
        })
    }
    try allowOnly(others + schema.parameters.map(\.name))
    return Dictionary(
      uniqueKeysWithValues: try schema.parameters.map { ($0.name, try required($0.name).value($0.kind)) })
  }

  private func value(_ kind: ParameterSchema.Kind) throws -> JSONValue {
    switch kind {
    case .number(let range): return .number(try number(range))
    case .integer(let range): return .int(try int(range))
    case .flag: return .bool(try bool())
    case .choice(let words): return .string(try word(among: words))
    case .choices(let words):
      let chosen = try nonEmptyList { try $0.word(among: words) }
      if Set(chosen).count != chosen.count { throw inconsistent("a word stands twice") }
      return .array(chosen.map { .string($0) })
    }
  }

  private func word(among words: [String]) throws -> String {
    let allowed = "one of " + words.joined(separator: ", ")
    guard case .scalar(let text, _) = node else { throw wrongType(allowed) }
    guard words.contains(text) else { throw outOfRange(allowed) }
    return text
  }

  /// The schema that a `kind` names; nil when nothing is to be checked.
  func schema(among schemas: [MethodSchema]?) throws -> (kind: String, schema: MethodSchema?) {
    let reader = try required("kind")
    let kind = try reader.name()
    guard let schemas else { return (kind, nil) }
    guard let schema = schemas.first(where: { $0.kind == kind }) else {
      throw reader.outOfRange("one of " + schemas.map(\.kind).joined(separator: ", "))
    }
    return (kind, schema)
  }
}

extension ConfigNode {
  /// The value that canonical JSON of a checked spec stands for.
  var json: JSONValue {
    switch self {
    case .scalar(let text, let quoted):
      if quoted { return .string(text) }
      if let whole = Int(text) { return .int(whole) }
      if let number = Double(text) { return .number(number) }
      if text == "true" || text == "false" { return .bool(text == "true") }
      return isNull ? .null : .string(text)
    case .sequence(let items): return .array(items.map(\.json))
    case .mapping(let pairs):
      return .object(
        Dictionary(pairs.map { ($0.key, $0.node.json) }, uniquingKeysWith: { first, _ in first }))
    }
  }
}
