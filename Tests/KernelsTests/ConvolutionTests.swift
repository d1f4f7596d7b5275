import Kernels
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct ConvolutionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let input: Shape
    let out: Int
    let kernel: Int
    let stride: Int
    let dilation: Int
    let groups: Int
    var testDescription: String { "\(input) -> \(out), k \(kernel) s \(stride) d \(dilation) g \(groups)" }
    var geometry: ConvolutionGeometry {
      ConvolutionGeometry(
        inChannels: input[1], outChannels: out, kernel: kernel, stride: stride,
        padding: dilation * (kernel - 1) / 2,
        dilation: dilation, groups: groups)
    }
  }

  static let cases = [
    Case(input: [2, 32, 9, 13], out: 16, kernel: 3, stride: 1, dilation: 1, groups: 1),
    Case(input: [3, 16, 7, 11], out: 48, kernel: 3, stride: 1, dilation: 2, groups: 1),
    Case(input: [2, 16, 11, 14], out: 32, kernel: 3, stride: 1, dilation: 4, groups: 1),
    Case(input: [1, 32, 6, 10], out: 16, kernel: 3, stride: 1, dilation: 12, groups: 1),
    Case(input: [2, 16, 5, 9], out: 16, kernel: 3, stride: 1, dilation: 36, groups: 1),
    // Sub-images of 2 to 3 pixels, of 2 or fewer, and mixed: the schemes besides F(4, 3).
    Case(input: [2, 32, 9, 10], out: 48, kernel: 3, stride: 1, dilation: 4, groups: 1),
    Case(input: [3, 16, 8, 16], out: 32, kernel: 3, stride: 1, dilation: 4, groups: 1),
    Case(input: [2, 48, 9, 7], out: 16, kernel: 3, stride: 1, dilation: 4, groups: 1),
    Case(input: [2, 16, 18, 9], out: 16, kernel: 3, stride: 1, dilation: 4, groups: 1),
    Case(input: [1, 32, 2, 11], out: 32, kernel: 3, stride: 1, dilation: 1, groups: 1),
    // Weights too large for a cache, with few tiles and with many.
    Case(input: [1, 256, 4, 9], out: 208, kernel: 3, stride: 1, dilation: 4, groups: 1),
    Case(input: [3, 208, 8, 46], out: 176, kernel: 3, stride: 1, dilation: 4, groups: 1),
    Case(input: [2, 16, 9, 14], out: 32, kernel: 3, stride: 2, dilation: 1, groups: 1),
    Case(input: [2, 24, 8, 5], out: 40, kernel: 1, stride: 1, dilation: 1, groups: 1),
    Case(input: [2, 3, 17, 22], out: 32, kernel: 3, stride: 2, dilation: 1, groups: 1),
    // Fewer channels than a block, from a blocked map and into one.
    Case(input: [3, 5, 11, 14], out: 24, kernel: 3, stride: 2, dilation: 1, groups: 1),
    Case(input: [2, 7, 9, 6], out: 5, kernel: 3, stride: 1, dilation: 1, groups: 1),
    // A window larger than the map.
    Case(input: [3, 32, 2, 7], out: 48, kernel: 3, stride: 2, dilation: 1, groups: 1),
    // More channels than one product sums, several bands of pixels, and bands of several images.
    Case(input: [2, 528, 17, 19], out: 48, kernel: 1, stride: 1, dilation: 1, groups: 1),
    Case(input: [3, 1040, 3, 5], out: 80, kernel: 1, stride: 1, dilation: 1, groups: 1),
    Case(input: [3, 528, 5, 9], out: 64, kernel: 3, stride: 1, dilation: 3, groups: 1),
    // The same where the source is copied, and taps that see nothing of some bands.
    Case(input: [1, 528, 18, 29], out: 16, kernel: 1, stride: 1, dilation: 1, groups: 1),
    Case(input: [1, 528, 22, 24], out: 16, kernel: 3, stride: 1, dilation: 12, groups: 1),
    Case(input: [1, 16, 43, 51], out: 112, kernel: 3, stride: 1, dilation: 24, groups: 1),
    Case(input: [2, 16, 4, 6], out: 19, kernel: 1, stride: 1, dilation: 1, groups: 1),
    Case(input: [2, 24, 9, 7], out: 24, kernel: 3, stride: 1, dilation: 1, groups: 24),
    Case(input: [2, 24, 9, 7], out: 24, kernel: 3, stride: 2, dilation: 1, groups: 24),
    Case(input: [2, 40, 9, 7], out: 40, kernel: 3, stride: 1, dilation: 2, groups: 40),
    Case(input: [2, 32, 9, 17], out: 32, kernel: 3, stride: 1, dilation: 4, groups: 32),
    Case(input: [3, 24, 5, 15], out: 24, kernel: 3, stride: 1, dilation: 12, groups: 24),
    Case(input: [2, 32, 6, 7], out: 48, kernel: 3, stride: 1, dilation: 1, groups: 2),
  ]

  /// Every algorithm that applies agrees with the definition, in all three passes.
  @Test(arguments: cases) func agreesWithDefinition(_ test: Case) {
    let convolution = Convolution(test.geometry)
    let weightShape = test.geometry.weightShape
    let x = Reference.random(test.input, "x")
    let w = Reference.random(weightShape, "w")
    let outputShape = convolution.outputShape(test.input)
    let dy = Reference.random(outputShape, "dy")
    var y = [Double](repeating: 0, count: outputShape.count)
    var dx = [Double](repeating: 0, count: test.input.count)
    var dw = [Double](repeating: 0, count: weightShape.count)
    Reference.products(test.geometry, test.input) { output, input, weight in
      y[output] += Double(x[input]) * Double(w[weight])
      dx[input] += Double(dy[output]) * Double(w[weight])
      dw[weight] += Double(dy[output]) * Double(x[input])
    }

    let weight = Tensor(uninitialized: weightShape, layout: test.geometry.weightLayout)
    weight.assign(kernelValues: w)
    let isImage = test.input[1] == 3
    let input = isImage ? Tensor(x, shape: test.input) : Tensor(blocked: x, test.input)
    let gradient = Tensor(blocked: dy, outputShape)
    let algorithms = ConvolutionAlgorithm.allCases.filter { algorithm in
      switch algorithm {
      case .direct: true
      case .winograd: test.kernel == 3 && convolution.supportsProducts(test.input)
      case .taps: convolution.supportsProducts(test.input)
      // In bfloat16 only: PrecisionTests.
      case .patches: false
      }
    }
    for algorithm in algorithms {
      let what = "\(test.testDescription), \(algorithm)"
      let output = convolution.forward(input, weight: weight, bias: nil, algorithm: algorithm)
      close(output.plainValues, y, "y of \(what)")
      if !isImage {
        let back = convolution.backwardData(gradient, weight: weight, shape: test.input, algorithm: algorithm)
        close(back.plainValues, dx, "dx of \(what)")
      }
      let weightGradient = Tensor(uninitialized: weightShape, layout: test.geometry.weightLayout)
      convolution.backwardWeights(
        input, gradient, weightGradient: weightGradient, biasGradient: nil, algorithm: algorithm)
      close(weightGradient.kernelValues, dw, "dw of \(what)")
    }
  }

  /// - Parameter step: from one channel's bias to the next: small where many terms are added, so that they keep their digits.
  @Test(
    arguments: [
      (Case(input: [2, 16, 3, 5], out: 19, kernel: 1, stride: 1, dilation: 1, groups: 1), 1),
      (Case(input: [3, 32, 2, 7], out: 48, kernel: 3, stride: 2, dilation: 1, groups: 1), 0.0625),
    ] as [(Case, Float)]) func biasIsAddedAndItsGradientSums(_ test: Case, step: Float)
  {
    let geometry = test.geometry
    let convolution = Convolution(geometry)
    let shape = convolution.outputShape(test.input)
    let weight = Tensor(uninitialized: geometry.weightShape, layout: .hwio)
    weight.assign(kernelValues: Reference.random(geometry.weightShape, "w"))
    let bias = Tensor((0..<test.out).map { Float($0) * step }, shape: [test.out])
    let x = Tensor(blocked: Reference.random(test.input, "x"), test.input)
    let channel = { (index: Int) in index / (shape[2] * shape[3]) % test.out }
    let without = convolution.forward(x, weight: weight, bias: nil).plainValues
    let with = convolution.forward(x, weight: weight, bias: bias).plainValues
    let expected = without.indices.map { without[$0] + Float(channel($0)) * step }
    expectClose(actual: with, expected: expected, tolerance: 1e-5)

    let dyValues = Reference.random(shape, "dy")
    let dw = Tensor(uninitialized: geometry.weightShape, layout: .hwio)
    let db = Tensor(uninitialized: [test.out])
    convolution.backwardWeights(x, Tensor(blocked: dyValues, shape), weightGradient: dw, biasGradient: db)
    var sums = [Float](repeating: 0, count: test.out)
    for (index, value) in dyValues.enumerated() { sums[channel(index)] += value }
    expectClose(actual: db.values, expected: sums, tolerance: 1e-5)
  }

  /// The same bits again, for each algorithm: nothing depends on which thread came first.
  @Test(arguments: [1, 2]) func sameThreadsSameBits(_ threads: Int) {
    let before = KernelRuntime.threads
    KernelRuntime.threads = threads
    defer { KernelRuntime.threads = before }
    let test = Case(input: [3, 32, 17, 23], out: 32, kernel: 3, stride: 1, dilation: 2, groups: 1)
    let convolution = Convolution(test.geometry)
    let weight = Tensor(uninitialized: test.geometry.weightShape, layout: .hwio)
    weight.assign(kernelValues: Reference.random(test.geometry.weightShape, "w"))
    let x = Tensor(blocked: Reference.random(test.input, "x"), test.input)
    let gradient = Tensor(blocked: Reference.random(test.input, "dy"), test.input)
    for algorithm in [ConvolutionAlgorithm.winograd, .taps] {
      func passes() -> [[Float]] {
        let dw = Tensor(uninitialized: test.geometry.weightShape, layout: .hwio)
        convolution.backwardWeights(x, gradient, weightGradient: dw, biasGradient: nil, algorithm: algorithm)
        return [
          convolution.forward(x, weight: weight, bias: nil, algorithm: algorithm).plainValues,
          convolution.backwardData(gradient, weight: weight, shape: test.input, algorithm: algorithm)
            .plainValues,
          dw.kernelValues,
        ]
      }
      #expect(passes() == passes())
    }
  }

  /// No layer of the networks falls on the library's reference loops, which are a thousand times slower.
  @Test func choiceIsAFunctionOfTheShape() {
    let dilated = Convolution(
      ConvolutionGeometry(
        inChannels: 512, outChannels: 512, kernel: 3, stride: 1, padding: 4, dilation: 4, groups: 1))
    #expect(dilated.algorithm(for: [4, 512, 32, 64]) == .winograd)
    #expect(dilated.algorithm(for: [4, 512, 32, 64]) != .direct)
    let pyramid = Convolution(
      ConvolutionGeometry(
        inChannels: 512, outChannels: 128, kernel: 3, stride: 1, padding: 36, dilation: 36, groups: 1))
    #expect(pyramid.algorithm(for: [4, 512, 32, 64]) == .taps)
  }

  private func close(_ actual: [Float], _ expected: [Double], _ what: String) {
    let scale = (expected.reduce(0) { $0 + $1 * $1 } / Double(max(expected.count, 1))).squareRoot()
    // Winograd's transforms cost about two decimal digits of float32; everything else stays far below.
    expectClose(actual: actual.map(Double.init), expected: expected, tolerance: 2e-5 * max(scale, 1), what)
  }
}
