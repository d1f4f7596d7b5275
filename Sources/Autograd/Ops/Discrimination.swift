import Kernels
import Tensors

/// What a discriminator is made of, and pixels as unit vectors.
extension ForwardPass {
  /// x > 0 ? x : slope * x.
  public func leakyReLU(_ x: Variable, slope: Float) -> Variable {
    let y = Elementwise.leaky(x.value, slope: slope)
    return record("leaky relu", inputs: [x], output: y) { gradient, _ in
      [Elementwise.leakyBackward(gradient, output: y, slope: slope)]
    }
  }

  /// x / |x| along the last axis of tokens [B, N, C].
  public func unitLength(_ x: Variable) -> Variable {
    let (y, norms) = UnitRows.forward(x.value)
    return record("unit length", inputs: [x], output: y) { gradient, _ in
      [UnitRows.backward(gradient, output: y, norms: norms)]
    }
  }

  /// A convolution by weight / sigma, where sigma = u^T W v is the weight's largest singular value as far as the vectors
  /// u and v know it (Miyato et al., ICLR 2018). The vectors are constant; the weight's gradient goes through sigma.
  ///
  /// - Parameters:
  ///   - x: [B, in, H, W].
  ///   - sigma: estimate of the singular value.
  ///   - outer: u v^T in the shape and layout of the weight: d sigma / d weight.
  public func spectralConvolution(
    _ x: Variable, _ convolution: Convolution, weight: Parameter, bias: Parameter, sigma: Float, outer: Tensor
  ) -> Variable {
    let scaled = Tensor(uninitialized: weight.shape, layout: weight.value.layout)
    let count = weight.value.elementCount
    withExtendedLifetime((weight, scaled)) {
      for index in 0..<count { scaled.pointer[index] = weight.value.pointer[index] / sigma }
    }
    let y = convolution.forward(x.value, weight: scaled, bias: bias.value)
    let (wantsInput, wantsWeights) = (x.slot != nil, trainsParameters)
    let parameters = wantsWeights ? [weight, bias] : []
    return record("spectral convolution", inputs: [x], parameters: parameters, output: y) {
      gradient, gradients in
      let back = wantsInput ? convolution.backwardData(gradient, weight: scaled, shape: x.shape) : nil
      guard wantsWeights else { return [back] }
      let weightGradient = Tensor(uninitialized: weight.shape, layout: weight.value.layout)
      let biasGradient = Tensor(uninitialized: bias.shape)
      convolution.backwardWeights(
        x.value, gradient, weightGradient: weightGradient, biasGradient: biasGradient)
      withExtendedLifetime((weightGradient, scaled, outer)) {
        let pointer = weightGradient.pointer
        var along = 0.0
        for index in 0..<count { along += Double(pointer[index]) * Double(scaled.pointer[index]) }
        let share = Float(along)
        for index in 0..<count { pointer[index] = (pointer[index] - share * outer.pointer[index]) / sigma }
      }
      gradients.add(weight, weightGradient)
      gradients.add(bias, biasGradient)
      return [back]
    }
  }

  /// softmax(q k^T) v over the tokens of each image, without a scale (Zhang et al., "Self-Attention GANs", ICML 2019).
  /// The weights [B, N, N] are kept: for the few tokens of a discriminator's last maps.
  ///
  /// - Parameters:
  ///   - queries, keys: [B, N, d].
  ///   - values: [B, N, D].
  /// - Returns: [B, N, D].
  public func unscaledAttention(queries: Variable, keys: Variable, values: Variable) -> Variable {
    let (q, k, v) = (queries.value, keys.value, values.value)
    let batch = q.shape[0]
    precondition(
      k.shape == q.shape && v.shape[0] == batch && v.shape[1] == q.shape[1],
      "unscaledAttention: queries \(q.shape), keys \(k.shape), values \(v.shape)")
    var weights: [Tensor] = []
    var outputs: [Tensor] = []
    for image in 0..<batch {
      let scores = MatrixProduct.transposingSecond(q.image(image), k.image(image))
      let (rows, columns) = (scores.shape[0], scores.shape[1])
      let attention = Elementwise.softmax(Tensor(reshaping: scores, to: [rows, columns, 1, 1]))
      weights.append(Tensor(reshaping: attention, to: [rows, columns]))
      outputs.append(MatrixProduct.plain(weights[image], v.image(image)))
    }
    let y = Tensor(stacking: outputs)
    return record("unscaled attention", inputs: [queries, keys, values], output: y) { gradient, _ in
      var (dq, dk, dv): ([Tensor], [Tensor], [Tensor]) = ([], [], [])
      for image in 0..<batch {
        let dy = gradient.image(image)
        let shape: Shape = [weights[image].shape[0], weights[image].shape[1], 1, 1]
        let dscores = Tensor(
          reshaping: Elementwise.softmaxBackward(
            Tensor(
              reshaping: MatrixProduct.transposingSecond(dy, v.image(image)), to: shape),
            output: Tensor(reshaping: weights[image], to: shape)), to: weights[image].shape)
        dv.append(MatrixProduct.transposingFirst(weights[image], dy))
        dq.append(MatrixProduct.plain(dscores, k.image(image)))
        dk.append(MatrixProduct.transposingFirst(dscores, q.image(image)))
      }
      return [Tensor(stacking: dq), Tensor(stacking: dk), Tensor(stacking: dv)]
    }
  }

  /// x + factor * branch with a trained factor [1], equal shapes, any layout.
  public func addScaled(_ x: Variable, _ branch: Variable, factor: Parameter) -> Variable {
    precondition(
      x.shape == branch.shape && x.value.layout == branch.value.layout,
      "addScaled: \(x.shape) and \(branch.shape) differ")
    let (a, b, gain) = (x.value, branch.value, factor.value.scalar)
    let y = Tensor(uninitialized: a.shape, layout: a.layout)
    withExtendedLifetime((a, b, y)) {
      for index in 0..<y.elementCount { y.pointer[index] = a.pointer[index] + gain * b.pointer[index] }
    }
    let wantsFactor = trainsParameters
    let parameters = wantsFactor ? [factor] : []
    return record("add scaled", inputs: [x, branch], parameters: parameters, output: y) {
      gradient, gradients in
      let scaled = Tensor(uninitialized: b.shape, layout: b.layout)
      var along = 0.0
      withExtendedLifetime((gradient, b, scaled)) {
        for index in 0..<b.elementCount {
          scaled.pointer[index] = gain * gradient.pointer[index]
          along += Double(gradient.pointer[index]) * Double(b.pointer[index])
        }
      }
      if wantsFactor { gradients.add(factor, Tensor([Float(along)], shape: [1])) }
      return [gradient, scaled]
    }
  }
}

extension Tensor {
  /// [N, C] of each image as [B, N, C].
  fileprivate init(stacking images: [Tensor]) {
    let one = images[0].shape
    self.init(uninitialized: [images.count, one[0], one[1]])
    for (index, image) in images.enumerated() {
      pointer.advanced(by: index * one.count).update(from: image.pointer, count: one.count)
    }
  }
}
