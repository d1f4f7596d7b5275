import Claims
import Testing

/// Reference numbers come from `scripts/statistics-reference.py`, which integrates the density, and agree with what R's
/// manual prints for its data set `sleep`.
@Suite struct StatisticsTests {
  private let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
  private let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

  private func expect(
    _ student: Statistics.Student?, _ t: Double, _ freedom: Double, _ p: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let student = try #require(student, sourceLocation: sourceLocation)
    #expect(abs(student.t - t) < 1e-9, sourceLocation: sourceLocation)
    #expect(abs(student.freedom - freedom) < 1e-9, sourceLocation: sourceLocation)
    #expect(abs(student.oneSided - p) < 1e-9, sourceLocation: sourceLocation)
  }

  /// Closed forms: one degree is Cauchy's, 1 - 2 atan(t) / pi; two degrees 1 - t / sqrt(2 + t^2).
  @Test func twoSidedIsKnownInClosedForm() {
    #expect(abs(Statistics.twoSided(t: 1, freedom: 1) - 0.5) < 1e-12)
    #expect(abs(Statistics.twoSided(t: 2, freedom: 2) - (1 - 2 / 6.0.squareRoot())) < 1e-12)
    #expect(abs(Statistics.twoSided(t: -2, freedom: 2) - (1 - 2 / 6.0.squareRoot())) < 1e-12)
    #expect(Statistics.twoSided(t: 0, freedom: 7) == 1)
  }

  /// 97.5 % quantiles of the table of t.
  @Test(arguments: [(2.0, 4.302652730), (4.0, 2.776445105), (9.0, 2.262157163), (30.0, 2.042272456)])
  func quantilesOfTheTable(freedom: Double, t: Double) {
    #expect(abs(Statistics.oneSided(t: t, freedom: freedom) - 0.025) < 1e-9)
    #expect(abs(Statistics.oneSided(t: -t, freedom: freedom) - 0.975) < 1e-9)
  }

  @Test(arguments: [(1.0, 6.31375151), (4.0, 2.13184679), (9.0, 1.83311293)])
  func quantiles(freedom: Double, t: Double) {
    #expect(abs(Statistics.quantile(0.05, freedom: freedom) - t) < 1e-8)
    #expect(Statistics.quantile(0.5, freedom: freedom) < 1e-9)
  }

  @Test func welch() throws {
    try expect(Statistics.welch(second, first), 1.8608134675, 17.7764735162, 0.0396970701)
    try expect(Statistics.welch(first, second), -1.8608134675, 17.7764735162, 0.9603029299)
    try expect(Statistics.welch(Array(second.prefix(3)), first), 0.7899018561, 10.6482831102, 0.2234093509)
  }

  /// scipy's ttest_ind with equal variances.
  @Test func studentHasEqualVariances() throws {
    try expect(Statistics.student(second, first), 1.8608134674868524, 18, 0.03959335710796911)
    try expect(
      Statistics.student(Array(second.prefix(3)), first), 0.479668058051918, 11, 0.32042936228182783)
    #expect(Statistics.student([1], [0, 1]) == nil && Statistics.student([1, 1], [0, 0]) == nil)
  }

  @Test func pairedIsOfDifferences() throws {
    let differences = zip(second, first).map { $0 - $1 }
    try expect(Statistics.oneSample(differences), 4.0621276834, 9, 0.0014164451)
    try expect(Statistics.oneSample(differences, shift: 1), 1.4911607952, 9, 0.0850558854)
  }

  @Test func nothingToTest() {
    #expect(Statistics.welch([1], [0, 1, 2]) == nil)
    #expect(Statistics.welch([1, 1], [0, 0, 0]) == nil)
    #expect(Statistics.oneSample([3]) == nil)
    #expect(Statistics.oneSample([3, 3, 3]) == nil)
    #expect(Statistics.pooledDeviation([1], [0, 1]) == nil)
  }

  @Test func pooledDeviation() throws {
    let pooled = try #require(Statistics.pooledDeviation(first, second))
    #expect(abs(pooled - 1.8986252336) < 1e-9)
  }

  @Test func holmStepsDown() {
    let corrected = Statistics.holm([0.01, 0.04, 0.03, 0.005])
    for (value, wanted) in zip(corrected, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(value - wanted) < 1e-12) }
    #expect(Statistics.holm([0.6, 0.7]) == [1, 1])
    #expect(Statistics.holm([]) == [])
  }

  /// All: the largest. One: Bonferroni. Two of three: twice the second.
  @Test func partialConjunction() {
    let values = [0.03, 0.2, 0.01]
    #expect(Statistics.partialConjunction(values, needed: 3) == 0.2)
    #expect(abs(Statistics.partialConjunction(values, needed: 1) - 0.03) < 1e-15)
    #expect(abs(Statistics.partialConjunction(values, needed: 2) - 0.06) < 1e-15)
    #expect(Statistics.partialConjunction([0.9, 0.8], needed: 1) == 1)
  }
}
