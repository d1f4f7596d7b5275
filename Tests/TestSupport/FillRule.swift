import Tensors

/// The oracles' inputs and weights without files: every value follows from a name alone (Tests/Oracles/fill.py).
///
/// state = FNV-1a-64(name); element i takes u = splitmix64(state + (i + 1) * 0x9E3779B97F4A7C15) >> 11, over 2^53.
public enum FillRule {
  /// The first values of the named stream, in [0, 1).
  public static func uniform(_ name: String, count: Int) -> [Double] {
    let state = RandomSource.hash(name)
    return (0..<count).map { index in
      let counter = state &+ UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
      return Double(RandomSource.mix(counter) >> 11) / 9_007_199_254_740_992
    }
  }

  /// Uniform in [-bound, bound).
  public static func symmetric(_ name: String, _ shape: Shape, bound: Double) -> Tensor {
    Tensor(uniform(name, count: shape.count).map { Float((2 * $0 - 1) * bound) }, shape: shape)
  }

  /// A parameter or running statistic by its dotted name. Weights keep the variance of their input.
  public static func values(_ name: String, _ shape: Shape) -> [Float] {
    let fan = shape.rank > 1 ? shape.count / shape[0] : 1
    let bound = (3 / Double(fan)).squareRoot()
    let isVariance = name.hasSuffix("running_var")
    let isShift = name.hasSuffix("running_mean") || name.hasSuffix("bias")
    return uniform(name, count: shape.count).map { u in
      if isVariance { return Float(1 + 0.5 * u) }
      if isShift { return Float(0.1 * (2 * u - 1)) }
      if shape.rank == 1 { return Float(1 + 0.1 * (2 * u - 1)) }
      return Float((2 * u - 1) * bound)
    }
  }
}
