import JSON
import Results

/// A line of a run's log: `iteration`, `loss`, `learning_rate`, `seconds` of the iteration, and the loss's terms by name.
struct LogLine {
  /// Iterations done.
  let iteration: Int
  let seconds: Double
  let values: [Event.Value]

  /// What is no term of the loss.
  private static let own: Set<String> = ["iteration", "loss", "learning_rate", "seconds"]

  /// - Parameter place: file and line, for errors.
  /// - Throws: `ResultsError.damaged` for a line without one of its numbers.
  init(_ entry: JSONValue, place: String) throws {
    func number(_ key: String) throws -> Double {
      guard let value = entry[key]?.double else {
        throw ResultsError.damaged(path: place, reason: "'\(key)' is no number")
      }
      return value
    }
    guard case .object(let members) = entry else {
      throw ResultsError.damaged(path: place, reason: "it is no JSON object")
    }
    guard let iteration = Int(exactly: try number("iteration")), iteration >= 0 else {
      throw ResultsError.damaged(path: place, reason: "'iteration' is no count of iterations")
    }
    self.iteration = iteration
    seconds = try number("seconds")
    let terms = members.keys.filter { !LogLine.own.contains($0) }.sorted()
    values =
      [
        .scalar(tag: "loss/total", Float(try number("loss"))),
        .scalar(tag: "learning_rate", Float(try number("learning_rate"))),
        .scalar(tag: "seconds_per_iteration", Float(seconds)),
      ]
      + (try terms.map { .scalar(tag: "loss_terms/\($0)", Float(try number($0))) })
  }
}
