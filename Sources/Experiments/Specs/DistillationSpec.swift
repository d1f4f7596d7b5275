import JSON
import Schemas

/// Knowledge distillation from frozen teachers: a list of weighted terms beside the loss against labels.
/// `distillation/<name>.yaml`.
///
///     L = label_weights.cross_entropy * (cross entropy of the loss) + label_weights.region * (region term of the loss)
///       + sum over terms of weight * term
///
/// The weights of the first line are mu_L and nu_L of the paper (eqs. (12), (13)); what a term's weight multiplies is
/// the term's own matter, which its documentation says.
public struct DistillationSpec: Equatable, Sendable {
  public let name: String
  /// mu_L of the paper.
  public let crossEntropyLabelWeight: Double
  /// nu_L of the paper.
  public let regionLabelWeight: Double
  public let terms: [Term]

  /// One term; which keys it has is its method's matter.
  public struct Term: Equatable, Sendable {
    /// Of a method that the program knows.
    public let kind: String
    /// Optional in files, where it is the kind: tells terms of one kind apart.
    public let name: String
    public let weight: Double
    public let parameters: [String: JSONValue]

    fileprivate init(_ reader: StrictReader, _ schemas: [MethodSchema]?) throws {
      let schema: MethodSchema?
      (kind, schema) = try reader.schema(among: schemas)
      name = try reader.optional("name")?.name() ?? kind
      weight = try reader.required("weight").number(.closed(0, 1e6))
      parameters = try reader.parameters(schema, besides: ["kind", "name", "weight"])
    }

    fileprivate var json: JSONValue {
      var members = parameters
      members["kind"] = .string(kind)
      members["weight"] = .number(weight)
      if name != kind { members["name"] = .string(name) }
      return .object(members)
    }
  }

  /// - Parameters:
  ///   - name: nil when `reader` is a stored run, which has the name as a key.
  ///   - schemas: of the terms that the program knows; nil for a stored run, which was checked before.
  init(_ reader: StrictReader, name: String?, schemas: [MethodSchema]?) throws {
    self.name = try reader.name(or: name, keys: ["label_weights", "terms"])
    let weights = try reader.required("label_weights")
    try weights.allowOnly(["cross_entropy", "region"])
    crossEntropyLabelWeight = try weights.required("cross_entropy").number(.closed(0, 100))
    regionLabelWeight = try weights.required("region").number(.closed(0, 100))
    let list = try reader.required("terms")
    terms = try list.addressableList { try Term($0, schemas) }
    if terms.isEmpty { throw list.outOfRange("a list of at least 1") }
    for (index, term) in terms.enumerated() where terms[..<index].contains(where: { $0.name == term.name }) {
      throw list.inconsistent("two terms are called '\(term.name)'; give one of them a name of its own")
    }
  }

  /// Roles of the finished runs that the terms need, each once, in their order.
  func roles(_ schemas: [MethodSchema]) -> [String] {
    var roles: [String] = []
    for term in terms {
      for role in schemas.first(where: { $0.kind == term.kind })?.roles ?? [] where !roles.contains(role) {
        roles.append(role)
      }
    }
    return roles
  }

  var json: JSONValue {
    .object([
      "name": .string(name),
      "label_weights": .object([
        "cross_entropy": .number(crossEntropyLabelWeight), "region": .number(regionLabelWeight),
      ]),
      "terms": .array(terms.map(\.json)),
    ])
  }
}
