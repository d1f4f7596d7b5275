import Foundation
import Kernels
import Synchronization
import Tensors
import Testing

/// Kernels that split their work, on several threads of their own and called from several threads at once. `make
/// test-threads` runs this under the thread sanitizer, so shapes are just large enough to be split.
@Suite(.serialized)
struct ThreadTests {
  private static let shape: Shape = [3, 32, 10, 13]

  private static func random(_ shape: Shape, _ name: String, layout: Layout = .plain) -> Tensor {
    var source = RandomSource(seed: 11, purpose: name)
    let values = (0..<shape.count).map { _ in Float(source.uniform(-1, 1)) }
    return Tensor(values, shape: shape).converted(to: layout)
  }

  /// Forward and both gradients of one convolution.
  private static func convolution(
    _ algorithm: ConvolutionAlgorithm, groups: Int = 1, dilation: Int, stride: Int = 1
  ) -> [Tensor] {
    let geometry = ConvolutionGeometry(
      inChannels: 32, outChannels: 32, kernel: 3, stride: stride, padding: dilation, dilation: dilation,
      groups: groups)
    let convolution = Convolution(geometry)
    let x = random(shape, "x", layout: KernelRuntime.preferredLayout)
    let weight = Tensor(uninitialized: geometry.weightShape, layout: geometry.weightLayout)
    var source = RandomSource(seed: 12, purpose: "weight")
    weight.assign(kernelValues: (0..<weight.shape.count).map { _ in Float(source.uniform(-0.1, 0.1)) })
    let y = convolution.forward(x, weight: weight, bias: nil, algorithm: algorithm)
    let dx = convolution.backwardData(y, weight: weight, shape: shape, algorithm: algorithm)
    let dw = Tensor(uninitialized: geometry.weightShape, layout: geometry.weightLayout)
    convolution.backwardWeights(x, y, weightGradient: dw, biasGradient: nil, algorithm: algorithm)
    return [y, dx, dw]
  }

  /// One result of each kind of kernel.
  private static func everything() -> [[Float]] {
    var results = convolution(.winograd, dilation: 1) + convolution(.winograd, dilation: 2)
    results += convolution(.taps, dilation: 4) + convolution(.direct, dilation: 1, stride: 2)
    results += convolution(.direct, groups: 32, dilation: 2)
    let x = random(shape, "x", layout: KernelRuntime.preferredLayout)
    let pooling = Pooling(kind: .averageExcludingPadding, kernel: 2, stride: 2, padding: 0, paddingAfter: 1)
    let (half, workspace) = pooling.forward(x, training: true)
    results += [half, pooling.backward(half, shape: shape, workspace: workspace)]
    results += [Resize.forward(half, height: 11, width: 17), Elementwise.activate(x, .relu6)]
    results += [Elementwise.add(x, x, activation: .relu), x.converted(to: .plain)]
    return results.map { $0.layout == .hwio ? $0.kernelValues : $0.converted(to: .plain).values }
  }

  private func withThreads<Result>(_ threads: Int, _ body: () -> Result) -> Result {
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    KernelRuntime.threads = threads
    return body()
  }

  @Test(arguments: [2, 3, 5]) func threadsAgreeWithOne(_ threads: Int) {
    let alone = withThreads(1) { Self.everything() }
    let shared = withThreads(threads) { Self.everything() }
    for (index, pair) in zip(alone, shared).enumerated() {
      let worst = zip(pair.0, pair.1).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      // A weight gradient may be summed in another order.
      #expect(worst <= 1e-4, "result \(index) on \(threads) threads")
      #expect(pair.0.count == pair.1.count && !pair.0.contains { !$0.isFinite })
    }
    #expect(withThreads(threads) { Self.everything() } == shared)
  }

  /// Several callers, each with threads and scratch memory of its own, share compiled primitives and the memory pool.
  @Test func callersDoNotDisturbOneAnother() {
    let expected = withThreads(2) { Self.everything() }
    let results = Mutex<[[[Float]]]>([])
    let group = DispatchGroup()
    for _ in 0..<3 {
      group.enter()
      Thread {
        KernelRuntime.threads = 2
        for _ in 0..<2 {
          let mine = Self.everything()
          results.withLock { $0.append(mine) }
        }
        KernelRuntime.releaseScratch()
        group.leave()
      }.start()
    }
    group.wait()
    let all = results.withLock { $0 }
    #expect(all.count == 6 && all.allSatisfy { $0 == expected })
  }
}
