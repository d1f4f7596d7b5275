import Kernels
import Tensors

extension ForwardPass {
  /// A 1x1 convolution of maps that are resized to one size and concatenated, without bias:
  /// weight * concat(resize(part) ...).
  ///
  /// Both are linear and act on different axes, so they commute: each part meets its share of the weights at its own
  /// size, and what is resized and added are the products. A part of half the size then costs a quarter, and neither
  /// the resized parts nor their concatenation exist.
  ///
  /// - Parameters:
  ///   - parts: [B, C_i, h_i, w_i].
  ///   - weight: [out, sum of C_i, 1, 1], hwio.
  ///   - precision: of the products.
  /// - Returns: [B, out, height, width].
  public func projectResized(
    _ parts: [Variable], height: Int, width: Int, weight: Parameter, precision: Precision = .float32
  ) -> Variable {
    let batch = parts.first?.shape[0] ?? 0
    let outputs = weight.shape[0]
    precondition(
      parts.reduce(0) { $0 + $1.shape[1] } == weight.shape[1] && weight.value.layout == .hwio,
      "project resized: \(parts.map(\.shape)) do not fit weights \(weight.shape)")
    if let counts {
      // As the network is written, so that counts can be compared.
      let pixels = batch * height * width
      counts.value.upsampledElements += weight.shape[1] * pixels
      counts.value.convolution += weight.shape.count * pixels
      return made([batch, outputs, height, width], KernelRuntime.preferredLayout)
    }
    let shares = ForwardPass.shares(weight.value, parts.map { $0.shape[1] }, precision)
    var sum: Tensor?
    for (part, share) in zip(parts, shares) {
      let product = share.convolution.forward(part.value, weight: share.weight, bias: nil)
      if let sum {
        Resize.add(product, to: sum)
      } else {
        sum = Resize.forward(product, height: height, width: width)
      }
    }
    guard let sum else { preconditionFailure("project resized: no parts") }
    let wantsWeights = trainsParameters
    let parameters = wantsWeights ? [weight] : []
    return record("projection", inputs: parts, parameters: parameters, output: sum) { gradient, gradients in
      let weightGradient = Tensor(uninitialized: weight.shape, layout: .hwio)
      var start = weightGradient.pointer
      let shares = ForwardPass.shares(weight.value, parts.map { $0.shape[1] }, precision)
      let inputs = zip(parts, shares).map { part, share in
        let shape: Shape = [batch, outputs, part.shape[2], part.shape[3]]
        let own = Resize.backward(gradient, shape: shape)
        if wantsWeights {
          let piece = Tensor(uninitialized: share.weight.shape, layout: .hwio)
          share.convolution.backwardWeights(part.value, own, weightGradient: piece, biasGradient: nil)
          start.update(from: piece.pointer, count: piece.elementCount)
          start += piece.elementCount
        }
        return part.slot == nil
          ? nil : share.convolution.backwardData(own, weight: share.weight, shape: part.shape)
      }
      if wantsWeights { gradients.add(weight, weightGradient) }
      return inputs
    }
  }

  /// The rows of a 1x1 weight that belong to each part of the input channels: in hwio they lie together.
  private static func shares(_ weight: Tensor, _ channels: [Int], _ precision: Precision) -> [(
    convolution: Convolution, weight: Tensor
  )] {
    var start = weight.pointer
    return channels.map { inputs in
      let geometry = ConvolutionGeometry(
        inChannels: inputs, outChannels: weight.shape[0], kernel: 1, stride: 1, padding: 0, dilation: 1,
        groups: 1)
      let share = Tensor(uninitialized: geometry.weightShape, layout: .hwio)
      share.pointer.update(from: start, count: share.elementCount)
      start += share.elementCount
      return (Convolution(geometry, precision: precision), share)
    }
  }
}
