import Foundation
import Kernels
import Methods
import Tensors
import TestSupport
import Testing

/// U2PL's contrastive loss against the formula in double precision, written down plainly.
@Suite struct ContrastiveLossTests {
  static let (images, height, width, classes, length) = (3, 4, 7, 5, 11)
  static var count: Int { height * width }

  private static let loss = ContrastiveLoss(
    classes: classes, temperature: 0.5, anchors: 6, negatives: 4, lowRank: 2, highRank: 4,
    positiveThreshold: 0.2)

  private struct Inputs {
    let student: Tensor
    let average: Tensor
    let probabilities: Tensor
    let pixels: ContrastPixels
    let averageValues: [Double]
    let probabilityValues: [Float]

    init(student: Tensor, average: Tensor, probabilities: Tensor, pixels: ContrastPixels) {
      (self.student, self.average, self.probabilities) = (student, average, probabilities)
      self.pixels = pixels
      averageValues = average.values.map(Double.init)
      probabilityValues = probabilities.values
    }
  }

  /// One labelled image with ignored pixels and two unlabelled ones; class 4 never occurs.
  private static func inputs(_ round: Int) -> Inputs {
    let rows: Shape = [images, count, length]
    let shares = FillRule.uniform("marks \(round)", count: images * count)
    let labels = FillRule.uniform("labels \(round)", count: images * count).enumerated().map { at, u in
      at < count && u > 0.8 ? 255 : UInt8(u * 4)
    }
    return Inputs(
      student: FillRule.symmetric("student \(round)", rows, bound: 2),
      average: FillRule.symmetric("average \(round)", rows, bound: 2),
      probabilities: Elementwise.softmax(
        FillRule.symmetric("logits \(round)", [images, classes, height, width], bound: 1.5)),
      pixels: ContrastPixels(
        labels: labels, labelledCount: count,
        isReliable: labels.indices.map { $0 < count ? labels[$0] != 255 : shares[$0] < 0.5 },
        isDoubtful: labels.indices.map { $0 < count ? labels[$0] != 255 : shares[$0] > 0.7 }))
  }

  /// The queues as lists, the oldest first.
  private struct Oracle {
    private typealias Toy = ContrastiveLossTests
    private var length: Int { Toy.length }
    private var count: Int { Toy.count }
    private var classes: Int { Toy.classes }
    var queues: [[[Double]]]
    let capacities: [Int]

    private static func unit(_ v: [Double]) -> [Double] {
      let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return v.map { $0 / norm }
    }

    init(capacities: [Int]) {
      queues = [[[Double]]](repeating: [], count: Toy.classes)
      self.capacities = capacities
    }

    private func row(_ values: [Double], _ at: Int) -> [Double] {
      Array(values[at * length..<(at + 1) * length])
    }

    /// - Parameter student: [n, d], row-major.
    /// - Returns: the loss, after the batch's negatives have entered the queues.
    mutating func value(_ student: [Double], _ inputs: Inputs, iteration: Int) -> Double {
      let pixels = inputs.pixels
      func probability(_ at: Int, _ c: Int) -> Float {
        inputs.probabilityValues[(at / count * classes + c) * count + at % count]
      }
      for at in pixels.labels.indices where pixels.isDoubtful[at] {
        let order = (0..<classes).sorted { probability(at, $0) > probability(at, $1) }
        let candidates = at < pixels.labelledCount ? order[..<2] : order[2..<4]
        for c in candidates where at >= pixels.labelledCount || c != Int(pixels.labels[at]) {
          queues[c].append(Oracle.unit(row(inputs.averageValues, at)))
        }
      }
      for c in 0..<classes { queues[c] = Array(queues[c].suffix(capacities[c])) }
      var (total, valid) = (0.0, 0)
      for c in 0..<classes {
        let own = pixels.labels.indices.filter { pixels.isReliable[$0] && Int(pixels.labels[$0]) == c }
        guard !own.isEmpty else { continue }
        valid += 1
        let anchors = own.filter { probability($0, c) > 0.2 }
        guard !anchors.isEmpty, !queues[c].isEmpty else { continue }
        var mean = [Double](repeating: 0, count: length)
        for at in own { mean = zip(mean, row(inputs.averageValues, at)).map { $0 + $1 / Double(own.count) } }
        var random = RandomSource(seed: 11, purpose: "u2pl contrast", iteration, c)
        let chosen = (0..<6).map { _ in anchors[random.below(anchors.count)] }
        for at in chosen {
          let anchor = Oracle.unit(row(student, at))
          let others = [Oracle.unit(mean)] + (0..<4).map { _ in queues[c][random.below(queues[c].count)] }
          let scores = others.map { exp(zip(anchor, $0).reduce(0) { $0 + $1.0 * $1.1 } / 0.5) }
          total -= log(scores[0] / scores.reduce(0, +)) / 6
        }
      }
      return valid > 0 ? total / Double(valid) : 0
    }
  }

  /// Three batches, so that small queues have gone round; the gradient by each number of the student's vectors by
  /// central differences of the double-precision loss.
  @Test func valueAndGradient() {
    let capacities = [40, 9, 3, 25, 6]
    let queues = ClassQueues(capacities: capacities, width: Self.length)
    var oracle = Oracle(capacities: capacities)
    for round in 0..<3 {
      let inputs = Self.inputs(round)
      let result = Self.loss(
        inputs.student, average: inputs.average, probabilities: inputs.probabilities, inputs.pixels,
        queues: queues, weight: 0.3, seed: 11, iteration: round)
      let before = oracle
      let student = inputs.student.values.map(Double.init)
      let expected = oracle.value(student, inputs, iteration: round)
      #expect(expected > 0.1)
      expectClose(result.value, expected, tolerance: 1e-6, "round \(round)")
      if round == 2 {
        let step = 1e-4
        let slopes = student.indices.map { index -> Double in
          func value(_ sign: Double) -> Double {
            var (moved, copy) = (student, before)
            moved[index] += sign * step
            return copy.value(moved, inputs, iteration: round)
          }
          return 0.3 * (value(1) - value(-1)) / (2 * step)
        }
        #expect(slopes.count { $0 != 0 } > 5 * Self.length)
        expectClose(actual: result.gradient.values.map(Double.init), expected: slopes, tolerance: 1e-6)
      }
      queues.add(result.arrivals)
      for c in 0..<Self.classes { #expect(queues.count(c) == oracle.queues[c].count) }
    }
  }

  /// Nothing to compare is no loss and no gradient: no reliable pixel, no probable one, no negative.
  @Test func nothingToCompare() {
    let inputs = Self.inputs(0)
    let none = [Bool](repeating: false, count: inputs.pixels.labels.count)
    func result(_ loss: ContrastiveLoss, reliable: [Bool]?, doubtful: [Bool]?) -> ContrastiveLoss.Result {
      loss(
        inputs.student, average: inputs.average, probabilities: inputs.probabilities,
        ContrastPixels(
          labels: inputs.pixels.labels, labelledCount: inputs.pixels.labelledCount,
          isReliable: reliable ?? inputs.pixels.isReliable, isDoubtful: doubtful ?? inputs.pixels.isDoubtful),
        queues: ClassQueues(capacities: [9, 9, 9, 9, 9], width: Self.length), weight: 1, seed: 1, iteration: 0
      )
    }
    let sure = ContrastiveLoss(
      classes: Self.classes, temperature: 0.5, anchors: 6, negatives: 4, lowRank: 2, highRank: 4,
      positiveThreshold: 1)
    for (name, result) in [
      ("reliable", result(Self.loss, reliable: none, doubtful: nil)),
      ("probable", result(sure, reliable: nil, doubtful: nil)),
      ("negative", result(Self.loss, reliable: nil, doubtful: none)),
    ] {
      #expect(result.value == 0 && result.gradient.values.allSatisfy { $0 == 0 }, "no \(name) pixel")
    }
    // Ranks beyond the classes: only labelled pixels are negatives.
    let beyond = ContrastiveLoss(
      classes: Self.classes, temperature: 0.5, anchors: 6, negatives: 4, lowRank: 9, highRank: 20,
      positiveThreshold: 0.2)
    let rows = result(beyond, reliable: nil, doubtful: nil).arrivals.rows
    #expect(rows.contains { !$0.isEmpty } && rows.joined().allSatisfy { $0 < Self.count })
  }

  /// Marks at the vectors' resolution: row floor(y * H / h), as the labels.
  @Test func marksOfPixels() {
    let labelled = LabelBatch(count: 1, height: 2, width: 4, values: [0, 9, 255, 9, 9, 9, 9, 9])
    let unlabelled = LabelBatch(count: 1, height: 2, width: 4, values: [1, 9, 2, 9, 9, 9, 9, 9])
    let pixels = ContrastPixels(
      labelled: labelled, unlabelled: unlabelled, entropy: [0.5, 9, 1, 9, 9, 9, 9, 9], least: 0.5, most: 1,
      height: 1, width: 2, ignoreIndex: 255)
    #expect(pixels.labels == [0, 255, 1, 2] && pixels.labelledCount == 2)
    #expect(pixels.isReliable == [true, false, true, false])
    #expect(pixels.isDoubtful == [true, false, false, true])
  }
}
