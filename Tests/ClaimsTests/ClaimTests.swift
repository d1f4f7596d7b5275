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

  /// Comparisons that hold and all of them, counted independently over the paper's tables.
  static let counts: [String: (holds: Int, of: Int)] = [
    "A01-jml-beats-ce-miou": (17, 17),
    "A02-gain-over-2": (10, 14),
    "A03-jml-raises-acc": (15, 17),
    "A04-bls-gain-dl3r101-voc": (1, 2),
    "A05-jml-gains-more-from-soft": (17, 27),
    "A06-bls-improves-accuracy": (62, 68),
    "A07-kd-improves-accuracy": (40, 40),
    "A08-kd-beats-bls-cs-ade": (20, 20),
    "A10-sota-kd": (25, 25),
    "A14-our-baseline-not-stronger": (2, 2),
    "A16-segformer-b3-boundary-acc": (1, 1),
    "S01-sota-ssl": (25, 25),
    "S02-ssl-92-over-4": (1, 1),
    "S05-ssl-margin-substantial": (2, 5),
    "K01-soft-labels-sometimes-hurt-ece": (13, 27),
    "K02-ce-lowest-ece-cityscapes": (5, 5),
    "K03-ce-bls-helps-boundary": (17, 17),
    "K04-jml-hurts-ece": (34, 34),
    "K05-jml-better-sce": (8, 8),
    "K06-soft-labels-fix-jml-calibration": (54, 54),
    "K07-soft-labels-may-worsen-sce": (4, 8),
    "K08-calibration-better-than-ce": (2, 54),
    "K09-bls-accuracy-and-calibration-voc": (20, 20),
    "B01-weights-025-075-best": (4, 4),
    "B06-label-active-classes-best": (4, 4),
    "B07-all-classes-misguide": (3, 3),
    "B09-prob-like-both-below-label": (3, 3),
    "B10-calibrated-teacher-helps": (6, 6),
    "L01-same-on-hard-labels": (4, 4),
    "L02-sjl-l1-hurt-by-soft-voc": (2, 2),
    "L03-sjl-l2-below-l1-hard": (2, 2),
    "L04-jml-beats-sjl-l2": (12, 12),
    "L05-lsl-like-jml-hard": (2, 2),
    "L06-jml1-above-jml2": (3, 4),
    "L07-jml-beats-sjl-l1-soft": (8, 8),
  ]

  /// A claim whose tables are not all in the registry has no count yet.
  @Test func thePapersNumbersGiveTheseCounts() throws {
    let registry = try Registry(
      root: Self.root.appendingPathComponent("experiments"), methods: Methods.catalogue)
    let judge = ClaimJudge(registry: registry, plan: nil) { _ in .pending }
    for claim in registry.claims.keys.sorted().flatMap({ registry.claims[$0] ?? [] }) {
      guard let wanted = Self.counts[claim.id] else { continue }
      let paper = try judge.judge(claim, .paper)
      guard paper.missing.isEmpty else { continue }
      #expect(paper.count.holds == wanted.holds, "\(claim.id)")
      #expect(paper.count.of == wanted.of, "\(claim.id)")
    }
  }
}
