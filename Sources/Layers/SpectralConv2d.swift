import Autograd
import Kernels
import Tensors

/// A convolution by its weight over the weight's largest singular value (spectral normalisation, Miyato et al., ICLR
/// 2018). One power iteration in each training pass, as torch's `spectral_norm`.
public struct SpectralConv2d: Sendable {
  /// [out, in, k, k]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter
  /// Left singular vector, [out], of length 1; changes in training passes.
  public let vector: ModelBuffer
  private let convolution: Convolution

  /// - Parameter padding: pixels before and after each axis.
  public init(
    _ scope: ParameterScope, inChannels: Int, outChannels: Int, kernel: Int, stride: Int, padding: Int
  ) {
    let geometry = ConvolutionGeometry(
      inChannels: inChannels, outChannels: outChannels, kernel: kernel, stride: stride, padding: padding,
      dilation: 1, groups: 1)
    convolution = Convolution(geometry)
    weight = scope.parameter(
      "weight", geometry.weightShape, layout: geometry.weightLayout,
      initial: Initializer.uniformFanIn.distribution(geometry.weightShape))
    bias = scope.parameter("bias", [outChannels]) { _ in [Float](repeating: 0, count: outChannels) }
    vector = scope.buffer("weight_u", [outChannels]) { random in
      SpectralConv2d.unit(Initializer.normal(deviation: 1).values([outChannels], &random))
    }
  }

  /// - Parameter x: [B, in, H, W].
  /// - Returns: [B, out, H', W'].
  public func callAsFunction(_ x: Variable, _ pass: ForwardPass) -> Variable {
    // In memory the weight is the transposed matrix, [k * k * in, out]; its singular values are the same.
    let outputs = weight.shape[0]
    let inputs = weight.shape.count / outputs
    let matrix = UnsafeBufferPointer(start: weight.value.pointer, count: inputs * outputs)
    var u = vector.value.values
    let v = SpectralConv2d.unit(
      (0..<inputs).map { row in
        var sum: Float = 0
        for c in 0..<outputs { sum += matrix[row * outputs + c] * u[c] }
        return sum
      })
    var product = [Float](repeating: 0, count: outputs)
    for row in 0..<inputs {
      let factor = v[row]
      for c in 0..<outputs { product[c] += factor * matrix[row * outputs + c] }
    }
    if pass.training {
      u = SpectralConv2d.unit(product)
      vector.value.assign(kernelValues: u)
    }
    let sigma = zip(u, product).reduce(Float(0)) { $0 + $1.0 * $1.1 }
    let outer = Tensor(uninitialized: weight.shape, layout: weight.value.layout)
    for row in 0..<inputs {
      for c in 0..<outputs { outer.pointer[row * outputs + c] = v[row] * u[c] }
    }
    return pass.spectralConvolution(
      x, convolution, weight: weight, bias: bias, sigma: sigma, outer: outer)
  }

  private static func unit(_ vector: [Float]) -> [Float] {
    let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let inverse = Float(1 / max(norm, 1e-12))
    return vector.map { $0 * inverse }
  }
}
