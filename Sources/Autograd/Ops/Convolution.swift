import Kernels
import Tensors

extension ForwardPass {
  /// y = x * weight (+ bias).
  ///
  /// - Parameter x: [B, in, H, W].
  /// - Returns: [B, out, H', W'].
  public func convolution(
    _ x: Variable, _ convolution: Convolution, weight: Parameter, bias: Parameter?
  ) -> Variable {
    if let counts {
      let shape = convolution.outputShape(x.shape)
      counts.value.convolution += shape.count * (weight.shape.count / weight.shape[0])
      return made(shape, KernelRuntime.preferredLayout)
    }
    let y = convolution.forward(x.value, weight: weight.value, bias: bias?.value)
    let (wantsInput, wantsWeights) = (x.slot != nil, trainsParameters)
    let parameters = wantsWeights ? [weight] + [bias].compactMap { $0 } : []
    return record("convolution", inputs: [x], parameters: parameters, output: y) { gradient, gradients in
      if wantsWeights {
        let weightGradient = Tensor(uninitialized: weight.shape, layout: weight.value.layout)
        let biasGradient = bias.map { Tensor(uninitialized: $0.shape) }
        convolution.backwardWeights(
          x.value, gradient, weightGradient: weightGradient, biasGradient: biasGradient)
        gradients.add(weight, weightGradient)
        if let bias, let biasGradient { gradients.add(bias, biasGradient) }
      }
      guard wantsInput else { return [nil] }
      return [convolution.backwardData(gradient, weight: weight.value, shape: x.shape)]
    }
  }
}
