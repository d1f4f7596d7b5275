import Kernels
import Tensors

extension ForwardPass {
  /// Batch normalisation of [B, C, H, W], then the activation. In training it uses batch statistics and moves the
  /// running ones by `momentum` (torch's convention: new = (1 - momentum) * old + momentum * batch), with the
  /// unbiased variance n / (n - 1).
  public func batchNormalization(
    _ x: Variable, scale: Parameter, shift: Parameter, runningMean: ModelBuffer, runningVariance: ModelBuffer,
    momentum: Float, epsilon: Float, activation: Activation
  ) -> Variable {
    if let counts {
      counts.value.batchNormElements += x.shape.count
      return made(x.shape, x.value.layout)
    }
    guard training else {
      return Variable(
        constant: BatchNormalization.inference(
          x.value, scale: scale.value, shift: shift.value, mean: runningMean.value,
          variance: runningVariance.value, epsilon: epsilon, activation: activation))
    }
    let (y, saved) = BatchNormalization.forward(
      x.value, scale: scale.value, shift: shift.value, epsilon: epsilon, activation: activation)
    if movesStatistics {
      let count = Float(x.shape[0] * x.shape[2] * x.shape[3])
      let unbiased = count > 1 ? count / (count - 1) : 1
      for channel in 0..<x.shape[1] {
        let mean = runningMean.value.pointer + channel
        let variance = runningVariance.value.pointer + channel
        mean.pointee += momentum * (saved.mean.pointer[channel] - mean.pointee)
        variance.pointee += momentum * (saved.variance.pointer[channel] * unbiased - variance.pointee)
      }
    }
    let wantsParameters = trainsParameters
    return record("batch norm", inputs: [x], trained: wantsParameters, output: y) { gradient, gradients in
      let result = BatchNormalization.backward(
        gradient, x: x.value, scale: scale.value, shift: shift.value, saved: saved, epsilon: epsilon,
        activation: activation)
      if wantsParameters {
        gradients.add(scale, result.scale)
        gradients.add(shift, result.shift)
      }
      return [result.x]
    }
  }
}
