import Claims
import Testing

@Suite struct StatisticsTests {
  /// Closed forms: one degree is Cauchy's, 1 - 2 atan(t) / pi; two degrees 1 - t / sqrt(2 + t^2).
  @Test func twoSidedIsKnownInClosedForm() {
    #expect(abs(Statistics.twoSided(t: 1, freedom: 1) - 0.5) < 1e-12)
    #expect(abs(Statistics.twoSided(t: 2, freedom: 2) - (1 - 2 / 6.0.squareRoot())) < 1e-12)
    #expect(abs(Statistics.twoSided(t: -2, freedom: 2) - (1 - 2 / 6.0.squareRoot())) < 1e-12)
    #expect(Statistics.twoSided(t: 0, freedom: 7) == 1)
  }

  /// The table's 97.5 % quantile of four degrees is 2.776.
  @Test func equalVariancesGiveStudentsFreedom() throws {
    let std = (2.0 / 3).squareRoot()
    let shift = 2.7764451 * (2.0 / 3).squareRoot()
    let p = try #require(Statistics.welch((shift, std, 3), (0, std, 3)))
    #expect(abs(p - 0.05) < 1e-6)
    #expect(Statistics.welch((1, 0, 3), (0, 0, 3)) == nil)
    #expect(Statistics.welch((1, 1, 1), (0, 1, 3)) == nil)
  }

  @Test func holmStepsDown() {
    let corrected = Statistics.holm([0.01, 0.04, 0.03, 0.005])
    for (value, wanted) in zip(corrected, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(value - wanted) < 1e-12) }
  }
}
