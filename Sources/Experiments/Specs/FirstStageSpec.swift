import JSON
import Schemas

/// What a run learns from a frozen teacher before students do. `first_stages/<name>.yaml`.
public struct FirstStageSpec: Equatable, Sendable {
  public let name: String
  /// Of a first stage that the program knows.
  public let kind: String
  public let parameters: [String: JSONValue]

  /// - Parameters:
  ///   - name: nil when `reader` is a stored run, which has the name as a key.
  ///   - schemas: nil for a stored run, which was checked before.
  init(_ reader: StrictReader, name: String?, schemas: [MethodSchema]?) throws {
    let schema: MethodSchema?
    (kind, schema) = try reader.schema(among: schemas)
    self.name = try name ?? reader.required("name").name()
    parameters = try reader.parameters(schema, besides: ["kind"] + (name == nil ? ["name"] : []))
  }

  var json: JSONValue {
    var members = parameters
    members["name"] = .string(name)
    members["kind"] = .string(kind)
    return .object(members)
  }
}
