import Tensors

/// Initial values of a weight [out, in / groups, k, k].
public enum Initializer: Sendable {
  /// Normal, variance 2 / (k * k * out): He et al., ICCV 2015, mode fan-out, as timm's ResNets and MobileNets.
  /// `groups` divides the fan, as timm does for depthwise convolutions.
  case kaimingNormalFanOut(groups: Int)
  /// Uniform in +-sqrt(6 / (k * k * in)): He et al., mode fan-in; decoder convolutions.
  case kaimingUniformFanIn
  /// Uniform in +-sqrt(6 / (fan-in + fan-out)): Glorot and Bengio, AISTATS 2010; classifiers.
  case xavierUniform
  /// Uniform in +-1 / sqrt(k * k * in): torch's own for convolutions and dense layers.
  case uniformFanIn
  /// Normal with this deviation: the dense layers of transformers.
  case normal(deviation: Double)

  /// Of the values of a weight of this shape.
  public func distribution(_ shape: Shape) -> RandomDistribution {
    let receptive = shape.dimensions.dropFirst(2).reduce(1, *)
    let fanIn = Double((shape.rank > 1 ? shape[1] : 1) * receptive)
    let fanOut = Double(shape[0] * receptive)
    switch self {
    case .kaimingNormalFanOut(let groups):
      return .normal(deviation: (2 * Double(groups) / fanOut).squareRoot())
    case .kaimingUniformFanIn: return .uniform(bound: (6 / fanIn).squareRoot())
    case .uniformFanIn: return .uniform(bound: (1 / fanIn).squareRoot())
    case .normal(let deviation): return .normal(deviation: deviation)
    case .xavierUniform: return .uniform(bound: (6 / (fanIn + fanOut)).squareRoot())
    }
  }

  public func values(_ shape: Shape, _ random: inout RandomSource) -> [Float] {
    distribution(shape).values(count: shape.count, &random)
  }
}
