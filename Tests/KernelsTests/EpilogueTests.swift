import Kernels
import Tensors
import Testing

/// A convolution with an epilogue has the bits of convolution, batch norm and addition one after the other.
@Suite(.serialized) struct EpilogueTests {
  typealias Case = ConvolutionTests.Case

  static let cases =
    ConvolutionTests.cases + [
      // One pixel an image, as behind global pooling, and one row.
      Case(input: [3, 32, 1, 1], out: 48, kernel: 1, stride: 1, dilation: 1, groups: 1),
      Case(input: [2, 16, 1, 5], out: 32, kernel: 3, stride: 1, dilation: 2, groups: 1),
      // More tiles than a thread takes at once.
      Case(input: [2, 64, 37, 70], out: 48, kernel: 3, stride: 1, dilation: 1, groups: 1),
      // Several bands of pixels of several images, a number of panels that two threads do not share evenly.
      Case(input: [3, 64, 47, 45], out: 80, kernel: 1, stride: 1, dilation: 1, groups: 1),
      Case(input: [2, 24, 9, 7], out: 19, kernel: 3, stride: 2, dilation: 1, groups: 1),
    ]

  /// What follows a convolution: the norm's activation, and the sum's where there is one.
  static let endings: [(norm: Activation, sum: Activation?)] = [
    (.none, nil), (.relu, nil), (.relu6, nil), (.none, .relu), (.relu, Activation.none), (.none, .relu6),
  ]

  /// Every number in memory, those of the lanes beyond the last channel too.
  private static func bits(_ tensor: Tensor) -> [UInt32] {
    withExtendedLifetime(tensor) {
      UnsafeBufferPointer(start: tensor.pointer, count: tensor.elementCount).map(\.bitPattern)
    }
  }

  /// What norms `channels` channels so that both ends of ReLU6 are reached.
  private static func epilogue(
    _ channels: Int, _ activation: Activation, _ residual: ConvolutionEpilogue.Residual?
  ) -> ConvolutionEpilogue {
    func statistic(_ name: String, _ body: (Float) -> Float) -> Tensor {
      Tensor(Reference.random([channels], name).map(body), shape: [channels])
    }
    return ConvolutionEpilogue(
      scale: statistic("scale") { $0 * 4 + 2 }, shift: statistic("shift") { $0 },
      mean: statistic("mean") { $0 }, variance: statistic("variance") { 0.5 + $0 * $0 }, epsilon: 1e-5,
      activation: activation, residual: residual)
  }

  private static func apart(_ y: Tensor, _ epilogue: ConvolutionEpilogue) -> Tensor {
    let normed = BatchNormalization.inference(
      y, scale: epilogue.scale, shift: epilogue.shift, mean: epilogue.mean, variance: epilogue.variance,
      epsilon: epilogue.epsilon, activation: epilogue.activation)
    guard let residual = epilogue.residual else { return normed }
    return Elementwise.add(normed, residual.map, activation: residual.activation)
  }

  private static func weight(_ geometry: ConvolutionGeometry) -> Tensor {
    let weight = Tensor(uninitialized: geometry.weightShape, layout: geometry.weightLayout)
    weight.assign(kernelValues: Reference.random(geometry.weightShape, "w"))
    return weight
  }

  private func withThreads(_ threads: Int, _ body: () -> Void) {
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    KernelRuntime.threads = threads
    body()
  }

  @Test(arguments: cases) func sameBitsAsApart(_ test: Case) {
    let exact = Convolution(test.geometry)
    let products = exact.supportsProducts(test.input)
    var ways: [(Convolution, ConvolutionAlgorithm)] = [(exact, .direct)]
    if products && test.kernel == 3 { ways.append((exact, .winograd)) }
    if products { ways.append((exact, .taps)) }
    if Precision.bfloat16.isAvailable {
      let short = Convolution(test.geometry, precision: .bfloat16)
      if products && test.kernel == 3 { ways.append((short, .winograd)) }
      if products { ways.append((short, .taps)) }
      if short.supportsPatches { ways.append((short, .patches)) }
    }
    let values = Reference.random(test.input, "x")
    let x = test.input[1] == 3 ? Tensor(values, shape: test.input) : Tensor(blocked: values, test.input)
    let weight = Self.weight(test.geometry)
    let shape = exact.outputShape(test.input)
    let other = Tensor(blocked: Reference.random(shape, "other").map { $0 * 3 }, shape)
    let before = Self.bits(other)
    for (convolution, algorithm) in ways {
      for threads in [1, 2] {
        withThreads(threads) {
          let plain = convolution.forward(x, weight: weight, bias: nil, algorithm: algorithm)
          for ending in Self.endings {
            let residual = ending.sum.map { ConvolutionEpilogue.Residual(other, activation: $0) }
            let epilogue = Self.epilogue(test.out, ending.norm, residual)
            let fused = convolution.forward(
              x, weight: weight, bias: nil, epilogue: epilogue, algorithm: algorithm)
            #expect(fused.shape == shape && fused.layout == plain.layout)
            let what = "\(algorithm) in \(convolution.precision), \(ending), \(threads) threads"
            #expect(Self.bits(fused) == Self.bits(Self.apart(plain, epilogue)), "\(what)")
          }
        }
      }
    }
    #expect(Self.bits(other) == before)
  }

  @Test func afterABias() {
    let geometry = ConvolutionGeometry(
      inChannels: 16, outChannels: 19, kernel: 1, stride: 1, padding: 0, dilation: 1, groups: 1)
    let convolution = Convolution(geometry)
    let shape: Shape = [2, 16, 3, 5]
    let x = Tensor(blocked: Reference.random(shape, "x"), shape)
    let bias = Tensor((0..<19).map(Float.init), shape: [19])
    let weight = Self.weight(geometry)
    let epilogue = Self.epilogue(19, .relu6, nil)
    #expect(
      Self.bits(convolution.forward(x, weight: weight, bias: bias, epilogue: epilogue))
        == Self.bits(Self.apart(convolution.forward(x, weight: weight, bias: bias), epilogue)))
  }

  /// Infinities, zeros of either sign and what is no number end as they do apart.
  @Test(arguments: [Activation.none, .relu, .relu6]) func unusualNumbers(_ activation: Activation) {
    let geometry = ConvolutionGeometry(
      inChannels: 32, outChannels: 48, kernel: 3, stride: 1, padding: 1, dilation: 1, groups: 1)
    let shape: Shape = [2, 32, 5, 7]
    var values = Reference.random(shape, "x")
    for index in stride(from: 0, to: values.count / 2, by: 1) { values[index] = 0 }
    values[values.count - 1] = .infinity
    values[values.count - 9] = .nan
    let x = Tensor(blocked: values, shape)
    let unusual: [Float] = [0, -0.0, .infinity, -.infinity, .nan, 3.4e38, -3.4e38, 1e-40, 6, -6]
    let other = Tensor(
      blocked: (0..<2 * 48 * 35).map { unusual[$0 % unusual.count] }, [2, 48, 5, 7])
    // Half of the images is zeros: its norm is the shift, a zero of either sign.
    let zeros = [Float](repeating: 0, count: 48)
    let signed = (0..<48).map { $0 % 2 == 0 ? Float(0) : -0.0 }
    let epilogue = ConvolutionEpilogue(
      scale: Tensor(signed.map { $0.sign == .minus ? -1 : 1 }, shape: [48]),
      shift: Tensor(signed, shape: [48]),
      mean: Tensor(zeros, shape: [48]), variance: Tensor(zeros.map { $0 + 1 }, shape: [48]), epsilon: 1e-5,
      activation: activation, residual: .init(other, activation: activation))
    let weight = Self.weight(geometry)
    for algorithm in ConvolutionAlgorithm.allCases
    where algorithm != .patches || Precision.bfloat16.isAvailable {
      let convolution = Convolution(geometry, precision: algorithm == .patches ? .bfloat16 : .float32)
      let plain = convolution.forward(x, weight: weight, bias: nil, algorithm: algorithm)
      let fused = convolution.forward(
        x, weight: weight, bias: nil, epilogue: epilogue, algorithm: algorithm)
      #expect(Self.bits(fused) == Self.bits(Self.apart(plain, epilogue)), "\(algorithm)")
    }
  }
}
