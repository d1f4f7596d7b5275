import Foundation

/// Tests of differences of means.
public enum Statistics {
  /// Two-sided p of Student's t with `freedom` degrees: I_x(freedom / 2, 1 / 2) at x = freedom / (freedom + t^2).
  public static func twoSided(t: Double, freedom: Double) -> Double {
    precondition(freedom > 0, "Statistics: \(freedom) degrees of freedom")
    return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
  }

  /// Welch's test of two samples with unequal variances, from means and population deviations.
  /// - Returns: nil with fewer than two values on a side, or no variance at all.
  public static func welch(
    _ left: (mean: Double, std: Double, count: Int), _ right: (mean: Double, std: Double, count: Int)
  ) -> Double? {
    guard left.count > 1, right.count > 1 else { return nil }
    // Population variance over n - 1 is the sample variance over n.
    let (first, second) = (
      left.std * left.std / Double(left.count - 1), right.std * right.std / Double(right.count - 1)
    )
    let sum = first + second
    guard sum > 0 else { return nil }
    let share: Double = first * first / Double(left.count - 1)
    let otherShare: Double = second * second / Double(right.count - 1)
    let freedom: Double = sum * sum / (share + otherShare)
    return twoSided(t: (left.mean - right.mean) / sum.squareRoot(), freedom: freedom)
  }

  /// Holm's step-down correction; in the order given.
  public static func holm(_ values: [Double]) -> [Double] {
    var corrected = values
    var running = 0.0
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    for (rank, index) in order.enumerated() {
      running = max(running, min(1, values[index] * Double(values.count - rank)))
      corrected[index] = running
    }
    return corrected
  }

  /// Regularised incomplete beta function by Lentz's continued fraction.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let logBeta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
    let powers: Double = a * log(x) + b * log(1 - x)
    let front: Double = exp(powers - logBeta) / a
    let tiny = 1e-300
    func guarded(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / guarded(1 - (a + b) * x / (a + 1))
    var sum = d
    for step in 1...500 {
      let m = Double(step)
      let last: Double = a + 2 * m
      let even: Double = m * (b - m) * x / ((last - 1) * last)
      d = 1 / guarded(1 + even * d)
      c = guarded(1 + even / c)
      sum *= d * c
      let rising: Double = (a + m) * (a + b + m)
      let odd: Double = -rising * x / (last * (last + 1))
      d = 1 / guarded(1 + odd * d)
      c = guarded(1 + odd / c)
      sum *= d * c
      if abs(d * c - 1) < 1e-15 { break }
    }
    return front * sum
  }
}
