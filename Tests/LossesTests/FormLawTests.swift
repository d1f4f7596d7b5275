import Foundation
import Losses
import Tensors
import TestSupport
import Testing

/// The paper's theorems and counterexamples, on single classes in double precision.
@Suite(.serialized)
struct FormLawTests {
  typealias Form = JaccardMetricLoss.Form

  static func loss(_ form: Form) -> JaccardMetricLoss {
    JaccardMetricLoss(form: form, alpha: 1, beta: 1, smooth: 0, averaging: .dataset, active: .all)
  }

  static func value(_ form: Form, _ x: [Double], _ y: [Double]) -> Double {
    loss(form).ofClass(prediction: x, label: y).value
  }

  /// Corners of the cube are as likely as its inside.
  static func point(_ random: inout RandomSource, _ count: Int) -> [Double] {
    (0..<count).map { _ in
      switch random.below(4) {
      case 0: return 0
      case 1: return 1
      default: return random.uniform()
      }
    }
  }

  /// Theorem 2.1: JML1 and JML2 are metrics on [0, 1]^p.
  @Test(arguments: [Form.jml1, .jml2]) func metricAxioms(_ form: Form) {
    var random = RandomSource(seed: 1, purpose: "triples")
    for _ in 0..<20_000 {
      let count = 1 + random.below(6)
      let x = Self.point(&random, count)
      let y = Self.point(&random, count)
      let z = Self.point(&random, count)
      let xy = Self.value(form, x, y)
      #expect(xy >= -1e-15 && xy <= 1 + 1e-15)
      #expect(abs(xy - Self.value(form, y, x)) < 1e-14)
      #expect(Self.value(form, x, z) <= xy + Self.value(form, y, z) + 1e-14)
      #expect(Self.value(form, x, x) == 0)
      #expect((xy < 1e-15) == (x == y))
    }
  }

  /// Theorem 2.3: one function where an argument is hard. And the gradients are the same, too.
  @Test func equalOnHardLabels() {
    var random = RandomSource(seed: 2, purpose: "hard")
    for _ in 0..<5_000 {
      let x = (0..<7).map { _ in random.uniform() }
      let y = (0..<7).map { _ in Double(random.below(2)) }
      let all = [Form.jml1, .jml2, .sjlL1].map { Self.loss($0).ofClass(prediction: x, label: y) }
      for other in all.dropFirst() {
        expectClose(other.value, all[0].value, tolerance: 1e-14)
        // Only above 0: without any label the loss is 1 whatever x is.
        guard y.contains(1) else { continue }
        expectClose(actual: other.gradient, expected: all[0].gradient, tolerance: 1e-13)
      }
      expectClose(Self.value(.jml1, y, x), Self.value(.sjlL1, x, y), tolerance: 1e-14)
    }
  }

  /// Theorem H.2.
  @Test func firstIsNeverAboveSecond() {
    var random = RandomSource(seed: 3, purpose: "order")
    for _ in 0..<20_000 {
      let count = 1 + random.below(6)
      let x = Self.point(&random, count)
      let y = Self.point(&random, count)
      #expect(Self.value(.jml1, x, y) <= Self.value(.jml2, x, y) + 1e-15)
    }
  }

  /// Appendix F (iii): SJL-L1 is not 0 at x = y.
  @Test func softJaccardIsNotReflexive() {
    expectClose(Self.value(.sjlL1, [0.5], [0.5]), 2.0 / 3, tolerance: 1e-15)
  }

  /// Appendix F (iv): SJL-L2 breaks the triangle inequality at 0.8, 0.4, 0.2.
  @Test func squaredSoftJaccardIsNoMetric() {
    let direct = Self.value(.sjlL2, [0.8], [0.2])
    let detour = Self.value(.sjlL2, [0.8], [0.4]) + Self.value(.sjlL2, [0.4], [0.2])
    expectClose(direct, 0.692308, tolerance: 1e-6)
    expectClose(detour, 0.666667, tolerance: 1e-6)
  }

  /// Appendix G (ii): on soft labels they differ.
  @Test func differentOnSoftLabels() {
    for (form, expected) in [(Form.jml1, 0.375), (.jml2, 3.0 / 7), (.sjlL1, 5.0 / 9), (.sjlL2, 9.0 / 49)] {
      expectClose(Self.value(form, [0.8], [0.5]), expected, tolerance: 1e-14, form.rawValue)
    }
  }

  /// Equations 60 and 61: between two points of one part the losses dip below their chord.
  @Test(arguments: [(Form.jml1, 0.285182, 0.224145), (.jml2, 0.371801, 0.309530)])
  func notPiecewiseConcave(_ form: Form, _ chord: Double, _ middle: Double) {
    func at(_ x: [Double]) -> Double { Self.value(form, x, [0.5, 0.5]) }
    let (x, other) = ([0.4087, 0.7855], [0.6285, 0.7551])
    expectClose((at(x) + at(other)) / 2, chord, tolerance: 1e-6)
    expectClose(at(zip(x, other).map { ($0 + $1) / 2 }), middle, tolerance: 1e-6)
  }

  /// For soft labels the least loss is at x = y, and only there, except for SJL-L1.
  @Test(arguments: [Form.jml1, .jml2, .sjlL2]) func leastAtTheLabel(_ form: Form) {
    var random = RandomSource(seed: 4, purpose: "minimum")
    for _ in 0..<2_000 {
      let count = 1 + random.below(5)
      let y = (0..<count).map { _ in random.uniform(0.02, 0.98) }
      let best = Self.loss(form).ofClass(prediction: y, label: y)
      expectClose(best.value, 0, tolerance: 1e-15)
      expectClose(
        actual: best.gradient, expected: [Double](repeating: 0, count: count), tolerance: 1e-13)
      let x = y.map { min(max($0 + random.uniform(-0.1, 0.1), 0), 1) }
      #expect(Self.value(form, x, y) > 0)
    }
  }

  /// Section 2.2: for one pixel with y > 0, SJL-L1 falls in x, whatever the label: its minimum is at x = 1.
  @Test func softJaccardPushesToTheCorner() {
    var random = RandomSource(seed: 5, purpose: "corner")
    for _ in 0..<2_000 {
      let (x, y) = (random.uniform(), random.uniform(0.01, 0.99))
      #expect(Self.loss(.sjlL1).ofClass(prediction: [x], label: [y]).gradient[0] < 0)
    }
  }

  /// Derivatives as written out by hand, with smoothing: I and U are numerator and denominator.
  @Test func gradientsByHand() {
    var random = RandomSource(seed: 6, purpose: "hand")
    for _ in 0..<500 {
      let x = (0..<5).map { _ in random.uniform() }
      let y = (0..<5).map { _ in random.uniform() }
      let s = random.uniform(0, 2)
      let product = zip(x, y).map(*).reduce(0, +)
      let distance = zip(x, y).map { abs($0 - $1) }.reduce(0, +)
      let (sumX, sumY) = (x.reduce(0, +), y.reduce(0, +))
      let (squareX, squareY) = (x.map { $0 * $0 }.reduce(0, +), y.map { $0 * $0 }.reduce(0, +))
      for form in Form.allCases {
        var loss = Self.loss(form)
        loss.smooth = s
        let expected = zip(x, y).map { x, y -> Double in
          switch form {
          case .jml1:
            let u = (sumX + sumY + distance) / 2 + s
            return x > y ? (u - distance) / (u * u) : -1 / u
          case .jml2:
            let u = product + s + distance
            return ((x > y ? 1 : -1) * (product + s) - distance * y) / (u * u)
          case .sjlL1:
            let u = sumX + sumY - product + s
            return (product + s - (u + product + s) * y) / (u * u)
          case .sjlL2:
            let u = squareX + squareY - product + s
            return (2 * (product + s) * x - (product + s + u) * y) / (u * u)
          }
        }
        let result = loss.ofClass(prediction: x, label: y)
        expectClose(actual: result.gradient, expected: expected, tolerance: 1e-13, form.rawValue)
      }
    }
  }
}
