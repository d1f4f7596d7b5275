/// Percentiles of a set of numbers, between two of them by linear interpolation: numpy's rule.
package struct Percentiles {
  private let sorted: [Float]

  /// - Parameter values: at least one.
  package init(_ values: [Float]) {
    precondition(!values.isEmpty, "Percentiles: of nothing")
    sorted = values.sorted()
  }

  /// - Parameter percent: 0...100.
  package func callAsFunction(_ percent: Double) -> Float {
    precondition((0...100).contains(percent), "Percentiles: \(percent) is not in 0...100")
    let place = percent / 100 * Double(sorted.count - 1)
    let below = Int(place)
    let (low, high) = (Double(sorted[below]), Double(sorted[min(below + 1, sorted.count - 1)]))
    return Float(low + (high - low) * (place - Double(below)))
  }
}
