import Claims
import Testing

/// Reference numbers are of the same moments with scipy's digamma and polygamma, and a root finder.
@Suite struct VariancePriorTests {
  private func prior(_ variances: [Double], _ freedoms: [Double]) -> VariancePrior {
    VariancePrior(zip(variances, freedoms).map { VariancePrior.Observation(variance: $0, freedom: $1) })
  }

  @Test func momentsOfLogarithms() {
    let equal = prior([0.1, 0.4, 0.2, 3.0, 0.05, 0.9], [4, 4, 4, 4, 4, 4])
    #expect(abs(equal.freedom - 2.0519667515385724) < 1e-8)
    #expect(abs(equal.variance - 0.23954304359319825) < 1e-9)
    let mixed = prior([0.1, 2, 0.02, 5], [4, 6, 4, 2])
    #expect(abs(mixed.freedom - 0.8729887146890553) < 1e-8)
    #expect(abs(mixed.variance - 0.11751690877700839) < 1e-9)
  }

  /// Variances that are closer together than chance would have them are one.
  @Test func alikeVariancesAreOne() {
    let prior = prior([0.3, 0.31, 0.29, 0.3], [4, 4, 4, 4])
    #expect(prior.freedom == .infinity && abs(prior.variance - 0.39302270663779487) < 1e-9)
    let posterior = prior.posterior(.init(variance: 0.29, freedom: 4), total: 16)
    #expect(posterior == .init(variance: prior.variance, freedom: 16))
  }

  @Test func aCellIsDrawnTowardsTheOthers() {
    let prior = prior([0.1, 0.4, 0.2, 3.0, 0.05, 0.9], [4, 4, 4, 4, 4, 4])
    let posterior = prior.posterior(.init(variance: 3, freedom: 4), total: 24)
    #expect(posterior.freedom == prior.freedom + 4)
    #expect(posterior.variance > prior.variance && posterior.variance < 3)
    // Never more degrees than there are in all.
    #expect(prior.posterior(.init(variance: 3, freedom: 4), total: 5).freedom == 5)
  }

  @Test func fewCellsSayNothing() {
    let own = VariancePrior.Observation(variance: 0.5, freedom: 4)
    #expect(prior([0.1, 0.2, 0.3], [4, 4, 4]) == .none)
    #expect(VariancePrior.none.posterior(own, total: 12) == own)
    #expect(VariancePrior([]) == .none)
    // Runs that all agree, in some cells or in all.
    let some = prior([0, 0.1, 0.2, 0.3, 0.2], [4, 4, 4, 4, 4])
    #expect(some.freedom > 0 && some.variance.isFinite && some.variance > 0)
    #expect(prior([0, 0, 0, 0], [4, 4, 4, 4]) == .none)
  }
}
