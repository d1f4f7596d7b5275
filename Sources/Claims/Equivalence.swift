import Experiments
import Tables

/// Whether a metric is the same on both sides but for a margin: two one-sided tests (Schuirmann 1987) of the differences
/// between runs of equal seed and fold.
///
/// For each seed and fold the differences are averaged over the cells, so that one number of each is tested: a mean over many
/// cells moves far less from seed to seed than one cell does.
public struct Equivalence: Equatable, Sendable {
  public let metric: Metric
  public let evaluation: CellSpec.Evaluation
  /// In the metric's unit, positive.
  public let margin: Double
  /// Of each of the two tests.
  public let level: Double
  /// Numbers that the mean is over, each with a value of every seed and fold on both sides.
  public let cells: Int
  /// Numbers of this metric left out: unfinished on a side, or of other seeds and folds than most.
  public let leftOut: Int
  /// B minus A, one a seed and fold, in their order.
  public let differences: [Double]
  /// The larger p of the two tests: that the mean is not above -margin, that it is not below +margin.
  public let p: Double
  /// The mean difference's interval of 1 - 2 level, which lies within the margin exactly where both tests say so; nil
  /// without any deviation.
  public let interval: ClosedRange<Double>?

  public var mean: Double { Statistics.mean(differences) }
  public var isShown: Bool { p <= level }

  /// - Parameters:
  ///   - samples: of the metric, B minus A, seed by seed.
  ///   - leftOut: numbers that have no such sample.
  /// - Returns: nil with fewer than two seeds or folds that both sides have.
  init?(
    _ metric: Metric, _ evaluation: CellSpec.Evaluation, margin: Double, level: Double, _ samples: [Sample],
    leftOut: Int
  ) {
    precondition(margin > 0 && level > 0 && level < 0.5, "Equivalence: margin \(margin), level \(level)")
    // Of groups of one size the one that comes first.
    guard
      let group = samples.grouped(by: { $0.isPaired(with: $1) }).max(by: { $0.count < $1.count }),
      group[0].values.count > 1
    else { return nil }
    (self.metric, self.evaluation, self.margin, self.level) = (metric, evaluation, margin, level)
    (cells, self.leftOut) = (group.count, leftOut + samples.count - group.count)
    let differences = group[0].values.indices.map { place in
      Statistics.mean(group.map { $0.values[place].value })
    }
    self.differences = differences
    guard let above = Statistics.oneSample(differences, shift: -margin),
      let below = Statistics.oneSample(differences.map { -$0 }, shift: -margin),
      let variance = Statistics.variance(differences)
    else {
      // Equal differences say with certainty what they are.
      p = abs(Statistics.mean(differences)) < margin ? 0 : 1
      interval = nil
      return
    }
    p = max(above.oneSided, below.oneSided)
    let half =
      Statistics.quantile(level, freedom: above.freedom) * (variance / Double(differences.count)).squareRoot()
    let mean = Statistics.mean(differences)
    interval = mean - half...mean + half
  }
}

extension Sequence {
  /// What is alike together, groups and their elements in the order of the sequence; no group is empty.
  func grouped(by isAlike: (Element, Element) -> Bool) -> [[Element]] {
    reduce(into: []) { groups, element in
      if let known = groups.firstIndex(where: { isAlike(element, $0[0]) }) {
        groups[known].append(element)
      } else {
        groups.append([element])
      }
    }
  }
}
