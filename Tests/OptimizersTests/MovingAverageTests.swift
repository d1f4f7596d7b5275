import Optimizers
import Tensors
import Testing

@Suite struct MovingAverageTests {
  /// Both products are rounded before they are added, as in a loop over the elements; more of them than one thread takes.
  @Test(arguments: [0, 0.1, 0.99, 0.9996, 1] as [Float]) func sameBitsAsTheLoop(_ decay: Float) {
    for count in [1, 37, 70_003] {
      var random = RandomSource(seed: 4, purpose: "average of \(count)")
      let before = (0..<count).map { _ in Float(random.uniform(-3, 3)) }
      let values = (0..<count).map { _ in Float(random.uniform(-3, 3)) }
      let average = Tensor(before, shape: [count])
      MovingAverage.update(average, from: Tensor(values, shape: [count]), decay: decay)
      let expected = zip(before, values).map { (decay * $0 + (1 - decay) * $1).bitPattern }
      #expect(average.values.map(\.bitPattern) == expected)
    }
  }

  /// Padding and layout do not matter: all of the storage moves.
  @Test func layoutsOfWeights() {
    let shape: Shape = [3, 2, 1, 2]
    let average = Tensor(uninitialized: shape, layout: .hwio)
    average.assign(kernelValues: [Float](repeating: 4, count: 12))
    let value = Tensor(uninitialized: shape, layout: .hwio)
    value.assign(kernelValues: (0..<12).map(Float.init))
    MovingAverage.update(average, from: value, decay: 0.5)
    #expect(average.kernelValues == (0..<12).map { 2 + Float($0) / 2 })
  }
}
