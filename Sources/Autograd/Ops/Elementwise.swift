import Kernels
import Tensors

extension ForwardPass {
  /// activation(x).
  public func activate(_ x: Variable, _ activation: Activation) -> Variable {
    guard activation != .none, counts == nil else { return x }
    let y = Elementwise.activate(x.value, activation)
    return record("activation", inputs: [x], output: y) { gradient, _ in
      [Elementwise.activateBackward(gradient, output: y, activation)]
    }
  }

  /// activation(a + b), equal shapes: the end of a residual block.
  public func add(_ a: Variable, _ b: Variable, activation: Activation) -> Variable {
    if counts != nil { return a }
    let y = Elementwise.add(a.value, b.value, activation: activation)
    return record("add", inputs: [a, b], output: y) { gradient, _ in
      let shared = Elementwise.activateBackward(gradient, output: y, activation)
      return [shared, shared]
    }
  }

  /// Drops whole channels of [B, C, H, W] with `probability` and scales the others by 1 / (1 - probability)
  /// (Tompson et al., CVPR 2015). Does nothing in evaluation.
  public func channelDropout(_ x: Variable, probability: Double) -> Variable {
    guard training, probability > 0 else { return x }
    let kept = Float(1 / (1 - probability))
    let factors = drawForImages(x.shape[0], each: x.shape[1]) { $0.uniform() < probability ? 0 : kept }
    let y = Elementwise.scaleChannels(x.value, factors: factors)
    return record("channel dropout", inputs: [x], output: y) { gradient, _ in
      [Elementwise.scaleChannels(gradient, factors: factors)]
    }
  }

  /// Softmax over the channels of [B, C, H, W].
  public func softmax(_ x: Variable) -> Variable {
    if counts != nil { return x }
    let y = Elementwise.softmax(x.value)
    return record("softmax", inputs: [x], output: y) { gradient, _ in
      [Elementwise.softmaxBackward(gradient, output: y)]
    }
  }
}
