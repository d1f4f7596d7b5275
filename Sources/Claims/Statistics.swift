import Foundation

/// Tests of differences of means, and what many tests at once come to.
public enum Statistics {
  /// p of Student's t with `freedom` degrees that a value of at least `t` is met by chance.
  public static func oneSided(t: Double, freedom: Double) -> Double {
    let half = twoSided(t: t, freedom: freedom) / 2
    return t >= 0 ? half : 1 - half
  }

  /// Two-sided p: I_x(freedom / 2, 1 / 2) at x = freedom / (freedom + t^2).
  public static func twoSided(t: Double, freedom: Double) -> Double {
    precondition(freedom > 0, "Statistics: \(freedom) degrees of freedom")
    return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
  }

  /// The value that Student's t with `freedom` degrees exceeds with probability `p`, in (0, 0.5].
  public static func quantile(_ p: Double, freedom: Double) -> Double {
    precondition(p > 0 && p <= 0.5, "Statistics: quantile of \(p)")
    var (low, high) = (0.0, 1.0)
    while oneSided(t: high, freedom: freedom) > p { (low, high) = (high, high * 2) }
    // Halved until no number lies between.
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return middle }
      if oneSided(t: middle, freedom: freedom) > p { low = middle } else { high = middle }
    }
  }

  public struct Student: Equatable, Sendable {
    public let t: Double
    public let freedom: Double

    public init(t: Double, freedom: Double) { (self.t, self.freedom) = (t, freedom) }

    public var oneSided: Double { Statistics.oneSided(t: t, freedom: freedom) }
    public var twoSided: Double { Statistics.twoSided(t: t, freedom: freedom) }
  }

  /// Welch's test that the mean of `left` exceeds that of `right` by more than `shift`; variances may differ.
  /// - Returns: nil with fewer than two values on a side, or no variance at all.
  public static func welch(_ left: [Double], _ right: [Double], shift: Double = 0) -> Student? {
    guard let a = variance(left), let b = variance(right) else { return nil }
    let (first, second) = (a / Double(left.count), b / Double(right.count))
    let sum = first + second
    guard sum > 0 else { return nil }
    let share = first * first / Double(left.count - 1)
    let otherShare = second * second / Double(right.count - 1)
    return Student(
      t: (mean(left) - mean(right) - shift) / sum.squareRoot(), freedom: sum * sum / (share + otherShare))
  }

  /// Student's test of two samples of equal variance that the mean of `left` exceeds that of `right`.
  /// - Returns: nil with fewer than two values on a side, or no variance at all.
  public static func student(_ left: [Double], _ right: [Double]) -> Student? {
    guard let deviation = pooledDeviation(left, right), deviation > 0 else { return nil }
    let (n, m) = (Double(left.count), Double(right.count))
    return Student(
      t: (mean(left) - mean(right)) / (deviation * (1 / n + 1 / m).squareRoot()), freedom: n + m - 2)
  }

  /// Student's test that the mean of `values` exceeds `shift`: of differences, the paired test.
  /// - Returns: nil with fewer than two values, or no variance.
  public static func oneSample(_ values: [Double], shift: Double = 0) -> Student? {
    guard let variance = variance(values), variance > 0 else { return nil }
    let error = (variance / Double(values.count)).squareRoot()
    return Student(t: (mean(values) - shift) / error, freedom: Double(values.count - 1))
  }

  /// Deviation of two samples together, of n - 1; the unit of Cohen's d. nil with fewer than two values on a side.
  public static func pooledDeviation(_ left: [Double], _ right: [Double]) -> Double? {
    guard let a = variance(left), let b = variance(right) else { return nil }
    let (n, m) = (Double(left.count - 1), Double(right.count - 1))
    return ((n * a + m * b) / (n + m)).squareRoot()
  }

  /// Sample variance, divided by n - 1; nil of fewer than two values.
  public static func variance(_ values: [Double]) -> Double? {
    guard values.count > 1 else { return nil }
    let mean = mean(values)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  }

  public static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// p that at least `needed` of the tests' alternatives are true (partial conjunction, Benjamini and Heller 2008, with
  /// Bonferroni): the largest p for all of them, n times the smallest for one.
  /// - Precondition: 1 <= needed <= values.count.
  public static func partialConjunction(_ values: [Double], needed: Int) -> Double {
    precondition((1...values.count).contains(needed), "Statistics: \(needed) of \(values.count)")
    return min(1, Double(values.count - needed + 1) * values.sorted()[needed - 1])
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
