import Kernels
import Tensors

extension ForwardPass {
  /// [B, C, H, W] to tokens [B, H * W, C].
  public func tokens(_ x: Variable) -> Variable {
    let (layout, height, width) = (x.value.layout, x.shape[2], x.shape[3])
    if counts != nil { return made([x.shape[0], height * width, x.shape[1]]) }
    return record("tokens", inputs: [x], output: Tokens.from(map: x.value)) { gradient, _ in
      [Tokens.map(gradient, height: height, width: width, layout: layout)]
    }
  }

  /// Tokens [B, H * W, C] to [B, C, H, W], blocked.
  public func map(_ x: Variable, height: Int, width: Int) -> Variable {
    let layout = KernelRuntime.preferredLayout
    if counts != nil { return made([x.shape[0], x.shape[2], height, width], layout) }
    let y = Tokens.map(x.value, height: height, width: width, layout: layout)
    return record("map", inputs: [x], output: y) { gradient, _ in [Tokens.from(map: gradient)] }
  }

  /// Layer normalisation over the last axis.
  public func layerNormalization(
    _ x: Variable, scale: Parameter, shift: Parameter, epsilon: Float
  ) -> Variable {
    if let counts {
      counts.value.layerNormElements += x.shape.count
      return made(x.shape)
    }
    let (y, saved) = LayerNormalization.forward(
      x.value, scale: scale.value, shift: shift.value, epsilon: epsilon)
    let wantsParameters = trainsParameters
    let parameters = wantsParameters ? [scale, shift] : []
    return record("layer norm", inputs: [x], parameters: parameters, output: y) { gradient, gradients in
      let result = LayerNormalization.backward(gradient, x: x.value, scale: scale.value, saved: saved)
      if wantsParameters {
        gradients.add(scale, result.scale)
        gradients.add(shift, result.shift)
      }
      return [result.x]
    }
  }

  /// x * Phi(x).
  public func gelu(_ x: Variable) -> Variable {
    if counts != nil { return made(x.shape) }
    return record("gelu", inputs: [x], output: Tokens.gelu(x.value)) { gradient, _ in
      [Tokens.geluBackward(gradient, input: x.value)]
    }
  }

  /// Depthwise 3x3 convolution of tokens that form a map of `height` x `width`.
  public func tokenDepthwise(
    _ x: Variable, height: Int, width: Int, weight: Parameter, bias: Parameter
  ) -> Variable {
    if let counts {
      counts.value.convolution += x.shape.count * 9
      return made(x.shape)
    }
    let y = Tokens.depthwise(x.value, height: height, width: width, weight: weight.value, bias: bias.value)
    let wantsParameters = trainsParameters
    let parameters = wantsParameters ? [weight, bias] : []
    return record("token depthwise", inputs: [x], parameters: parameters, output: y) {
      gradient, gradients in
      if wantsParameters {
        let result = Tokens.depthwiseBackwardWeights(x.value, gradient, height: height, width: width)
        gradients.add(weight, result.weight)
        gradients.add(bias, result.bias)
      }
      return [Tokens.depthwiseBackwardData(gradient, height: height, width: width, weight: weight.value)]
    }
  }

  /// A convolution of tokens whose stride is its window: [B, H * W, in] to [B, (H / size) * (W / size), out].
  public func patchProjection(
    _ x: Variable, height: Int, width: Int, size: Int, weight: Parameter, bias: Parameter,
    precision: Precision = .float32
  ) -> Variable {
    if let counts {
      let tokens = (height / size) * (width / size)
      counts.value.convolution += x.shape[0] * tokens * weight.shape.count
      return made([x.shape[0], tokens, weight.shape[0]])
    }
    let patches = Tokens.patches(x.value, height: height, width: width, size: size)
    let shape = patches.shape
    let y = Dense.forward(patches, weight: weight.value, bias: bias.value, precision: precision)
    let wantsParameters = trainsParameters
    let parameters = wantsParameters ? [weight, bias] : []
    return record("patch projection", inputs: [x], parameters: parameters, output: y) {
      gradient, gradients in
      if wantsParameters {
        // Gathered again: copying is cheaper than keeping.
        let patches = Tokens.patches(x.value, height: height, width: width, size: size)
        let result = Dense.backwardWeights(patches, gradient, weight: weight.value, precision: precision)
        gradients.add(weight, result.weight)
        gradients.add(bias, result.bias)
      }
      let data = Dense.backwardData(gradient, weight: weight.value, shape: shape, precision: precision)
      return [Tokens.patchesBackward(data, height: height, width: width, size: size)]
    }
  }

  /// Attention of queries [B, N, C] over keys and values [B, M, 2 * C].
  public func attention(queries: Variable, keysAndValues: Variable, heads: Int) -> Variable {
    if let counts {
      // Both products: scores, and weights times values.
      counts.value.attention += 2 * queries.shape.count * keysAndValues.shape[1]
      return made(queries.shape)
    }
    let (q, kv) = (queries.value, keysAndValues.value)
    let (y, logSums) = Attention.forward(q, kv, heads: heads)
    return record("attention", inputs: [queries, keysAndValues], output: y) { gradient, _ in
      let result = Attention.backward(gradient, q: q, kv: kv, output: y, logSums: logSums, heads: heads)
      return [result.q, result.kv]
    }
  }

  /// x + branch. In training each image's branch is dropped with `probability` and otherwise divided by
  /// 1 - probability: stochastic depth (Huang et al., ECCV 2016).
  public func addBranch(_ x: Variable, _ branch: Variable, dropProbability probability: Double) -> Variable {
    if counts != nil { return made(x.shape) }
    var factors = [Float](repeating: 1, count: x.shape[0])
    if training, probability > 0 {
      let kept = Float(1 / (1 - probability))
      factors = drawForImages(x.shape[0], each: 1) { $0.uniform() < probability ? 0 : kept }
    }
    let isPlainSum = factors.allSatisfy { $0 == 1 }
    let y = Tokens.addScaled(x.value, branch.value, factors: factors)
    return record("add branch", inputs: [x, branch], output: y) { gradient, _ in
      [gradient, isPlainSum ? gradient : Tokens.addScaled(nil, gradient, factors: factors)]
    }
  }
}
