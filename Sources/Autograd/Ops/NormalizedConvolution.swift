import Kernels
import Tensors

extension ForwardPass {
  /// A convolution without bias and the batch norm behind it; where a residual block ends, the sum with its shortcut besides.
  ///
  /// In evaluation they are one kernel, which norms and adds what it has just written; otherwise these are the operations
  /// `convolution`, `batchNormalization` and `add`, one after the other. The numbers are the same bits either way.
  ///
  /// - Parameters:
  ///   - x: [B, in, H, W].
  ///   - activation: of the norm.
  ///   - sum: what is added, and the activation of the sum; its `other` is called once.
  /// - Returns: [B, out, H', W'].
  public func normalizedConvolution(
    _ x: Variable, _ convolution: Convolution, weight: Parameter, scale: Parameter, shift: Parameter,
    runningMean: ModelBuffer, runningVariance: ModelBuffer, momentum: Float, epsilon: Float,
    activation: Activation, sum: ResidualSum?
  ) -> Variable {
    guard fusesNormalization else {
      let y = batchNormalization(
        self.convolution(x, convolution, weight: weight, bias: nil), scale: scale, shift: shift,
        runningMean: runningMean, runningVariance: runningVariance, momentum: momentum, epsilon: epsilon,
        activation: activation)
      return sum.map { add(y, $0.other(), activation: $0.activation) } ?? y
    }
    let residual = sum.map { ConvolutionEpilogue.Residual(unrecorded($0.other()), activation: $0.activation) }
    let epilogue = ConvolutionEpilogue(
      scale: scale.value, shift: shift.value, mean: runningMean.value, variance: runningVariance.value,
      epsilon: epsilon, activation: activation, residual: residual)
    return Variable(
      constant: convolution.forward(unrecorded(x), weight: weight.value, bias: nil, epilogue: epilogue))
  }

  private func unrecorded(_ x: Variable) -> Tensor {
    precondition(x.slot == nil, "normalized convolution: a recorded input in a pass that does not record")
    return x.value
  }
}

/// The end of a residual block: what is added to its branch, and the activation of the sum.
public struct ResidualSum {
  let other: () -> Variable
  let activation: Activation

  /// - Parameter other: makes what is added, in the branch's shape and layout; called once, after the branch where
  ///   operations are recorded.
  public init(activation: Activation, _ other: @escaping () -> Variable) {
    self.activation = activation
    self.other = other
  }
}
