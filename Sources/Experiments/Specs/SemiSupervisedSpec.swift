import JSON
import Schemas

/// Training on labelled and unlabelled images: a method and which images keep their labels.
/// `semi_supervised/<name>.yaml`.
public struct SemiSupervisedSpec: Equatable, Sendable {
  public let name: String
  /// Of a method that the program knows.
  public let kind: String
  public let labelled: Labelled
  /// Unlabelled images a batch; the profile's batch is the labelled ones.
  public let unlabelledBatch: Int
  public let parameters: [String: JSONValue]

  /// Which training images keep their labels: a share of the split, drawn from a seed of its own.
  public struct Labelled: Equatable, Sendable {
    /// 0 < share < 1, of the training images, rounded; at least one stays on either side.
    public let share: Double
    public let seed: Int
  }

  init(_ reader: StrictReader, name: String?, schemas: [MethodSchema]?) throws {
    let own = ["kind", "labelled", "unlabelled_batch"]
    let schema: MethodSchema?
    (kind, schema) = try reader.schema(among: schemas)
    if let name {
      self.name = name
    } else {
      self.name = try reader.required("name").name()
    }
    let labelledReader = try reader.required("labelled")
    try labelledReader.allowOnly(["share", "seed"])
    let shareReader = try labelledReader.required("share")
    let share = try shareReader.number(.from(0, below: 1))
    if share == 0 { throw shareReader.outOfRange("a number, 0 < x < 1") }
    labelled = Labelled(share: share, seed: try labelledReader.required("seed").int(0...Int(Int32.max)))
    unlabelledBatch = try reader.required("unlabelled_batch").int(1...1024)
    parameters = try reader.parameters(schema, besides: own + (name == nil ? ["name"] : []))
  }

  var json: JSONValue {
    var members = parameters
    members["name"] = .string(name)
    members["kind"] = .string(kind)
    members["labelled"] = .object(["share": .number(labelled.share), "seed": .int(labelled.seed)])
    members["unlabelled_batch"] = .int(unlabelledBatch)
    return .object(members)
  }
}
