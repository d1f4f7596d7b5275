import Kernels
import Tensors

extension ForwardPass {
  /// Maximum or average pooling of [B, C, H, W].
  public func pool(_ x: Variable, _ pooling: Pooling) -> Variable {
    if counts != nil { return made(pooling.outputShape(x.shape), x.value.layout) }
    let (y, workspace) = pooling.forward(x.value, training: tape != nil)
    let shape = x.shape
    return record("pooling", inputs: [x], output: y) { gradient, _ in
      [pooling.backward(gradient, shape: shape, workspace: workspace)]
    }
  }

  /// Average pooling of [B, C, H, W] to [B, C, bins, bins].
  public func adaptiveAveragePool(_ x: Variable, bins: Int) -> Variable {
    let shape = x.shape
    if let counts {
      counts.value.pooledElements += shape.count
      return made([shape[0], shape[1], bins, bins], x.value.layout)
    }
    let y = AdaptiveAveragePooling.forward(x.value, bins: bins)
    return record("adaptive average pooling", inputs: [x], output: y) { gradient, _ in
      [AdaptiveAveragePooling.backward(gradient, shape: shape)]
    }
  }
}
