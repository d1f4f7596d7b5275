import Kernels
import Tensors
import Testing

/// What products count of themselves, for rooflines: two operations a multiply-add, and each operand once.
@Suite(.serialized) struct ProfilerTests {
  private struct Count: Equatable {
    let operations, bytes: Double
    let done: [Precision: Double]
  }

  private func counted(_ work: () -> Void) -> Count {
    Profiler.set(on: true)
    defer { Profiler.set(on: false) }
    work()
    let done = Precision.allCases.map { ($0, Profiler.done(in: $0)) }
    return Count(
      operations: Profiler.operations, bytes: Profiler.bytes, done: Dictionary(uniqueKeysWithValues: done))
  }

  @Test func convolutionsCountEachDirection() {
    let geometry = ConvolutionGeometry(
      inChannels: 16, outChannels: 32, kernel: 3, stride: 1, padding: 1, dilation: 1, groups: 1)
    let convolution = Convolution(geometry)
    let layout = KernelRuntime.preferredLayout
    let x = Tensor(uninitialized: [2, 16, 6, 5], layout: layout)
    x.pointer.update(repeating: 1, count: x.elementCount)
    let weight = Tensor(uninitialized: geometry.weightShape, layout: geometry.weightLayout)
    weight.pointer.update(repeating: 1, count: weight.elementCount)
    var y = x
    let forward = counted { y = convolution.forward(x, weight: weight, bias: nil) }
    // 2 x 32 x 30 outputs of 16 x 9 products.
    #expect(forward.operations == Double(2 * 1920 * 144))
    #expect(forward.bytes == Double(4 * (960 + 4608 + 1920)))
    let data = counted { _ = convolution.backwardData(y, weight: weight, shape: x.shape) }
    let dw = Tensor(uninitialized: geometry.weightShape, layout: geometry.weightLayout)
    let weights = counted { convolution.backwardWeights(x, y, weightGradient: dw, biasGradient: nil) }
    #expect(data == forward && weights == forward)
  }

  /// One image of 16 channels and 24 x 12 pixels in both directions.
  @Test(arguments: ConvolutionAlgorithm.allCases, Precision.allCases)
  func whatAnAlgorithmDoesIsCounted(_ algorithm: ConvolutionAlgorithm, _ precision: Precision) {
    guard precision.isAvailable, algorithm != .patches || precision == .bfloat16 else { return }
    let geometry = ConvolutionGeometry(
      inChannels: 16, outChannels: 32, kernel: 3, stride: 1, padding: 8, dilation: 8, groups: 1)
    let convolution = Convolution(geometry, precision: precision)
    let x = Tensor(uninitialized: [1, 16, 24, 12], layout: KernelRuntime.preferredLayout)
    x.pointer.update(repeating: 1, count: x.elementCount)
    let weight = Tensor(uninitialized: geometry.weightShape, layout: geometry.weightLayout)
    weight.pointer.update(repeating: 1, count: weight.elementCount)
    let count = counted { _ = convolution.forward(x, weight: weight, bias: nil, algorithm: algorithm) }
    // Each pair of channels. Rows: eight sub-images of 3, whose taps see 3 and twice 2, and a tile of 4 outputs takes 6; columns:
    // four of 2 and four of 1, whose taps see 12 and twice 4, where a pair takes 3.
    let products =
      switch algorithm {
      case .direct, .patches: 24 * 12 * 9
      case .taps: (24 + 16 + 16) * (12 + 4 + 4)
      case .winograd: 8 * 6 * 8 * 3
      }
    let used = algorithm == .direct ? .float32 : precision
    #expect(count.operations == Double(2 * 16 * 32 * 24 * 12 * 9))
    for one in Precision.allCases {
      #expect(count.done[one] == (one == used ? Double(2 * 16 * 32 * products) : 0))
    }
  }

  @Test(arguments: [(channels: 16, precision: Precision.bfloat16), (8, .float32)])
  func denseLayersRoundWholeBlocks(channels: Int, precision: Precision) {
    guard Precision.bfloat16.isAvailable else { return }
    let x = Tensor(repeating: 1, shape: [3, channels])
    let weight = Tensor(repeating: 1, shape: [32, channels])
    let count = counted { _ = Dense.forward(x, weight: weight, bias: nil, precision: .bfloat16) }
    #expect(count.done[precision] == Double(2 * 3 * 32 * channels))
  }

  @Test func denseLayersAndAttentionCount() {
    let x = Tensor(repeating: 1, shape: [2, 3, 8])
    let weight = Tensor(repeating: 1, shape: [4, 8])
    let dense = counted { _ = Dense.forward(x, weight: weight, bias: nil) }
    #expect(dense.operations == Double(2 * 6 * 8 * 4) && dense.bytes == Double(4 * (48 + 32 + 24)))
    let kv = Tensor(repeating: 1, shape: [2, 5, 16])
    var (y, sums) = (x, x)
    let forward = counted { (y, sums) = Attention.forward(x, kv, heads: 2) }
    // Two products of 2 x 3 queries, 5 keys and 8 channels.
    #expect(forward.operations == Double(2 * 2 * 2 * 3 * 5 * 8))
    #expect(forward.bytes == Double(4 * (48 + 160 + 48)))
    let backward = counted { _ = Attention.backward(y, q: x, kv: kv, output: y, logSums: sums, heads: 2) }
    #expect(backward.operations == 2 * forward.operations && backward.bytes == 2 * forward.bytes)
    let product = counted {
      _ = MatrixProduct.plain(Tensor(repeating: 1, shape: [3, 5]), Tensor(repeating: 1, shape: [5, 2]))
    }
    #expect(product.operations == 60 && product.bytes == Double(4 * (15 + 10 + 6)))
  }

  @Test func nothingIsCountedUnlessAsked() {
    _ = Dense.forward(
      Tensor(repeating: 1, shape: [2, 8]), weight: Tensor(repeating: 1, shape: [4, 8]), bias: nil)
    #expect(Profiler.operations == 0 && Profiler.bytes == 0)
  }
}
