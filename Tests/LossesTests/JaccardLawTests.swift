import Foundation
import Losses
import Tensors
import TestSupport
import Testing

/// Laws of the Jaccard metric loss ("Jaccard Metric Losses", Theorems 2.1 and 2.3) on two-class images, where
/// the loss is the mean of the losses of x and of 1 - x.
@Suite(.serialized)
struct JaccardLawTests {
  static let metric = JaccardMetricLoss(alpha: 1, beta: 1, smooth: 0, averaging: .dataset, active: .all)

  static func labels(_ x: [Double]) -> SoftLabels {
    SoftLabels(
      values: Tensor(x.map(Float.init) + x.map { Float(1 - $0) }, shape: [1, 2, 1, x.count]),
      keep: PixelMask(count: 1, height: 1, width: x.count, values: [UInt8](repeating: 1, count: x.count)))
  }

  static func logits(_ x: [Double]) -> Tensor {
    func clipped(_ value: Double) -> Float { Float(max(log(value), -200)) }
    return Tensor(x.map(clipped) + x.map { clipped(1 - $0) }, shape: [1, 2, 1, x.count])
  }

  static func distance(_ x: [Double], _ y: [Double], _ loss: JaccardMetricLoss = metric) -> Double {
    loss(logits: logits(x), target: labels(y)).value
  }

  static func point(_ random: inout RandomSource, _ count: Int) -> [Double] {
    (0..<count).map { _ in
      switch random.below(4) {
      case 0: return 0
      case 1: return 1
      default: return random.uniform()
      }
    }
  }

  @Test func metricAxioms() {
    var random = RandomSource(seed: 1, purpose: "triples")
    for _ in 0..<400 {
      let count = 1 + random.below(6)
      let x = Self.point(&random, count)
      let y = Self.point(&random, count)
      let z = Self.point(&random, count)
      let xy = Self.distance(x, y)
      #expect(xy >= -1e-7 && xy <= 1 + 1e-7)
      #expect(abs(xy - Self.distance(y, x)) < 1e-6)
      #expect(Self.distance(x, z) <= xy + Self.distance(y, z) + 1e-6)
      #expect(Self.distance(x, x) < 1e-6)
      if zip(x, y).contains(where: { abs($0 - $1) > 1e-3 }) { #expect(xy > 1e-5) }
    }
  }

  /// On hard labels the loss is the soft Jaccard loss 1 - <x, y> / (|x| + |y| - <x, y>).
  @Test func equalsSoftJaccardOnHardLabels() {
    var random = RandomSource(seed: 2, purpose: "hard")
    for _ in 0..<100 {
      let x = (0..<9).map { _ in random.uniform() }
      let y = (0..<9).map { _ in Double(random.below(2)) }
      func soft(_ x: [Double], _ y: [Double]) -> Double {
        let product = zip(x, y).map(*).reduce(0, +)
        return 1 - product / (x.reduce(0, +) + y.reduce(0, +) - product)
      }
      let expected = (soft(x, y) + soft(x.map { 1 - $0 }, y.map { 1 - $0 })) / 2
      expectClose(Self.distance(x, y), expected, tolerance: 1e-6)
    }
  }

  /// The worked value of one pixel: x = 0.8, y = 0.5 has loss 0.375 in the first class.
  @Test func onePixel() {
    expectClose(Self.distance([0.8], [0.5]), (0.375 + 0.6) / 2, tolerance: 1e-6)
  }

  @Test func pixelOrderDoesNotMatter() {
    var random = RandomSource(seed: 3, purpose: "order")
    let x = Self.point(&random, 50)
    let y = Self.point(&random, 50)
    let order = random.permutation(50)
    expectClose(
      Self.distance(x, y), Self.distance(order.map { x[$0] }, order.map { y[$0] }), tolerance: 1e-9)
  }

  /// No gradient where prediction and label agree everywhere: the slope of |x - y| is taken as 0 there, so
  /// what is left of -D / (2 U^2) is 0 as well.
  @Test func stationaryAtEquality() {
    let loss = Self.metric(logits: Self.logits([0.5, 0.5]), target: Self.labels([0.5, 0.5]))
    #expect(loss.value == 0)
    #expect(loss.gradient.values.allSatisfy { $0 == 0 })
  }

  @Test func noKeptPixels() {
    var target = Self.labels([0.2, 1])
    target = SoftLabels(
      values: target.values, keep: PixelMask(count: 1, height: 1, width: 2, values: [0, 0]))
    for active in [ActiveClasses.all, .present] {
      let loss = JaccardMetricLoss(
        alpha: 1, beta: 1, smooth: 0, averaging: .init(perDataset: 1, perImage: 1, perClass: 1),
        active: active)
      let result = loss(logits: Self.logits([0.3, 0.4]), target: target)
      #expect(result.value == 0)
      #expect(result.gradient.values.allSatisfy { $0 == 0 })
    }
    let entropy = CrossEntropy.soft(logits: Self.logits([0.3, 0.4]), target: target)
    #expect(entropy.value == 0 && entropy.gradient.values.allSatisfy { $0 == 0 })
  }

  @Test func plainLossesAgreeWithCentralDifferences() {
    let shape: Shape = [2, 4, 3, 5]
    let target = SoftLabels(
      values: softmax(randomTensor(shape, seed: 7)),
      keep: PixelMask(count: 2, height: 3, width: 5, values: (0..<30).map { $0 % 4 == 1 ? 0 : 1 }))
    let jaccard = JaccardMetricLoss(
      alpha: 0.6, beta: 0.9, smooth: 0.5, averaging: .init(perDataset: 0.5, perImage: 0.3, perClass: 0.2),
      active: .label(threshold: 0.5))
    let losses: [(String, (Tensor) -> LossValue)] = [
      ("jaccard", { jaccard(logits: $0, target: target) }),
      ("soft", { CrossEntropy.soft(logits: $0, target: target) }),
      ("divergence", { CrossEntropy.divergence(logits: $0, target: target, temperature: 2) }),
    ]
    let logits = randomTensor(shape, seed: 8)
    for (name, loss) in losses {
      let gradient = loss(logits).gradient.values
      for index in stride(from: 0, to: shape.count, by: 3) {
        func value(_ offset: Float) -> Double {
          var values = logits.values
          values[index] += offset
          return loss(Tensor(values, shape: shape)).value
        }
        let slope = (value(1 / 256) - value(-1 / 256)) * 128
        expectClose(Double(gradient[index]), slope, tolerance: 2e-5, "\(name) at \(index)")
      }
    }
  }
}
