import Foundation

/// Why weights do not fit a model.
public enum ModelError: Error, Equatable, CustomStringConvertible, LocalizedError {
  case missingWeights([String])
  case unexpectedWeights([String])
  case mismatchedShape(name: String, found: String, expected: String)

  public var description: String {
    switch self {
    case .missingWeights(let names): return "weights lack \(ModelError.list(names))"
    case .unexpectedWeights(let names):
      return "weights hold \(ModelError.list(names)), which the model does not have"
    case .mismatchedShape(let name, let found, let expected):
      return "weight \(name) has shape \(found), the model needs \(expected)"
    }
  }

  public var errorDescription: String? { description }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
  }
}
