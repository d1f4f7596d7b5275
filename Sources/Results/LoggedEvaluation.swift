import JSON

/// A line of log.jsonl for an evaluation on the way: `iteration`, `evaluation`, an object of metrics by name,
/// and `network` where it is not the run's own. Counts are kept of the best point alone; this is what remains
/// of the others.
public struct LoggedEvaluation: Equatable, Sendable {
  /// Iterations done.
  public let iteration: Int
  /// nil: the run's own.
  public let network: String?
  /// By the names that tables know them by; those of single classes are left out.
  public let metrics: [String: Double]

  private enum Key {
    static let evaluation = "evaluation"
    static let network = "network"
  }

  /// - Parameter network: nil: the run's own.
  public init(_ point: EvaluationPoint, of network: String?) {
    iteration = point.iteration
    self.network = network
    metrics = point.evaluation.values.filter { $0.value.isFinite && !$0.key.contains(".") }
  }

  /// - Returns: nil for a line of another kind, such as that of a step, or one whose numbers are none.
  public init?(_ line: JSONValue) {
    guard case .object(let members)? = line[Key.evaluation],
      let iteration = line["iteration"]?.double.flatMap({ Int(exactly: $0) }), iteration >= 0
    else { return nil }
    self.iteration = iteration
    if case .string(let name)? = line[Key.network] { network = name } else { network = nil }
    var metrics: [String: Double] = [:]
    for (name, value) in members {
      guard let number = value.double else { return nil }
      metrics[name] = number
    }
    self.metrics = metrics
  }

  /// Whether a line speaks of an evaluation, as its writer says.
  public static func isOne(_ line: JSONValue) -> Bool { line[Key.evaluation] != nil }

  var members: [String: JSONValue] {
    var members: [String: JSONValue] = [Key.evaluation: .object(metrics.mapValues { .number($0) })]
    if let network { members[Key.network] = .string(network) }
    return members
  }
}
