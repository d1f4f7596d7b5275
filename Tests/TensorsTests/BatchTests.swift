import Tensors
import Testing

/// Batches put together and taken apart, and Beta numbers.
@Suite struct BatchTests {
  private static func tensor(_ first: Int, _ count: Int) -> Tensor {
    Tensor((0..<count * 24).map { Float(first + $0) }, shape: [count, 2, 3, 4])
  }

  @Test func joiningIsOneAfterAnother() {
    let joined = Tensor(joining: [Self.tensor(0, 2), Self.tensor(1000, 1), Self.tensor(2000, 3)])
    #expect(joined.shape == [6, 2, 3, 4])
    let expected: [Int] = Array(0..<48) + Array(1000..<1024) + Array(2000..<2072)
    #expect(joined.values == expected.map { Float($0) })
    #expect(Tensor(joining: [Self.tensor(5, 2)]).values == Self.tensor(5, 2).values)
  }

  @Test func imagesAreACopyOfSome() {
    let whole = Self.tensor(0, 5)
    let some = whole.images(1..<3)
    #expect(some.shape == [2, 2, 3, 4])
    #expect(some.values == (24..<72).map { Float($0) })
    some.pointer[0] = -1
    #expect(whole.values == (0..<120).map { Float($0) })
    #expect(whole.images(0..<5).values == whole.values)
    let parts = [0..<2, 2..<3, 3..<5].map { whole.images($0) }
    #expect(Tensor(joining: parts).values == whole.values)
  }

  /// Mean a / (a + b), variance a b / ((a + b)^2 (a + b + 1)), third central moment by the skewness; and a + b - 1 numbers
  /// of the source for each.
  @Test(arguments: [(8, 2), (4, 4), (1, 1), (2, 5)]) func betaMoments(_ a: Int, _ b: Int) {
    var source = RandomSource(seed: 11, purpose: "beta")
    var copy = source
    let count = 50_000
    let draws = (0..<count).map { _ in source.beta(a, b) }
    #expect(draws.allSatisfy { 0 <= $0 && $0 < 1 })
    for _ in 0..<count * (a + b - 1) { _ = copy.next() }
    #expect(source.next() == copy.next())
    let (x, y) = (Double(a), Double(b))
    let mean = draws.reduce(0, +) / Double(count)
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    let third = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) } / Double(count)
    let expected = x * y / ((x + y) * (x + y) * (x + y + 1))
    let skewness = 2 * (y - x) * (x + y + 1).squareRoot() / ((x + y + 2) * (x * y).squareRoot())
    // Five standard errors of the mean.
    #expect(abs(mean - x / (x + y)) < 5 * (expected / Double(count)).squareRoot())
    #expect(abs(variance / expected - 1) < 0.05)
    #expect(abs(third / (expected * expected.squareRoot()) - skewness) < 0.1)
  }
}
