import Claims
import Experiments
import Tables

/// The tests of a night: of each cell, and of each metric's mean over cells.
///
/// A cell is tested by Student's two-sample test, one-sided, with its variance seen in the light of the other cells' of its
/// metric (`VariancePrior`), and Holm's correction over all cells. What makes every cell a little worse is seen in the mean
/// over cells long before it is seen in one: for each seed the mean over cells is one number, and two handfuls of these are
/// compared by the plain test, corrected over the metrics. Each of the two families has half of alpha, so that a night in
/// which nothing changed gives an alarm with a probability of at most alpha.
struct CellTests {
  private let pairs: [(night: CellResult, reference: CellResult)]
  private let test: RegressionSpec.Test
  /// By place in `pairs`; nil where there is nothing to test.
  private let p: [Double?]
  private let corrected: [Double?]
  let means: [RegressionReport.MeanVerdict]

  init(_ pairs: [(night: CellResult, reference: CellResult?)], _ test: RegressionSpec.Test) {
    self.pairs = pairs.compactMap { pair in pair.reference.map { (pair.night, $0) } }
    self.test = test
    p = CellTests.probabilities(self.pairs)
    corrected = CellTests.holm(p)
    means = CellTests.means(self.pairs, test)
  }

  func verdict(_ place: Int) -> RegressionReport.CellVerdict {
    let (night, reference) = pairs[place]
    let worse = night.worse(than: reference)
    func verdict(_ state: RegressionReport.State, _ reason: String? = nil) -> RegressionReport.CellVerdict {
      RegressionReport.CellVerdict(
        night: night, reference: reference, state: state, reason: reason, worse: worse, p: p[place],
        corrected: corrected[place])
    }
    if night.hasBits(of: reference) { return verdict(.same) }
    guard let worse, let own = p[place], let corrected = corrected[place] else {
      return verdict(.notCompared, "two runs or more are needed on either side")
    }
    guard CellTests.isRegression(worse, corrected, test) else { return verdict(.passed) }
    let text = RegressionReport.text(worse: worse, p: own, corrected: corrected)
    return verdict(
      .regressed, text + (night.isSpecOther(than: reference) ? "; its spec or data is another one" : ""))
  }

  private static func isRegression(_ worse: Double, _ corrected: Double, _ test: RegressionSpec.Test) -> Bool
  {
    worse > 0 && worse >= test.minimumEffect && corrected <= test.alpha / 2
  }

  private static func holm(_ values: [Double?]) -> [Double?] {
    let known = values.indices.filter { values[$0] != nil }
    var corrected = [Double?](repeating: nil, count: values.count)
    for (index, value) in zip(known, Statistics.holm(known.compactMap { values[$0] })) {
      corrected[index] = value
    }
    return corrected
  }

  // MARK: Cells

  private static func probabilities(_ pairs: [(night: CellResult, reference: CellResult)]) -> [Double?] {
    var p = [Double?](repeating: nil, count: pairs.count)
    for metric in metrics(pairs) {
      let places = pairs.indices.filter { pairs[$0].night.metric == metric }
      let observed = places.map { observation(pairs[$0]) }
      let known = observed.compactMap { $0 }
      let prior = VariancePrior(known)
      let total = known.reduce(0) { $0 + $1.freedom }
      for (place, own) in zip(places, observed) {
        let (night, reference) = pairs[place]
        guard let own, let worse = night.worse(than: reference) else { continue }
        let variance = prior.posterior(own, total: total)
        let error = (variance.variance * (1 / Double(night.n) + 1 / Double(reference.n))).squareRoot()
        // Without any variance a difference is certain.
        p[place] =
          error > 0
          ? Statistics.oneSided(t: worse / error, freedom: variance.freedom) : (worse > 0 ? 0 : 1)
      }
    }
    return p
  }

  /// Variance of both sides together; nil with fewer than two runs on a side.
  private static func observation(
    _ pair: (night: CellResult, reference: CellResult)
  ) -> VariancePrior.Observation? {
    let (own, old) = (pair.night.values, pair.reference.values)
    return Statistics.pooledDeviation(own, old).map {
      VariancePrior.Observation(variance: $0 * $0, freedom: Double(own.count + old.count - 2))
    }
  }

  private static func metrics(_ pairs: [(night: CellResult, reference: CellResult)]) -> [String] {
    pairs.map(\.night.metric).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  // MARK: Means over cells

  private static func means(
    _ pairs: [(night: CellResult, reference: CellResult)], _ test: RegressionSpec.Test
  ) -> [RegressionReport.MeanVerdict] {
    let found = metrics(pairs).compactMap { metric in
      sides(pairs.filter { $0.night.metric == metric }).map { (metric: metric, sides: $0) }
    }
    let p = found.map { metric, sides -> Double? in
      let higher = Metric(metric)?.higherIsBetter ?? true
      let (better, worse) =
        higher ? (sides.reference.values, sides.night.values) : (sides.night.values, sides.reference.values)
      if let student = Statistics.student(better, worse) { return student.oneSided }
      // Equal runs on both sides have no variance: a difference is certain.
      let isKnown = better.count > 1 && worse.count > 1
      return isKnown ? (Statistics.mean(better) > Statistics.mean(worse) ? 0 : 1) : nil
    }
    return zip(found, zip(p, holm(p))).map { item, probability in
      let difference = item.sides.reference.mean - item.sides.night.mean
      let worse = Metric(item.metric)?.higherIsBetter ?? true ? difference : -difference
      let state: RegressionReport.State =
        probability.1.map { isRegression(worse, $0, test) ? .regressed : .passed } ?? .notCompared
      return RegressionReport.MeanVerdict(
        metric: item.metric, cells: item.sides.cells, night: item.sides.night,
        reference: item.sides.reference,
        state: state, worse: worse, p: probability.0, corrected: probability.1)
    }
  }

  private typealias Sides = (cells: Int, night: Aggregate, reference: Aggregate)

  /// Means over the cells that have the same seeds and folds as the first; nil of fewer than two cells.
  private static func sides(_ pairs: [(night: CellResult, reference: CellResult)]) -> Sides? {
    guard let first = pairs.first else { return nil }
    let alike = pairs.filter {
      $0.night.isAlike(first.night) && $0.reference.isAlike(first.reference)
    }
    guard alike.count > 1, let night = mean(alike.map(\.night)), let reference = mean(alike.map(\.reference))
    else { return nil }
    return (alike.count, night, reference)
  }

  private static func mean(_ cells: [CellResult]) -> Aggregate? {
    guard let first = cells.first else { return nil }
    return Aggregate(
      first.values.indices.map { index in
        cells.reduce(0) { $0 + $1.values[index] } / Double(cells.count)
      })
  }
}

extension CellResult {
  /// Whether runs are of the same seeds and folds, one by one.
  fileprivate func isAlike(_ other: CellResult) -> Bool {
    replicates.count == other.replicates.count
      && zip(replicates, other.replicates).allSatisfy { $0.isReplicate(of: $1) }
  }
}
