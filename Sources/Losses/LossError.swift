import Foundation

/// What the data can do wrong to a loss.
public enum LossError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// A pixel's label is neither a class nor the ignore index.
  case labelOutsideClasses(value: Int, classes: Int, ignoreIndex: Int)
  /// A loss that is defined on hard labels alone was given soft ones.
  case needsHardLabels(loss: String, pixel: Int)

  public var description: String {
    switch self {
    case .labelOutsideClasses(let value, let classes, let ignoreIndex):
      return "label \(value) is neither a class (0...\(classes - 1)) nor the ignore index (\(ignoreIndex))"
    case .needsHardLabels(let loss, let pixel):
      return "\(loss) is defined on hard labels, and pixel \(pixel) has a soft one"
    }
  }

  public var errorDescription: String? { description }
}
