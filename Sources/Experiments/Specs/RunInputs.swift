import JSON

/// Finished runs that a run needs, by role: `teacher`, `backbone`, a first stage. Each is an ordinary run of the plan.
public struct RunInputs: Equatable, Sendable {
  public struct Input: Equatable, Sendable {
    /// For instance `teacher`.
    public let role: String
    public let run: RunID
  }

  /// Sorted by role.
  public let all: [Input]

  init(_ inputs: [(role: String, run: RunID)]) {
    all = inputs.map { Input(role: $0.role, run: $0.run) }.sorted { $0.role < $1.role }
  }

  init(_ reader: StrictReader) throws {
    self.init(
      try reader.keys().map { role in
        let value = try reader.required(role)
        guard let run = RunID(try value.string()) else { throw value.outOfRange("a run id") }
        return (role, run)
      })
  }

  public subscript(role: String) -> RunID? { all.first { $0.role == role }?.run }

  /// Each run once, in the order of roles.
  public var runs: [RunID] {
    all.enumerated().filter { index, input in !all[..<index].contains { $0.run == input.run } }.map(
      \.element.run)
  }

  var json: JSONValue {
    .object(Dictionary(uniqueKeysWithValues: all.map { ($0.role, .string($0.run.text)) }))
  }
}
