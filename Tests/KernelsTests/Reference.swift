import Kernels
import Tensors

/// Definitions, in double precision and without any cleverness.
enum Reference {
  static func random(_ shape: Shape, _ name: String) -> [Float] {
    var source = RandomSource(seed: 17, purpose: name)
    return (0..<shape.count).map { _ in Float(source.uniform(-1, 1)) }
  }

  /// Calls `body(output index, input index, weight index)` for every product of a convolution; plain layouts.
  static func products(_ g: ConvolutionGeometry, _ x: Shape, _ body: (Int, Int, Int) -> Void) {
    let (height, width) = (g.outputExtent(x[2]), g.outputExtent(x[3]))
    let (groupIn, groupOut) = (g.inChannels / g.groups, g.outChannels / g.groups)
    for n in 0..<x[0] {
      for o in 0..<g.outChannels {
        for i in 0..<groupIn {
          let channel = o / groupOut * groupIn + i
          for y in 0..<height {
            for c in 0..<width {
              for r in 0..<g.kernel {
                for s in 0..<g.kernel {
                  let row = y * g.stride + r * g.dilation - g.padding
                  let column = c * g.stride + s * g.dilation - g.padding
                  guard row >= 0, row < x[2], column >= 0, column < x[3] else { continue }
                  body(
                    ((n * g.outChannels + o) * height + y) * width + c,
                    ((n * x[1] + channel) * x[2] + row) * x[3] + column,
                    ((o * groupIn + i) * g.kernel + r) * g.kernel + s)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Bilinear interpolation weights of one axis, half-pixel centres, clamped: (lower, upper, share of upper).
  static func axis(_ from: Int, _ to: Int) -> [(Int, Int, Double)] {
    (0..<to).map { index in
      let source = max(0, (Double(index) + 0.5) * Double(from) / Double(to) - 0.5)
      let lower = min(Int(source), from - 1)
      return (lower, min(lower + 1, from - 1), source - Double(lower))
    }
  }
}

extension Tensor {
  init(blocked values: [Float], _ shape: Shape) {
    self = Tensor(values, shape: shape).converted(to: KernelRuntime.preferredLayout)
  }

  var plainValues: [Float] { converted(to: .plain).values }
}
