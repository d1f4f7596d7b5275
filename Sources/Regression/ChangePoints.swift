import Claims

/// Change points of series of nights: where the mean of a cell's nights is another one than before.
///
/// Circular binary segmentation (Olshen, Venkatraman, Lucito and Wigler, "Circular binary segmentation for the
/// analysis of array-based DNA copy number data", Biostatistics 5(4), 2004, 557-572) with a bound in place of
/// its permutations. Of n nights, every arc of at least `least` successive ones whose neighbours are as many,
/// or none, is compared with the rest by
///
///     t = |mean(arc) - mean(rest)| / (s * sqrt(1 / k + 1 / (n - k)))
///
/// with k nights in the arc and s^2, the pooled variance within arc and rest, of n - 2 degrees of freedom. An
/// arc at the end of the series is a single change, whose t is Worsley's ("On the likelihood ratio test for a
/// shift in location of normal populations", JASA 74, 1979, 365-367); one in the middle is a level that came
/// and went. The arc with the largest t cuts the series if its two-sided p times the number of arcs is at most
/// alpha, divided by the number of series (Bonferroni), and the pieces are looked at in the same way. Then
/// every cut whose two neighbours do not differ by the same measure, with the variance within all pieces, is
/// taken back, the weakest first: an arc may have one end too many.
///
/// False alarms: where nights are independent and normal around one mean, there is any change point in any of
/// the series with a probability of at most alpha, by Bonferroni's inequality; it is less, since arcs overlap.
/// Nothing is drawn: equal series have equal change points. Nights that repeat each other's bits have no
/// variance: a level that lasts `least` nights is then certain, whatever its height; less than `smallest` is
/// not told.
public struct ChangePoints: Equatable, Sendable {
  /// Of all series together.
  public let alpha: Double
  /// Nights on either side of a change point, two or more: a single odd night is none.
  public let least: Int
  /// Difference of means below which nothing is told, in the values' unit: what pages print in two decimals is
  /// equal.
  public let smallest: Double

  public init(alpha: Double = 0.05, least: Int = 3, smallest: Double = 0.01) {
    precondition(
      alpha > 0 && alpha < 1 && least > 1 && smallest >= 0,
      "ChangePoints: alpha \(alpha), \(least) nights a side, differences from \(smallest)")
    (self.alpha, self.least, self.smallest) = (alpha, least, smallest)
  }

  /// Nights that a series has to have before anything can be told of it.
  public var needed: Int { 2 * least }

  public struct Change: Equatable, Sendable {
    /// Of the first value after it.
    public let index: Int
    /// Values between the change point before it, or the beginning, and this one.
    public let before: Level
    /// From here to the next one, or to the end.
    public let after: Level

    public init(index: Int, before: Level, after: Level) {
      (self.index, self.before, self.after) = (index, before, after)
    }
  }

  /// Successive values with one mean.
  public struct Level: Equatable, Sendable {
    public let range: Range<Int>
    public let mean: Double

    public init(range: Range<Int>, mean: Double) { (self.range, self.mean) = (range, mean) }
  }

  /// Change points of each series, ascending.
  /// - Parameter series: values night by night, all finite.
  public func find(in series: [[Double]]) -> [[Change]] {
    let long = series.count { $0.count >= needed }
    return series.map { changes(in: $0, alpha: alpha / Double(max(1, long))) }
  }

  private func changes(in values: [Double], alpha: Double) -> [Change] {
    precondition(values.allSatisfy(\.isFinite), "ChangePoints: values that are not finite")
    guard values.count >= needed else { return [] }
    // Around the first: successive equal values are exact zeros.
    let series = values.map { $0 - values[0] }
    let cuts = supported(cuts(in: 0..<series.count, of: series, alpha), in: series, alpha)
    let levels = ChangePoints.levels(cuts, of: values)
    return zip(levels, levels.dropFirst()).map { Change(index: $1.range.lowerBound, before: $0, after: $1) }
  }

  // MARK: Arcs

  /// Cuts within a piece, ascending.
  private func cuts(in piece: Range<Int>, of series: [Double], _ alpha: Double) -> [Int] {
    guard let arc = widestGap(in: piece, of: series, alpha) else { return [] }
    let ends = [arc.lowerBound, arc.upperBound].filter { piece.lowerBound < $0 && $0 < piece.upperBound }
    let bounds = [piece.lowerBound] + ends + [piece.upperBound]
    return zip(bounds, bounds.dropFirst()).flatMap { from, to in
      (from > piece.lowerBound ? [from] : []) + cuts(in: from..<to, of: series, alpha)
    }
  }

  /// The arc whose mean differs most from that of the rest; nil if that may be chance.
  private func widestGap(in piece: Range<Int>, of series: [Double], _ alpha: Double) -> Range<Int>? {
    let n = piece.count
    guard n >= needed else { return nil }
    let own = series[piece].map { $0 - series[piece.lowerBound] }
    let total = own.reduce(0, +)
    let squares = own.reduce(0) { $0 + ($1 - total / Double(n)) * ($1 - total / Double(n)) }
    var sums = [0.0]
    for value in own { sums.append(sums[sums.count - 1] + value) }
    var best = (between: 0.0, range: 0..<0)
    // An arc from the beginning is the rest of one to the end.
    for from in least...n - least {
      for to in from + least...n where to == n || n - to >= least {
        let k = Double(to - from)
        let inside = sums[to] - sums[from]
        let gap = inside / k - (total - inside) / (Double(n) - k)
        // What of the sum of squares lies between arc and rest: t grows with it.
        let between = gap * gap * k * (Double(n) - k) / Double(n)
        if between > best.between { best = (between, from..<to) }
      }
    }
    guard best.between > 0 else { return nil }
    let within = ChangePoints.rest(squares, best.between)
    let p = ChangePoints.probability(best.between, within: within, freedom: Double(n - 2))
    guard p * Double(arcs(of: n)) <= alpha else { return nil }
    let from = piece.lowerBound
    return from + best.range.lowerBound..<from + best.range.upperBound
  }

  /// `squares` without `part`; what is left of rounding is nothing.
  private static func rest(_ squares: Double, _ part: Double) -> Double {
    squares - part > 1e-12 * squares ? squares - part : 0
  }

  /// Two-sided, of t^2 = between / (within / freedom); without any variance a difference is certain.
  private static func probability(_ between: Double, within: Double, freedom: Double) -> Double {
    guard within > 0 else { return 0 }
    return Statistics.twoSided(t: (between / (within / freedom)).squareRoot(), freedom: freedom)
  }

  // MARK: Cuts

  /// The cuts without those whose two neighbours do not differ.
  private func supported(_ cuts: [Int], in series: [Double], _ alpha: Double) -> [Int] {
    var cuts = cuts
    while !cuts.isEmpty {
      let levels = ChangePoints.levels(cuts, of: series)
      let mean = Statistics.mean(series)
      let squares = series.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let within = levels.reduce(0) { sum, level in
        sum + series[level.range].reduce(0) { $0 + ($1 - level.mean) * ($1 - level.mean) }
      }
      let freedom = Double(series.count - levels.count)
      let pairs = zip(levels, levels.dropFirst()).map { left, right -> (gap: Double, p: Double) in
        let gap = right.mean - left.mean
        let (n, m) = (Double(left.range.count), Double(right.range.count))
        return (
          abs(gap),
          ChangePoints.probability(
            gap * gap * n * m / (n + m), within: within > 1e-12 * squares ? within : 0, freedom: freedom)
        )
      }
      let limit = alpha / Double(arcs(of: series.count))
      let weak = pairs.indices.filter { pairs[$0].gap < smallest || pairs[$0].p > limit }
      // The largest p, and of equals the smallest step.
      guard
        let worst = weak.max(by: { (pairs[$0].p, -pairs[$0].gap, $0) < (pairs[$1].p, -pairs[$1].gap, $1) })
      else { break }
      cuts.remove(at: worst)
    }
    return cuts
  }

  /// How many arcs a series of n nights has.
  private func arcs(of n: Int) -> Int {
    // To the end: one for each place that leaves `least` on both sides. In the middle: what is spare when each
    // of three pieces has its `least` is shared among them in so many ways.
    let spare = n - 3 * least
    return n - 2 * least + 1 + (spare >= 0 ? (spare + 1) * (spare + 2) / 2 : 0)
  }

  private static func levels(_ cuts: [Int], of values: [Double]) -> [Level] {
    let bounds = [0] + cuts + [values.count]
    return zip(bounds, bounds.dropFirst()).map { from, to in
      // Around the first: the mean of equal values is that value.
      let mean = Statistics.mean(values[from..<to].map { $0 - values[from] }) + values[from]
      return Level(range: from..<to, mean: mean)
    }
  }
}
