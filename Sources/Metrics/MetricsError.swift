import Foundation

public enum MetricsError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// Labelled pixels whose scores are NaN or infinite, or whose probabilities are outside 0...1.
  case notFinite(pixels: Int)
  case notAClass(value: Int, classes: Int, what: String)
  /// Pixels whose label is neither a class nor the ignore value.
  case badLabels(pixels: Int, classes: Int)

  public var description: String {
    switch self {
    case .notFinite(let pixels): "the scores of \(pixels) labelled pixels are not finite or no probabilities"
    case .notAClass(let value, let classes, let what): "\(what) \(value) is not a class (0..<\(classes))"
    case .badLabels(let pixels, let classes):
      "the labels of \(pixels) pixels are neither a class (0..<\(classes)) nor 255"
    }
  }

  public var errorDescription: String? { description }
}
