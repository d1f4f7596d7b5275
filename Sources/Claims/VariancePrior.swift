import Foundation

/// What the variances of many cells say of each of them: Smyth, "Linear models and empirical Bayes methods for assessing
/// differential expression", 2004, Section 6.2. A cell's variance over three runs is hardly known; those of its neighbours
/// say where it lies. The true variances are taken to be drawn from a scaled inverse chi-squared distribution with
/// `freedom` degrees around `variance`.
public struct VariancePrior: Equatable, Sendable {
  /// 0: nothing is known beforehand. Infinite: all cells have the same variance.
  public let freedom: Double
  public let variance: Double

  public static let none = VariancePrior(freedom: 0, variance: 0)

  /// A sample variance and its degrees of freedom.
  public struct Observation: Equatable, Sendable {
    public let variance: Double
    public let freedom: Double

    public init(variance: Double, freedom: Double) {
      precondition(freedom > 0 && variance >= 0, "VariancePrior: variance \(variance), \(freedom) degrees")
      (self.variance, self.freedom) = (variance, freedom)
    }
  }

  private init(freedom: Double, variance: Double) { (self.freedom, self.variance) = (freedom, variance) }

  /// From the first two moments of the logarithms. Of fewer than four cells there is nothing to learn.
  public init(_ observations: [Observation]) {
    let positive = observations.map(\.variance).filter { $0 > 0 }.sorted()
    guard positive.count >= 4 else {
      self = .none
      return
    }
    // A cell whose runs all agree has no logarithm.
    let floor = 1e-5 * positive[positive.count / 2]
    let count = Double(observations.count)
    let centred = observations.map {
      log(max($0.variance, floor)) - VariancePrior.digamma($0.freedom / 2) + log($0.freedom / 2)
    }
    let mean = centred.reduce(0, +) / count
    let spread = centred.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let excess = spread - observations.reduce(0) { $0 + VariancePrior.trigamma($1.freedom / 2) } / count
    guard excess > 0 else {
      self.init(freedom: .infinity, variance: exp(mean))
      return
    }
    let freedom = 2 * VariancePrior.trigammaInverse(excess)
    self.init(freedom: freedom, variance: exp(mean + VariancePrior.digamma(freedom / 2) - log(freedom / 2)))
  }

  /// A cell's variance in the light of the others', with its degrees of freedom.
  /// - Parameter total: of all cells together, which no degrees of freedom exceed.
  public func posterior(_ own: Observation, total: Double) -> Observation {
    guard freedom.isFinite else { return Observation(variance: variance, freedom: max(total, own.freedom)) }
    let sum = freedom + own.freedom
    return Observation(
      variance: (freedom * variance + own.freedom * own.variance) / sum,
      freedom: min(sum, max(total, own.freedom)))
  }

  // MARK: Derivatives of the logarithm of the gamma function

  /// Recurrence up to 8, then the asymptotic series (Abramowitz and Stegun 6.3.18).
  static func digamma(_ x: Double) -> Double {
    var (x, sum) = (x, 0.0)
    while x < 8 {
      sum -= 1 / x
      x += 1
    }
    let square = 1 / (x * x)
    let series =
      square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    return sum + log(x) - 1 / (2 * x) - series
  }

  /// The same, 6.4.12.
  static func trigamma(_ x: Double) -> Double {
    var (x, sum) = (x, 0.0)
    while x < 8 {
      sum += 1 / (x * x)
      x += 1
    }
    let square = 1 / (x * x)
    let series = square * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square / 30)))
    return sum + 1 / x + square / 2 + series / x
  }

  /// x with trigamma(x) = `value`, by bisection of the logarithm: trigamma falls from infinity to 0.
  static func trigammaInverse(_ value: Double) -> Double {
    var (low, high) = (-18.0, 18.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if trigamma(exp(middle)) > value { low = middle } else { high = middle }
    }
    return exp((low + high) / 2)
  }
}
