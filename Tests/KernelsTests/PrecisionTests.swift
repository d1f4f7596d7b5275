import Kernels
import TestSupport
import Tensors
import Testing

/// Products in bfloat16 are those of float32 on operands that were rounded before.
@Suite(.serialized, .enabled(if: Precision.bfloat16.isAvailable, "this CPU has no AVX-512 BF16"))
struct PrecisionTests {
  static let cases =
    ConvolutionTests.cases.filter { test in
      test.stride == 1 && test.groups == 1 && test.input[1] % 16 == 0 && test.out % 16 == 0
    } + [
      // Odd numbers of pixels, so that a pair of pixels spans rows, images, or the end.
      ConvolutionTests.Case(input: [3, 32, 5, 7], out: 80, kernel: 1, stride: 1, dilation: 1, groups: 1),
      ConvolutionTests.Case(input: [1, 48, 5, 3], out: 64, kernel: 3, stride: 1, dilation: 2, groups: 1),
      ConvolutionTests.Case(input: [2, 64, 33, 65], out: 112, kernel: 1, stride: 1, dilation: 1, groups: 1),
    ]

  /// To the nearest number with 7 bits of fraction, ties to even.
  static func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }

  /// What products on gathered patches do: strides, biases.
  static let patchCases = [
    ConvolutionTests.Case(input: [2, 16, 9, 14], out: 32, kernel: 3, stride: 2, dilation: 1, groups: 1),
    ConvolutionTests.Case(input: [3, 48, 7, 12], out: 80, kernel: 1, stride: 2, dilation: 1, groups: 1),
    ConvolutionTests.Case(input: [1, 32, 17, 23], out: 112, kernel: 7, stride: 4, dilation: 1, groups: 1),
    ConvolutionTests.Case(input: [2, 48, 11, 8], out: 16, kernel: 3, stride: 2, dilation: 2, groups: 1),
    // More pixels than are summed at once, an odd number of them.
    ConvolutionTests.Case(input: [2, 16, 37, 41], out: 64, kernel: 3, stride: 1, dilation: 1, groups: 1),
    // Windows that see nothing of the image at some taps.
    ConvolutionTests.Case(input: [1, 32, 3, 5], out: 48, kernel: 3, stride: 2, dilation: 6, groups: 1),
  ]

  struct Passes: Equatable {
    var y: [Float]
    var dx: [Float]
    var dw: [Float]
    var db: [Float] = []
  }

  /// Forward and both gradients.
  static func passes(
    _ test: ConvolutionTests.Case, _ precision: Precision, _ x: [Float], _ w: [Float], _ dy: [Float],
    bias: [Float]? = nil, algorithm: ConvolutionAlgorithm = .taps
  ) -> Passes {
    let convolution = Convolution(test.geometry, precision: precision)
    let weight = Tensor(uninitialized: test.geometry.weightShape, layout: .hwio)
    weight.assign(kernelValues: w)
    let input = Tensor(blocked: x, test.input)
    let gradient = Tensor(blocked: dy, convolution.outputShape(test.input))
    let dw = Tensor(uninitialized: test.geometry.weightShape, layout: .hwio)
    let bias = bias.map { Tensor($0, shape: [test.out]) }
    let db = bias.map { Tensor(uninitialized: $0.shape) }
    convolution.backwardWeights(
      input, gradient, weightGradient: dw, biasGradient: db, algorithm: algorithm)
    return Passes(
      y: convolution.forward(input, weight: weight, bias: bias, algorithm: algorithm).plainValues,
      dx: convolution.backwardData(gradient, weight: weight, shape: test.input, algorithm: algorithm)
        .plainValues,
      dw: dw.kernelValues, db: db?.values ?? [])
  }

  @Test(arguments: cases) func operandsAreRoundedAndSumsAreNot(_ test: ConvolutionTests.Case) {
    let outputShape = Convolution(test.geometry).outputShape(test.input)
    let x = Reference.random(test.input, "x")
    let w = Reference.random(test.geometry.weightShape, "w")
    let dy = Reference.random(outputShape, "dy")
    let (rx, rw, rdy) = (x.map(Self.rounded), w.map(Self.rounded), dy.map(Self.rounded))
    let short = Self.passes(test, .bfloat16, x, w, dy)
    #expect(short == Self.passes(test, .bfloat16, rx, rw, rdy), "rounding is to the nearest, ties to even")

    let exact = Self.passes(test, .float32, rx, rw, rdy)
    for (actual, expected, what) in [
      (short.y, exact.y, "y"), (short.dx, exact.dx, "dx"), (short.dw, exact.dw, "dw"),
    ] {
      let scale = (expected.reduce(0) { $0 + $1 * $1 } / Float(expected.count)).squareRoot()
      expectClose(actual: actual, expected: expected, tolerance: 1e-5 * max(scale, 1), "\(what) of \(test)")
    }
    // Far from float32's result, or nothing was rounded at all.
    #expect(short.y != Self.passes(test, .float32, x, w, dy).y)
  }

  @Test(arguments: patchCases) func patchesAreRoundedAndSumsAreNot(_ test: ConvolutionTests.Case) {
    let x = Reference.random(test.input, "x")
    let w = Reference.random(test.geometry.weightShape, "w")
    let dy = Reference.random(Convolution(test.geometry).outputShape(test.input), "dy")
    let bias = Reference.random([test.out], "bias")
    let (rx, rw, rdy) = (x.map(Self.rounded), w.map(Self.rounded), dy.map(Self.rounded))
    for bias in [nil, bias] {
      let short = Self.passes(test, .bfloat16, x, w, dy, bias: bias, algorithm: .patches)
      var again = Self.passes(test, .bfloat16, rx, rw, rdy, bias: bias, algorithm: .patches)
      // A bias' gradient is a sum, not a product.
      again.db = short.db
      #expect(short == again, "rounding is to the nearest, ties to even")
      let exact = Self.passes(test, .float32, rx, rw, rdy, bias: bias, algorithm: .direct)
      let plain = Self.passes(test, .float32, x, w, dy, bias: bias, algorithm: .direct)
      for (actual, expected, what) in [
        (short.y, exact.y, "y"), (short.dx, exact.dx, "dx"), (short.dw, exact.dw, "dw"),
        (short.db, plain.db, "db"),
      ] where !expected.isEmpty {
        let scale = (expected.reduce(0) { $0 + $1 * $1 } / Float(expected.count)).squareRoot()
        expectClose(actual: actual, expected: expected, tolerance: 1e-5 * max(scale, 1), "\(what) of \(test)")
      }
      #expect(short.y != plain.y)
    }
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    let runs = [1, 2, 1, 2].map { threads in
      KernelRuntime.threads = threads
      return Self.passes(test, .bfloat16, x, w, dy, bias: bias, algorithm: .patches)
    }
    #expect(runs.dropFirst().allSatisfy { $0 == runs[0] })
  }

  /// Strides and biases are what chooses patches, where channels are whole blocks.
  @Test func whenPatchesAreTaken() {
    func algorithm(_ inputs: Int, _ outputs: Int, stride: Int, groups: Int = 1, bias: Bool = false)
      -> [ConvolutionAlgorithm]
    {
      let geometry = ConvolutionGeometry(
        inChannels: inputs, outChannels: outputs, kernel: 3, stride: stride, padding: 1, dilation: 1,
        groups: groups)
      return [Precision.float32, .bfloat16].map {
        Convolution(geometry, precision: $0).algorithm(for: [2, inputs, 32, 32], withBias: bias)
      }
    }
    #expect(algorithm(64, 128, stride: 2) == [.direct, .patches])
    #expect(algorithm(64, 128, stride: 1, bias: true) == [.direct, .patches])
    #expect(algorithm(64, 128, stride: 1) == [.winograd, .winograd])
    #expect(algorithm(3, 64, stride: 2) == [.direct, .direct])
    #expect(algorithm(64, 64, stride: 2, groups: 64) == [.direct, .direct])
  }

  /// Nothing depends on which thread came first, nor on how many there are.
  @Test func sameBits() {
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    for test in [
      ConvolutionTests.Case(input: [3, 96, 17, 23], out: 48, kernel: 1, stride: 1, dilation: 1, groups: 1),
      ConvolutionTests.Case(input: [3, 32, 17, 23], out: 64, kernel: 3, stride: 1, dilation: 5, groups: 1),
    ] {
      let outputShape = Convolution(test.geometry).outputShape(test.input)
      let x = Reference.random(test.input, "x")
      let w = Reference.random(test.geometry.weightShape, "w")
      let dy = Reference.random(outputShape, "dy")
      let runs = [1, 2, 1, 2].map { threads in
        KernelRuntime.threads = threads
        return Self.passes(test, .bfloat16, x, w, dy)
      }
      #expect(runs.dropFirst().allSatisfy { $0 == runs[0] })
    }
  }

  struct DenseCase: CustomTestStringConvertible, Sendable {
    let rows: Int
    let inputs: Int
    let outputs: Int
    /// A dense layer's weights are [out, in], those of a projection of patches [in, out].
    let isPatch: Bool
    var testDescription: String { "\(rows) rows, \(inputs) to \(outputs)\(isPatch ? ", patches" : "")" }
    var weightShape: Shape { isPatch ? [outputs, inputs, 1, 1] : [outputs, inputs] }
  }
  static let denseCases = [
    DenseCase(rows: 7, inputs: 48, outputs: 16, isPatch: false),
    DenseCase(rows: 231, inputs: 64, outputs: 112, isPatch: false),
    // More than are summed at once, and an odd number of them.
    DenseCase(rows: 2051, inputs: 32, outputs: 64, isPatch: true),
    DenseCase(rows: 33, inputs: 2048, outputs: 80, isPatch: true),
  ]

  private static func passes(
    _ test: DenseCase, _ precision: Precision, _ x: [Float], _ w: [Float], _ dy: [Float], bias: [Float]?
  ) -> Passes {
    var weight = Tensor(w, shape: test.weightShape)
    if test.isPatch {
      weight = Tensor(uninitialized: test.weightShape, layout: .hwio)
      weight.assign(kernelValues: w)
    }
    let input = Tensor(x, shape: [test.rows, test.inputs])
    let gradient = Tensor(dy, shape: [test.rows, test.outputs])
    let dw = Dense.backwardWeights(input, gradient, weight: weight, precision: precision)
    let y = Dense.forward(
      input, weight: weight, bias: bias.map { Tensor($0, shape: [test.outputs]) }, precision: precision)
    let dx = Dense.backwardData(gradient, weight: weight, shape: input.shape, precision: precision)
    return Passes(
      y: y.values, dx: dx.values,
      dw: (test.isPatch ? dw.weight.kernelValues : dw.weight.values) + dw.bias.values)
  }

  @Test(arguments: denseCases) func denseOperandsAreRoundedAndSumsAreNot(_ test: DenseCase) {
    let x = Reference.random([test.rows, test.inputs], "x")
    let w = Reference.random(test.weightShape, "w")
    let dy = Reference.random([test.rows, test.outputs], "dy")
    let bias = Reference.random([test.outputs], "bias")
    let (rx, rw, rdy) = (x.map(Self.rounded), w.map(Self.rounded), dy.map(Self.rounded))
    for bias in [nil, bias] {
      let short = Self.passes(test, .bfloat16, x, w, dy, bias: bias)
      let again = Self.passes(test, .bfloat16, rx, rw, rdy, bias: bias)
      #expect(short.y == again.y && short.dx == again.dx, "rounding is to the nearest, ties to even")
      // A bias' gradient is a sum, not a product: nothing of it is rounded.
      #expect(short.dw.dropLast(test.outputs) == again.dw.dropLast(test.outputs))
      let exact = Self.passes(test, .float32, rx, rw, rdy, bias: bias)
      let plain = Self.passes(test, .float32, x, w, dy, bias: bias)
      #expect(short.dw.suffix(test.outputs) == plain.dw.suffix(test.outputs))
      #expect(short.y != plain.y && short.dx != plain.dx && short.dw != plain.dw)
      for (actual, expected, what) in [
        (short.y, exact.y, "y"), (short.dx, exact.dx, "dx"),
        (Array(short.dw.dropLast(test.outputs)), Array(exact.dw.dropLast(test.outputs)), "dw"),
      ] {
        let scale = (expected.reduce(0) { $0 + $1 * $1 } / Float(expected.count)).squareRoot()
        expectClose(actual: actual, expected: expected, tolerance: 1e-5 * max(scale, 1), "\(what) of \(test)")
      }
    }
  }

  /// The pieces of a product depend on the threads, its numbers do not.
  @Test(arguments: denseCases) func denseBitsAreThoseOfAnyThreads(_ test: DenseCase) {
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    let x = Reference.random([test.rows, test.inputs], "x")
    let w = Reference.random(test.weightShape, "w")
    let dy = Reference.random([test.rows, test.outputs], "dy")
    let runs = [1, 2, 1, 2].map { threads in
      KernelRuntime.threads = threads
      return Self.passes(test, .bfloat16, x, w, dy, bias: nil)
    }
    #expect(runs.dropFirst().allSatisfy { $0 == runs[0] })
  }

  /// Where channels are no whole blocks, products stay in float32.
  @Test(arguments: [(20, 32), (32, 19)]) func otherChannelsAreNotRounded(inputs: Int, outputs: Int) {
    let test = DenseCase(rows: 9, inputs: inputs, outputs: outputs, isPatch: false)
    let x = Reference.random([test.rows, test.inputs], "x")
    let w = Reference.random(test.weightShape, "w")
    let dy = Reference.random([test.rows, test.outputs], "dy")
    #expect(
      Self.passes(test, .bfloat16, x, w, dy, bias: nil) == Self.passes(test, .float32, x, w, dy, bias: nil))
  }

  /// Both algorithms' products and what they move take half in bfloat16, so that the choice is that of float32.
  @Test func precisionDoesNotChoose() {
    let geometry = ConvolutionGeometry(
      inChannels: 256, outChannels: 256, kernel: 3, stride: 1, padding: 12, dilation: 12, groups: 1)
    let algorithms = Precision.allCases.map { precision in
      (13...40).map { Convolution(geometry, precision: precision).algorithm(for: [2, 256, $0, $0]) }
    }
    #expect(algorithms[0] == algorithms[1] && Set(algorithms[0]) == [.taps, .winograd])
  }
}
