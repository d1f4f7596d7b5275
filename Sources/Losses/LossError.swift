import Foundation

/// What the data can do wrong to a loss.
public enum LossError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// A pixel's label is neither a class nor the ignore index.
  case labelOutsideClasses(value: Int, classes: Int, ignoreIndex: Int)
  /// A loss that is defined on hard labels alone was given soft ones.
  case needsHardLabels(loss: String, pixel: Int)
  /// A loss that is no function of sums over images, and so cannot be shared by ranks.
  case needsWholeBatch(loss: String)
  /// Labels that another rank has are what that one says they are.
  case onOtherRank(Int)

  public var description: String {
    switch self {
    case .labelOutsideClasses(let value, let classes, let ignoreIndex):
      return "label \(value) is neither a class (0...\(classes - 1)) nor the ignore index (\(ignoreIndex))"
    case .needsHardLabels(let loss, let pixel):
      return "\(loss) is defined on hard labels, and pixel \(pixel) has a soft one"
    case .needsWholeBatch(let loss): return "\(loss) needs the whole batch in one process"
    case .onOtherRank(let rank): return "rank \(rank) has a label that is no class"
    }
  }

  public var errorDescription: String? { description }
}
