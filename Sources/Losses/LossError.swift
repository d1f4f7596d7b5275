import Foundation

/// What the data can do wrong to a loss.
public enum LossError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// A pixel's label is neither a class nor the ignore index.
  case labelOutsideClasses(value: Int, classes: Int, ignoreIndex: Int)

  public var description: String {
    switch self {
    case .labelOutsideClasses(let value, let classes, let ignoreIndex):
      return "label \(value) is neither a class (0...\(classes - 1)) nor the ignore index (\(ignoreIndex))"
    }
  }

  public var errorDescription: String? { description }
}
