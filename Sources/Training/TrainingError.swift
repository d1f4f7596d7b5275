import Foundation

/// Why training cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// A term of a step's loss is not finite; the parameters are those before the step.
  case diverged(iteration: Int, term: String, value: Double)
  /// A checkpoint does not fit the model.
  case unfitState(String)

  public var description: String {
    switch self {
    case .diverged(let iteration, let term, let value):
      return "the loss is \(value) at iteration \(iteration) (\(term))"
    case .unfitState(let reason): return "the checkpoint does not fit the run: \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
