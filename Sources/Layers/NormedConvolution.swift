import Autograd

/// A convolution without bias, batch norm and its activation; at the end of a residual block the sum with its shortcut
/// besides. In evaluation they are one kernel. Parameters lie where the two layers made them.
public struct NormedConvolution: Sendable {
  private let convolution: Conv2d
  private let norm: BatchNorm2d

  public init(_ convolution: Conv2d, _ norm: BatchNorm2d) {
    precondition(
      convolution.bias == nil && convolution.weight.shape[0] == norm.weight.shape[0],
      "NormedConvolution: a norm of \(norm.weight.shape) behind \(convolution.weight.shape), or a bias")
    self.convolution = convolution
    self.norm = norm
  }

  /// - Parameters:
  ///   - x: [B, in, H, W].
  ///   - sum: what is added after the norm's activation.
  /// - Returns: [B, out, H', W'].
  public func callAsFunction(_ x: Variable, _ pass: ForwardPass, sum: ResidualSum? = nil) -> Variable {
    pass.normalizedConvolution(
      x, convolution.convolution, weight: convolution.weight, scale: norm.weight, shift: norm.bias,
      runningMean: norm.runningMean, runningVariance: norm.runningVariance, momentum: norm.momentum,
      epsilon: norm.epsilon, activation: norm.activation, sum: sum)
  }
}
