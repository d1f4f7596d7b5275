/// How random values are spread.
public enum RandomDistribution: Hashable, Sendable {
  /// In [-bound, bound).
  case uniform(bound: Double)
  /// Around zero.
  case normal(deviation: Double)

  /// The next values of a source, one after the other: what is meant by every faster way.
  public func values(count: Int, _ random: inout RandomSource) -> [Float] {
    switch self {
    case .uniform(let bound): return (0..<count).map { _ in Float(random.uniform(-bound, bound)) }
    case .normal(let deviation): return RandomSource.normal(count: count, deviation: deviation, &random)
    }
  }
}
