import Kernels
import Tensors

extension ForwardPass {
  /// y = x * weight^T + bias.
  ///
  /// - Parameters:
  ///   - x: [N, in].
  ///   - weight: [out, in].
  ///   - bias: [out].
  /// - Returns: [N, out].
  public func linear(_ x: Variable, weight: Parameter, bias: Parameter?) -> Variable {
    let y = MatrixProduct.multiply(x.value, weight.value, transposeB: true)
    let (rows, columns) = (y.shape[0], y.shape[1])
    if let bias {
      for row in 0..<rows {
        for column in 0..<columns { y.pointer[row * columns + column] += bias.value.pointer[column] }
      }
    }
    return record("linear", inputs: [x], trained: true, output: y) { gradient, gradients in
      gradients.set(weight, MatrixProduct.multiply(gradient, x.value, transposeA: true))
      if let bias {
        let sums = Tensor(repeating: 0, shape: bias.shape)
        for row in 0..<rows {
          for column in 0..<columns { sums.pointer[column] += gradient.pointer[row * columns + column] }
        }
        gradients.set(bias, sums)
      }
      return [MatrixProduct.multiply(gradient, weight.value)]
    }
  }
}
