import Foundation
import Kernels
import Tensors

/// The contrastive loss of U2PL (Wang et al., "Semi-Supervised Semantic Segmentation Using Unreliable Pseudo-Labels", CVPR
/// 2022, Section 3.3). With s(a, b) the cosine of two vectors divided by the temperature:
///
///     L = 1 / classes with reliable pixels * sum over these classes c of 1 / anchors * sum over anchors a of
///         -log(exp s(a, p_c) / (exp s(a, p_c) + sum over negatives n of exp s(a, n)))
///
/// - Anchors a of class c are the student's vectors of `anchors` pixels, drawn with replacement from the reliable pixels
///   of class c to which the average gives a probability of c above `positiveThreshold`.
/// - The positive p_c is the mean of the average's vectors over all reliable pixels of class c.
/// - Negatives are `negatives` a anchor, drawn with replacement from the queue of class c, which remembers vectors of the
///   average. Those of this batch enter first: of a labelled pixel into the queues of the classes that are not its label
///   and among its `lowRank` most probable, of a doubtful unlabelled one into those of the classes of rank lowRank ..<
///   highRank, counted from 0. Of all queues the oldest vectors leave first.
///
/// A class without anchors, or with an empty queue, counts 0. Without a reliable pixel L is 0. Only the anchors have a
/// gradient. Only directions matter, so that vectors enter queues at unit length.
///
/// Random numbers are those of "u2pl contrast", the iteration and the class: the anchors, then the negatives of one anchor
/// after another.
package struct ContrastiveLoss: Sendable {
  package let classes: Int
  package let temperature: Double
  package let anchors: Int
  package let negatives: Int
  package let lowRank: Int
  package let highRank: Int
  package let positiveThreshold: Float

  package init(
    classes: Int, temperature: Double, anchors: Int, negatives: Int, lowRank: Int, highRank: Int,
    positiveThreshold: Float
  ) {
    (self.classes, self.temperature) = (classes, temperature)
    (self.anchors, self.negatives) = (anchors, negatives)
    (self.lowRank, self.highRank) = (lowRank, highRank)
    self.positiveThreshold = positiveThreshold
  }

  package struct Result {
    /// Without weight.
    package let value: Double
    /// Of weight * L by the student's vectors, [B, N, d].
    package let gradient: Tensor
    /// What enters the queues.
    package let arrivals: ClassQueues.Arrivals
  }

  /// - Parameters:
  ///   - student, average: vectors of the same pixels, plain [B, N, d], of any length.
  ///   - probabilities: the average's, plain [B, C, h, w] with h * w = N.
  ///   - pixels: B * N of them.
  ///   - weight: factor on the gradient.
  package func callAsFunction(
    _ student: Tensor, average: Tensor, probabilities: Tensor, _ pixels: ContrastPixels,
    queues: ClassQueues, weight: Double, seed: UInt64, iteration: Int
  ) -> Result {
    precondition(
      student.shape == average.shape && student.shape.rank == 3
        && probabilities.layout == .plain && probabilities.shape.rank == 4
        && probabilities.shape[0] == student.shape[0] && probabilities.shape[1] == classes
        && probabilities.shape[2] * probabilities.shape[3] == student.shape[1]
        && pixels.labels.count == student.shape[0] * student.shape[1],
      "ContrastiveLoss: vectors \(student.shape) and \(average.shape), probabilities \(probabilities.shape), "
        + "\(pixels.labels.count) pixels, \(classes) classes")
    let width = student.shape[2]
    let groups = groups(pixels, average: average, probabilities: probabilities)
    let arrivals = arrivals(pixels, average: average, probabilities: probabilities)
    let gradient = Tensor(repeating: 0, shape: student.shape)
    let valid = groups.count { $0.reliable > 0 }
    var value = 0.0
    for (label, group) in groups.enumerated() where !group.anchors.isEmpty {
      let remembered = queues.count(label, after: arrivals)
      guard remembered > 0 else { continue }
      var random = RandomSource(seed: seed, purpose: "u2pl contrast", iteration, label)
      let chosen = (0..<anchors).map { _ in group.anchors[random.below(group.anchors.count)] }
      group.positive.withUnsafeBufferPointer { positive in
        guard let start = positive.baseAddress else { return }
        var others = [start]
        for row in chosen {
          others.removeSubrange(1...)
          for _ in 0..<negatives {
            others.append(queues.vector(label, random.below(remembered), after: arrivals))
          }
          value += Self.compare(
            student.pointer + row * width, others, width: width, temperature: temperature,
            gain: weight / Double(valid * anchors), gradient: gradient.pointer + row * width)
        }
      }
    }
    withExtendedLifetime((student, average, arrivals, queues, gradient)) {}
    return Result(
      value: valid > 0 ? value / Double(valid * anchors) : 0, gradient: gradient, arrivals: arrivals)
  }

  /// -log softmax of the first of `others` in the cosines of `anchor` to all of them, which have unit length.
  ///
  /// - Parameter gradient: gets `gain` times the derivative by the anchor added.
  private static func compare(
    _ anchor: UnsafePointer<Float>, _ others: [UnsafePointer<Float>], width: Int, temperature: Double,
    gain: Double, gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    let norm = Double(VectorProduct.dot(anchor, anchor, width)).squareRoot()
    let inverse = norm > Double(UnitRows.epsilon) ? 1 / norm : 0
    let cosines = others.map { Double(VectorProduct.dot(anchor, $0, width)) * inverse }
    let greatest = cosines.reduce(-1, max)
    var shares = cosines.map { exp(($0 - greatest) / temperature) }
    let sum = shares.reduce(0, +)
    var along = 0.0
    for index in shares.indices {
      shares[index] = (shares[index] / sum - (index == 0 ? 1 : 0)) / temperature
      along += shares[index] * cosines[index]
    }
    let scale = gain * inverse
    for (share, other) in zip(shares, others) {
      VectorProduct.add(Float(scale * share), other, to: gradient, width)
    }
    VectorProduct.add(Float(-scale * along * inverse), anchor, to: gradient, width)
    return log(sum) + (greatest - cosines[0]) / temperature
  }

  /// A class's part of a batch.
  private struct Group {
    /// Number of pixels.
    var reliable = 0
    /// Numbers of pixels.
    var anchors: [Int] = []
    /// The mean of the reliable pixels' vectors, at unit length.
    var positive: [Float] = []
  }

  private func groups(_ pixels: ContrastPixels, average: Tensor, probabilities: Tensor) -> [Group] {
    let (count, width) = (average.shape[1], average.shape[2])
    var groups = [Group](repeating: Group(), count: classes)
    var sums = [Double](repeating: 0, count: classes * width)
    for (row, label) in pixels.labels.enumerated() where pixels.isReliable[row] {
      let own = Int(label)
      precondition(own < classes, "ContrastiveLoss: a reliable pixel of class \(own) of \(classes)")
      groups[own].reliable += 1
      for c in 0..<width { sums[own * width + c] += Double(average.pointer[row * width + c]) }
      let place = (row / count * classes + own) * count + row % count
      if probabilities.pointer[place] > positiveThreshold { groups[own].anchors.append(row) }
    }
    for own in 0..<classes {
      let sum = sums[own * width..<(own + 1) * width]
      let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
      groups[own].positive = sum.map { norm > 0 ? Float($0 / norm) : 0 }
    }
    withExtendedLifetime((average, probabilities)) {}
    return groups
  }

  private func arrivals(
    _ pixels: ContrastPixels, average: Tensor, probabilities: Tensor
  ) -> ClassQueues.Arrivals {
    let count = average.shape[1]
    var arrivals = ClassQueues.Arrivals(from: UnitRows.forward(average).y, classes: classes)
    var own = [Float](repeating: 0, count: classes)
    var order = [Int](repeating: 0, count: classes)
    for row in pixels.labels.indices where pixels.isDoubtful[row] {
      let isLabelled = row < pixels.labelledCount
      let first = min(isLabelled ? 0 : lowRank, classes)
      let ranks = first..<max(first, min(isLabelled ? lowRank : highRank, classes))
      let start = probabilities.pointer + row / count * classes * count + row % count
      for c in 0..<classes { (own[c], order[c]) = (start[c * count], c) }
      order.sort { own[$0] > own[$1] || own[$0] == own[$1] && $0 < $1 }
      for label in order[ranks] where !isLabelled || label != Int(pixels.labels[row]) {
        arrivals.append(row: row, class: label)
      }
    }
    withExtendedLifetime(probabilities) {}
    return arrivals
  }
}

/// Sums in a fixed order, eight at a time.
private enum VectorProduct {
  static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var sums = SIMD8<Float>(repeating: 0)
    let whole = count / 8 * 8
    for index in stride(from: 0, to: whole, by: 8) {
      sums +=
        UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Float>.self)
        * UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Float>.self)
    }
    var sum = sums.sum()
    for index in whole..<count { sum += a[index] * b[index] }
    return sum
  }

  /// target += factor * a
  static func add(
    _ factor: Float, _ a: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for index in 0..<count { target[index] += factor * a[index] }
  }
}
