import JSON
import Schemas

/// How a run learns from labelled and unlabelled images, whichever these are (`LabelledSpec`).
/// `semi_supervised/<name>.yaml`.
public struct SemiSupervisedSpec: Equatable, Sendable {
  public let name: String
  /// Of a method that the program knows.
  public let kind: String
  /// Images a batch of each unlabelled stream; the profile's batch is the labelled ones. nil: the method has no such stream.
  public let unlabelledBatch: Int?
  public let parameters: [String: JSONValue]

  private static let batchKey = "unlabelled_batch"
  /// Beside the method in a stored run: its `LabelledSpec`.
  static let labelledKey = "labelled"

  /// - Parameters:
  ///   - name: nil when `reader` is a stored run, which has the name as a key, and `labelledKey`, which the caller reads.
  ///   - schemas: nil for a stored run, which was checked before.
  init(_ reader: StrictReader, name: String?, schemas: [MethodSchema]?) throws {
    let schema: MethodSchema?
    (kind, schema) = try reader.schema(among: schemas)
    self.name = try name ?? reader.required("name").name()
    let batch = reader.optional(SemiSupervisedSpec.batchKey)
    if let schema, schema.hasUnlabelled, batch == nil {
      throw RegistryError.missingKey(file: reader.file, path: reader.child(SemiSupervisedSpec.batchKey))
    }
    if let schema, !schema.hasUnlabelled, let batch {
      throw batch.inconsistent("method '\(kind)' sees labelled images alone")
    }
    unlabelledBatch = try batch?.int(1...1024)
    let stored = name == nil ? ["name", SemiSupervisedSpec.labelledKey] : []
    parameters = try reader.parameters(schema, besides: ["kind", SemiSupervisedSpec.batchKey] + stored)
  }

  /// - Parameter labelled: the run's.
  func json(labelled: LabelledSpec) -> JSONValue {
    var members = parameters
    members["name"] = .string(name)
    members["kind"] = .string(kind)
    members[SemiSupervisedSpec.labelledKey] = labelled.json
    if let unlabelledBatch { members[SemiSupervisedSpec.batchKey] = .int(unlabelledBatch) }
    return .object(members)
  }
}
