import Kernels
import Ranks
import Tensors

extension ForwardPass {
  /// Batch normalisation of [B, C, H, W], then the activation. In training it uses batch statistics and moves the
  /// running ones by `momentum` (torch's convention: new = (1 - momentum) * old + momentum * batch), with the
  /// unbiased variance n / (n - 1).
  ///
  /// Where ranks share the batch, statistics are those of all of its images, with the bits of one process.
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
    let layer = NormalizedBatch(
      x: x.value, scale: scale.value, shift: shift.value, epsilon: epsilon, activation: activation,
      ranks: ranks)
    let (y, saved) = layer.forward()
    if movesStatistics {
      let count = Float(layer.images * x.shape[2] * x.shape[3])
      let unbiased = count > 1 ? count / (count - 1) : 1
      for channel in 0..<x.shape[1] {
        let mean = runningMean.value.pointer + channel
        let variance = runningVariance.value.pointer + channel
        mean.pointee += momentum * (saved.mean.pointer[channel] - mean.pointee)
        variance.pointee += momentum * (saved.variance.pointer[channel] * unbiased - variance.pointee)
      }
    }
    let wantsParameters = trainsParameters
    let parameters = wantsParameters ? [scale, shift] : []
    return record("batch norm", inputs: [x], parameters: parameters, output: y) { gradient, gradients in
      let result = layer.backward(gradient, saved)
      if wantsParameters {
        gradients.add(scale, result.scale)
        gradients.add(shift, result.shift)
      }
      return [result.x]
    }
  }
}

/// One batch normalisation, alone or as a rank's share. Gradients of scale and shift are the share's too: those of all
/// parameters are summed over ranks alike.
private struct NormalizedBatch {
  let x: Tensor
  let scale: Tensor
  let shift: Tensor
  let epsilon: Float
  let activation: Activation
  let ranks: RankGroup?

  /// Of the whole batch.
  var images: Int { ranks?.batch ?? x.shape[0] }

  func forward() -> (y: Tensor, saved: BatchNormalization.Saved) {
    guard let ranks else {
      return BatchNormalization.forward(
        x, scale: scale, shift: shift, epsilon: epsilon, activation: activation)
    }
    ranks.check(images: x.shape[0], "batch norm")
    let moments = ranks.gatherSamples(BatchNormalization.moments(x), each: BatchNormalization.row(of: x))
    return BatchNormalization.forward(
      x, moments: moments, scale: scale, shift: shift, epsilon: epsilon, activation: activation)
  }

  func backward(
    _ gradient: Tensor, _ saved: BatchNormalization.Saved
  ) -> (x: Tensor, scale: Tensor, shift: Tensor) {
    guard let ranks else {
      return BatchNormalization.backward(
        gradient, x: x, scale: scale, shift: shift, saved: saved, epsilon: epsilon, activation: activation)
    }
    let own = BatchNormalization.sums(
      gradient, x: x, scale: scale, shift: shift, saved: saved, epsilon: epsilon, activation: activation)
    let sums = ranks.gatherSamples(own, each: BatchNormalization.row(of: x))
    return BatchNormalization.backward(
      gradient, x: x, sums: sums, first: ranks.slots.lowerBound, scale: scale, shift: shift, saved: saved,
      epsilon: epsilon, activation: activation)
  }
}
