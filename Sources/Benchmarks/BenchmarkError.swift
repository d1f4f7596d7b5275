import Foundation

/// What keeps a benchmark from a number.
public enum BenchmarkError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// A process that was to take a training step ended before.
  case noFirstStep(command: String, reason: String)

  public var description: String {
    switch self {
    case .noFirstStep(let command, let reason): "no first step: '\(command)' ended before: \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
