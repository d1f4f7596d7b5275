import Foundation

/// Probabilities in a few digits.
enum PText {
  static func text(_ p: Double) -> String {
    p < 1e-6 ? "< 0.000001" : String(format: p < 0.001 ? "%.6f" : "%.4f", p)
  }
}
