import Kernels
import TestSupport
import Tensors
import Testing

/// Winograd with operands in bfloat16, beside a Toom-Cook convolution in double precision that rounds the same operands.
@Suite(.serialized, .enabled(if: Precision.bfloat16.isAvailable, "this CPU has no AVX-512 BF16"))
struct RoundedWinogradTests {
  typealias Matrix = [[Double]]

  /// F(4, 3) at these points and infinity, by its textbook definition.
  enum Scheme {
    static let points: [Double] = [0, 11.0 / 16, -11.0 / 16, 1.5, -1.5]

    /// Coefficients of the product of (x - p), the constant first.
    static func polynomial(_ roots: [Double]) -> [Double] {
      roots.reduce([1]) { product, root in
        (0...product.count).map {
          ($0 > 0 ? product[$0 - 1] : 0) - ($0 < product.count ? product[$0] * root : 0)
        }
      }
    }

    private static func others(_ index: Int) -> [Double] {
      points.indices.filter { $0 != index }.map { points[$0] }
    }
    private static func power(_ base: Double, _ exponent: Int) -> Double {
      (0..<exponent).reduce(1) { product, _ in product * base }
    }

    /// B^T, A^T and G.
    static let input: Matrix = points.indices.map { polynomial(others($0)) + [0] } + [polynomial(points)]
    static let output: Matrix = (0..<4).map { row in points.map { power($0, row) } + [row == 3 ? 1 : 0] }
    static let weights: Matrix =
      points.indices.map { index in
        let scale = others(index).reduce(1) { $0 * (points[index] - $1) }
        return (0..<3).map { power(points[index], $0) / scale }
      } + [[0, 0, 1]]
  }

  private static func transposed(_ m: Matrix) -> Matrix {
    m[0].indices.map { column in m.map { $0[column] } }
  }
  private static func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    let columns = transposed(b)
    return a.map { row in columns.map { column in zip(row, column).reduce(0) { $0 + $1.0 * $1.1 } } }
  }
  /// m v m^T, rounded to bfloat16.
  private static func operand(_ m: Matrix, _ v: Matrix) -> [Double] {
    product(product(m, v), transposed(m)).flatMap { $0.map { Double(PrecisionTests.rounded(Float($0))) } }
  }
  private static func square(_ values: [Double]) -> Matrix {
    (0..<6).map { Array(values[6 * $0..<6 * $0 + 6]) }
  }

  /// Pixels of a plain map from a corner; zeros outside.
  private static func patch(
    _ map: [Float], _ shape: Shape, _ image: Int, _ channel: Int, _ top: Int, _ left: Int, side: Int
  ) -> Matrix {
    (top..<top + side).map { row in
      (left..<left + side).map { column in
        guard (0..<shape[2]).contains(row), (0..<shape[3]).contains(column) else { return 0 }
        return Double(map[((image * shape[1] + channel) * shape[2] + row) * shape[3] + column])
      }
    }
  }

  private static func corners(_ shape: Shape) -> [(image: Int, row: Int, column: Int)] {
    (0..<shape[0]).flatMap { image in
      stride(from: 0, to: shape[2], by: 4).flatMap { row in
        stride(from: 0, to: shape[3], by: 4).map { (image, row, $0) }
      }
    }
  }

  /// x * w at stride 1 with a padding of 1. `kernel(o, i)`: 3 x 3.
  private static func convolution(
    _ x: [Float], _ shape: Shape, outputs: Int, _ kernel: (Int, Int) -> Matrix
  ) -> [Double] {
    let u = (0..<outputs).map { o in (0..<shape[1]).map { operand(Scheme.weights, kernel(o, $0)) } }
    var y = [Double](repeating: 0, count: shape[0] * outputs * shape[2] * shape[3])
    for (image, top, left) in corners(shape) {
      let v = (0..<shape[1]).map {
        operand(Scheme.input, patch(x, shape, image, $0, top - 1, left - 1, side: 6))
      }
      for o in 0..<outputs {
        let sums = (0..<36).map { p in v.indices.reduce(0) { $0 + v[$1][p] * u[o][$1][p] } }
        let tile = product(product(Scheme.output, square(sums)), transposed(Scheme.output))
        for row in top..<min(top + 4, shape[2]) {
          for column in left..<min(left + 4, shape[3]) {
            y[((image * outputs + o) * shape[2] + row) * shape[3] + column] = tile[row - top][column - left]
          }
        }
      }
    }
    return y
  }

  /// dL/dw, [out, in, 3, 3].
  private static func weightGradient(_ x: [Float], _ shape: Shape, _ dy: [Float], outputs: Int) -> [Double] {
    let expand = transposed(Scheme.output)
    var sums = [[[Double]]](
      repeating: .init(repeating: .init(repeating: 0, count: 36), count: shape[1]), count: outputs)
    let outputShape: Shape = [shape[0], outputs, shape[2], shape[3]]
    for (image, top, left) in corners(shape) {
      let v = (0..<shape[1]).map {
        operand(Scheme.input, patch(x, shape, image, $0, top - 1, left - 1, side: 6))
      }
      for o in 0..<outputs {
        let e = operand(expand, patch(dy, outputShape, image, o, top, left, side: 4))
        for i in v.indices { for p in 0..<36 { sums[o][i][p] += v[i][p] * e[p] } }
      }
    }
    let contract = transposed(Scheme.weights)
    return sums.flatMap {
      $0.flatMap { product(product(contract, square($0)), Scheme.weights).flatMap { $0 } }
    }
  }

  /// Root of the mean square of the difference, as a share of that of `expected`.
  private static func error(_ actual: [Float], _ expected: [Double]) -> Double {
    let squares = expected.reduce(0) { $0 + $1 * $1 }
    return (zip(actual, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) } / squares)
      .squareRoot()
  }

  /// y, dx and dw.
  private static func passes(
    _ test: ConvolutionTests.Case, _ precision: Precision, _ x: [Float], _ w: [Float], _ dy: [Float]
  ) -> [[Float]] {
    let passes = PrecisionTests.passes(test, precision, x, w, dy, algorithm: .winograd)
    return [passes.y, passes.dx, passes.dw]
  }

  private static func values(_ test: ConvolutionTests.Case) -> (x: [Float], w: [Float], dy: [Float]) {
    (
      Reference.random(test.input, "x"), Reference.random(test.geometry.weightShape, "w"),
      Reference.random(Convolution(test.geometry).outputShape(test.input), "dy")
    )
  }

  /// Few and many tiles, an odd number of them, few and many weights: each way that work is split.
  static let cases = [
    ConvolutionTests.Case(input: [2, 32, 9, 14], out: 48, kernel: 3, stride: 1, dilation: 1, groups: 1),
    ConvolutionTests.Case(input: [1, 16, 9, 9], out: 16, kernel: 3, stride: 1, dilation: 1, groups: 1),
    ConvolutionTests.Case(input: [3, 16, 37, 41], out: 32, kernel: 3, stride: 1, dilation: 1, groups: 1),
    ConvolutionTests.Case(input: [1, 160, 6, 7], out: 112, kernel: 3, stride: 1, dilation: 1, groups: 1),
    ConvolutionTests.Case(input: [2, 160, 23, 24], out: 112, kernel: 3, stride: 1, dilation: 1, groups: 1),
  ]

  @Test(arguments: cases) func transformedOperandsAreRoundedAndSumsAreNot(_ test: ConvolutionTests.Case) {
    let (x, w, dy) = Self.values(test)
    let (inputs, outputs) = (test.input[1], test.out)
    func kernel(_ o: Int, _ i: Int) -> Matrix {
      (0..<3).map { row in (0..<3).map { Double(w[((o * inputs + i) * 3 + row) * 3 + $0]) } }
    }
    let expected = [
      Self.convolution(x, test.input, outputs: outputs, kernel),
      Self.convolution(dy, [test.input[0], outputs, test.input[2], test.input[3]], outputs: inputs) {
        kernel($1, $0).reversed().map { $0.reversed() }
      },
      Self.weightGradient(x, test.input, dy, outputs: outputs),
    ]
    for (what, (actual, expected)) in zip(
      ["y", "dx", "dw"], zip(Self.passes(test, .bfloat16, x, w, dy), expected))
    {
      // A transform in float32 now and then rounds to the other neighbour.
      let error = Self.error(actual, expected)
      #expect(error < 5e-4, "\(what) of \(test): \(error)")
    }
  }

  /// Whatever schemes the axes take.
  @Test(
    arguments: ConvolutionTests.cases.filter {
      $0.kernel == 3 && $0.stride == 1 && $0.groups == 1 && $0.input[1] % 16 == 0 && $0.out % 16 == 0
    })
  func errorsAreSmall(_ test: ConvolutionTests.Case) {
    let (x, w, dy) = Self.values(test)
    let exact = Self.passes(test, .float32, x, w, dy), short = Self.passes(test, .bfloat16, x, w, dy)
    for (what, (short, exact)) in zip(["y", "dx", "dw"], zip(short, exact)) {
      let error = Self.error(short, exact.map(Double.init))
      #expect(0.0015 < error && error < 0.0135, "\(what) of \(test): \(error)")
    }
  }

  @Test(arguments: cases) func sameBits(_ test: ConvolutionTests.Case) {
    let (x, w, dy) = Self.values(test)
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    let runs = [1, 2, 1, 2].map { threads in
      KernelRuntime.threads = threads
      return Self.passes(test, .bfloat16, x, w, dy)
    }
    #expect(runs.dropFirst().allSatisfy { $0 == runs[0] })
  }
}
