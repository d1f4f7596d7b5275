import Claims
import Experiments
import Foundation
import Methods
import Testing

@Suite struct ClaimTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Every claim resolves against the registry's tables, or says why it is not decidable.
  @Test func everyClaimResolves() throws {
    let registry = try Registry(
      root: Self.root.appendingPathComponent("experiments"), methods: Methods.catalogue)
    let judge = ClaimJudge(registry: registry, plan: nil) { _ in .pending }
    let claims = registry.claims.keys.sorted().flatMap { registry.claims[$0] ?? [] }
    #expect(claims.count == Set(claims.map(\.id)).count)
    for claim in claims {
      let paper = try judge.judge(claim, .paper)
      if paper.verdict == .notDecidable { #expect(paper.reason != nil, "\(claim.id)") }
    }
  }

  @Test func table4HoldsOnEveryPrintedCell() throws {
    let registry = try Registry(
      root: Self.root.appendingPathComponent("experiments"), methods: Methods.catalogue)
    let claim = try #require(registry.claims["accuracy"]?.first { $0.id == "A10-sota-kd" })
    let paper = try ClaimJudge(registry: registry, plan: nil) { _ in .pending }.judge(claim, .paper)
    #expect(paper.verdict == .holds)
    #expect(paper.count.holds == 25)
    #expect(paper.count.of == 25)
  }
}
