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

  private struct Passes: Equatable {
    var y: [Float]
    var dx: [Float]
    var dw: [Float]
  }

  private func passes(
    _ test: ConvolutionTests.Case, _ precision: Precision, _ x: [Float], _ w: [Float], _ dy: [Float]
  ) -> Passes {
    let convolution = Convolution(test.geometry, precision: precision)
    let weight = Tensor(uninitialized: test.geometry.weightShape, layout: .hwio)
    weight.assign(kernelValues: w)
    let input = Tensor(blocked: x, test.input)
    let gradient = Tensor(blocked: dy, convolution.outputShape(test.input))
    let dw = Tensor(uninitialized: test.geometry.weightShape, layout: .hwio)
    convolution.backwardWeights(input, gradient, weightGradient: dw, biasGradient: nil, algorithm: .taps)
    return Passes(
      y: convolution.forward(input, weight: weight, bias: nil, algorithm: .taps).plainValues,
      dx: convolution.backwardData(gradient, weight: weight, shape: test.input, algorithm: .taps).plainValues,
      dw: dw.kernelValues)
  }

  @Test(arguments: cases) func operandsAreRoundedAndSumsAreNot(_ test: ConvolutionTests.Case) {
    let outputShape = Convolution(test.geometry).outputShape(test.input)
    let x = Reference.random(test.input, "x")
    let w = Reference.random(test.geometry.weightShape, "w")
    let dy = Reference.random(outputShape, "dy")
    let (rx, rw, rdy) = (x.map(Self.rounded), w.map(Self.rounded), dy.map(Self.rounded))
    let short = passes(test, .bfloat16, x, w, dy)
    #expect(short == passes(test, .bfloat16, rx, rw, rdy), "rounding is to the nearest, ties to even")

    let exact = passes(test, .float32, rx, rw, rdy)
    for (actual, expected, what) in [
      (short.y, exact.y, "y"), (short.dx, exact.dx, "dx"), (short.dw, exact.dw, "dw"),
    ] {
      let scale = (expected.reduce(0) { $0 + $1 * $1 } / Float(expected.count)).squareRoot()
      expectClose(actual: actual, expected: expected, tolerance: 1e-5 * max(scale, 1), "\(what) of \(test)")
    }
    // Far from float32's result, or nothing was rounded at all.
    #expect(short.y != passes(test, .float32, x, w, dy).y)
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
        return passes(test, .bfloat16, x, w, dy)
      }
      #expect(runs.dropFirst().allSatisfy { $0 == runs[0] })
    }
  }

  /// A dilated layer whose Winograd products and taps are about as many goes to the taps, which bfloat16 halves.
  @Test func tapsCostHalf() {
    let geometry = ConvolutionGeometry(
      inChannels: 256, outChannels: 256, kernel: 3, stride: 1, padding: 12, dilation: 12, groups: 1)
    let shapes: [Shape] = (13...40).map { [2, 256, $0, $0] }
    func taps(_ precision: Precision) -> Int {
      let convolution = Convolution(geometry, precision: precision)
      return shapes.count { convolution.algorithm(for: $0) == .taps }
    }
    #expect(taps(.bfloat16) > taps(.float32))
  }
}
