import Foundation

/// Why training cannot go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// The loss of a step is not finite; the parameters are those before the step.
  case diverged(iteration: Int, loss: Double)
  /// A checkpoint does not fit the model.
  case unfitState(String)

  public var description: String {
    switch self {
    case .diverged(let iteration, let loss): return "the loss is \(loss) at iteration \(iteration)"
    case .unfitState(let reason): return "the checkpoint does not fit the run: \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
