import Kernels
import Tensors
import TestSupport
import Testing

/// Batch norm of shares of a batch: the bits of the whole.
@Suite struct SharedNormalizationTests {
  private static func tensor(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var random = RandomSource(seed: seed, purpose: "shared normalisation")
    return Tensor((0..<shape.count).map { _ in Float(random.uniform(-2, 3)) }, shape: shape)
  }

  /// Channels that are no whole blocks, more pixels than a chunk and fewer; more threads than blocks and fewer.
  @Test(arguments: [1, 2], [(21, 7, 5), (8, 19, 17), (48, 1, 1)])
  func sharesHaveTheBitsOfTheWhole(_ threads: Int, _ sizes: (Int, Int, Int)) {
    let before = KernelRuntime.threads
    KernelRuntime.threads = threads
    defer { KernelRuntime.threads = before }
    let (channels, height, width) = sizes
    let layout = KernelRuntime.preferredLayout
    let x = Self.tensor([5, channels, height, width], 1)
    let dy = Self.tensor([5, channels, height, width], 2)
    let (scale, shift) = (Self.tensor([channels], 3), Self.tensor([channels], 4))
    for activation in [Activation.none, .relu, .relu6] {
      let whole = BatchNormalization.forward(
        x.converted(to: layout), scale: scale, shift: shift, epsilon: 1e-5, activation: activation)
      let back = BatchNormalization.backward(
        dy.converted(to: layout), x: x.converted(to: layout), scale: scale, shift: shift, saved: whole.saved,
        epsilon: 1e-5, activation: activation)
      for shares in [[0..<5], [0..<2, 2..<5], [0..<1, 1..<3, 3..<5]] {
        let own = shares.map { x.images($0).converted(to: layout) }
        let ownDy = shares.map { dy.images($0).converted(to: layout) }
        let moments = own.flatMap { BatchNormalization.moments($0) }
        let parts = own.map {
          BatchNormalization.forward(
            $0, moments: moments, scale: scale, shift: shift, epsilon: 1e-5, activation: activation)
        }
        #expect(
          parts.flatMap { $0.y.converted(to: .plain).values } == whole.y.converted(to: .plain).values)
        for part in parts {
          #expect(part.saved.mean.values == whole.saved.mean.values)
          #expect(part.saved.variance.values == whole.saved.variance.values)
        }
        let sums = zip(own, ownDy).flatMap {
          BatchNormalization.sums(
            $1, x: $0, scale: scale, shift: shift, saved: whole.saved, epsilon: 1e-5, activation: activation)
        }
        let backs = shares.indices.map {
          BatchNormalization.backward(
            ownDy[$0], x: own[$0], sums: sums, first: shares[$0].lowerBound, scale: scale, shift: shift,
            saved: whole.saved, epsilon: 1e-5, activation: activation)
        }
        #expect(
          backs.flatMap { $0.x.converted(to: .plain).values } == back.x.converted(to: .plain).values)
        // Shares of these are rounded before they are added.
        func sum(_ values: [[Float]]) -> [Float] {
          values.dropFirst().reduce(values[0]) { zip($0, $1).map { $0 + $1 } }
        }
        let largest = back.scale.values.reduce(1) { max($0, abs($1)) }
        expectClose(
          actual: sum(backs.map { $0.scale.values }), expected: back.scale.values, tolerance: 1e-5 * largest)
        expectClose(
          actual: sum(backs.map { $0.shift.values }), expected: back.shift.values, tolerance: 1e-5 * largest)
      }
    }
  }
}
