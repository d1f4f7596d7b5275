import Kernels
import Tensors

extension ForwardPass {
  /// y = x * weight^T + bias.
  ///
  /// - Parameters:
  ///   - x: [..., in].
  ///   - weight: [out, in].
  ///   - bias: [out].
  ///   - precision: of the products.
  /// - Returns: [..., out].
  public func linear(
    _ x: Variable, weight: Parameter, bias: Parameter?, precision: Precision = .float32
  ) -> Variable {
    if let counts {
      counts.value.dense += x.shape.count * weight.shape[0]
      return made(Dense.outputShape(x.shape, weight: weight.shape))
    }
    let y = Dense.forward(x.value, weight: weight.value, bias: bias?.value, precision: precision)
    let wantsWeights = trainsParameters
    let parameters = wantsWeights ? [weight] + [bias].compactMap { $0 } : []
    return record("linear", inputs: [x], parameters: parameters, output: y) { gradient, gradients in
      if wantsWeights {
        let result = Dense.backwardWeights(x.value, gradient, weight: weight.value, precision: precision)
        gradients.add(weight, result.weight)
        if let bias { gradients.add(bias, result.bias) }
      }
      return [Dense.backwardData(gradient, weight: weight.value, shape: x.shape, precision: precision)]
    }
  }
}
