import Kernels
import Tensors
import Testing

/// Tensors filled by threads and vectors, beside the definition: one number after the other.
@Suite(.serialized) struct RandomValuesTests {
  static let distributions: [RandomDistribution] = [
    .normal(deviation: 0.0294), .normal(deviation: 1), .uniform(bound: 0.0722), .uniform(bound: 1 / 3.0),
  ]

  private static func expectEqual(
    _ shape: Shape, _ layout: Layout, _ distribution: RandomDistribution, _ source: RandomSource
  ) {
    var plain = source
    let expected = distribution.values(count: shape.count, &plain).map(\.bitPattern)
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    for threads in [1, 2, 3] {
      KernelRuntime.threads = threads
      let tensor = Tensor(uninitialized: shape, layout: layout)
      tensor.pointer.initialize(repeating: .nan, count: tensor.elementCount)
      tensor.fill(distribution, from: source)
      let found = tensor.kernelValues.map(\.bitPattern)
      #expect(found == expected, "\(shape) \(layout) \(distribution), \(threads) threads")
    }
  }

  /// Odd counts end in the middle of a pair; a batch has 256 values, and a thread at least 16384.
  @Test(arguments: [1, 2, 3, 255, 256, 257, 513, 32_768, 49_153, 1_000_003]) func plainTensors(_ count: Int) {
    for distribution in Self.distributions {
      Self.expectEqual([count], .plain, distribution, RandomSource(seed: 3, purpose: "plain \(count)"))
    }
  }

  /// Few outputs, outputs and inputs that are no whole tiles, and rows that begin in the middle of a pair.
  @Test(arguments: [
    [1, 1, 1, 1], [5, 7, 1, 1], [19, 128, 1, 1], [16, 64, 3, 3], [33, 65, 7, 7], [64, 3, 3, 3],
    [130, 71, 3, 3],
    [32, 32, 8, 8],
  ])
  func weightsInTheirLayout(_ sizes: [Int]) {
    for distribution in Self.distributions {
      Self.expectEqual(Shape(sizes), .hwio, distribution, RandomSource(seed: 4, purpose: "weights \(sizes)"))
    }
  }

  /// Twenty million angles and radii, so that many a value lies where two floats meet and the library is asked.
  @Test func manyValues() {
    for seed in 0..<4 {
      Self.expectEqual(
        [5_000_000], .plain, .normal(deviation: 0.01 * Double(seed + 1)),
        RandomSource(seed: UInt64(seed), purpose: "many"))
    }
  }

  @Test func blocksThatCarry() {
    let source = RandomSource(key: (7, 9), counter: (.max - 5, 1, 2, 3))
    for distribution in Self.distributions { Self.expectEqual([300], .plain, distribution, source) }
  }

  /// Where nothing but the sign of a zero is left, or floats have no more digits.
  @Test(arguments: [0, 1e-120, 1e-42, 1e-38, 1e36]) func extremeScales(_ scale: Double) {
    let source = RandomSource(seed: 1, purpose: "extremes")
    Self.expectEqual([1001], .plain, .normal(deviation: scale), source)
    Self.expectEqual([1001], .plain, .uniform(bound: scale), source)
  }

  /// The next values of a source that has given some.
  @Test func aSourceThatWasUsed() {
    var source = RandomSource(seed: 1, purpose: "used")
    _ = (source.uniform(), source.uniform())
    Self.expectEqual([100], .plain, .normal(deviation: 1), source)
  }
}
