import Foundation

/// Round numbers around a range: 1, 2 or 5 times a power of ten apart.
struct Ticks {
  let bottom: Double
  let top: Double
  let all: [(value: Double, text: String)]

  /// - Parameter range: finite; one value alone gets room around it.
  init(around range: ClosedRange<Double>) {
    var (low, high) = (range.lowerBound, range.upperBound)
    let least = max(1e-6, 0.005 * max(abs(low), abs(high)))
    if high - low < least { (low, high) = ((low + high - least) / 2, (low + high + least) / 2) }
    let power = pow(10, (log10((high - low) / 5)).rounded(.down))
    let step = [1.0, 2, 5, 10].map { $0 * power }.first { (high - low) / $0 <= 5 } ?? 10 * power
    let (first, last) = (Int((low / step).rounded(.down)), Int((high / step).rounded(.up)))
    let decimals = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
    (bottom, top) = (Double(first) * step, Double(last) * step)
    all = (first...last).map {
      (value: Double($0) * step, text: String(format: "%.\(decimals)f", Double($0) * step))
    }
  }
}
