import Claims
import Experiments
import Testing

/// The statements of the paper, judged by the paper's own numbers.
@Suite struct PaperCountTests {
  /// Comparisons that hold and all of them, counted by another program over the paper's tables. D04 counts mean and deviation
  /// apart (7 of 7 there), S03 the gain over the best other method against each larger split (4 of 7 there), and X01 every cell of
  /// Tables 11 and 12 that is printed twice.
  static let counts: [String: (holds: Int, of: Int, verdict: Judgement.Verdict)] = [
    "A01-jml-beats-ce-miou": (17, 17, .holds),
    "A02-gain-over-2": (10, 14, .holds),
    "A03-jml-raises-acc": (15, 17, .holds),
    "A04-bls-gain-dl3r101-voc": (1, 2, .fails),
    "A05-jml-gains-more-from-soft": (17, 27, .holds),
    "A06-bls-improves-accuracy": (62, 68, .fails),
    "A07-kd-improves-accuracy": (40, 40, .holds),
    "A08-kd-beats-bls-cs-ade": (20, 20, .holds),
    "A09-bls-gain-largest-on-voc": (7, 8, .holds),
    "A10-sota-kd": (25, 25, .holds),
    "A11-sota-kd-margin": (11, 15, .fails),
    "A12-sota-kd-batch8": (1, 3, .fails),
    "A13-jml-hard-comparable-to-kd": (8, 8, .holds),
    "A14-our-baseline-not-stronger": (2, 2, .holds),
    "A15-consistent-over-datasets-and-architectures": (62, 62, .holds),
    "A16-segformer-b3-boundary-acc": (1, 1, .holds),
    "S01-sota-ssl": (25, 25, .holds),
    "S02-ssl-92-over-4": (1, 1, .holds),
    "S03-ssl-gain-larger-on-small-splits": (7, 10, .holds),
    "S04-ssl-each-term-helps": (8, 8, .holds),
    "S05-ssl-margin-substantial": (2, 5, .fails),
    "K01-soft-labels-sometimes-hurt-ece": (13, 27, .holds),
    "K02-ce-lowest-ece-cityscapes": (5, 5, .holds),
    "K03-ce-bls-helps-boundary": (17, 17, .holds),
    "K04-jml-hurts-ece": (34, 34, .holds),
    "K05-jml-better-sce": (8, 8, .holds),
    "K06-soft-labels-fix-jml-calibration": (54, 54, .holds),
    "K07-soft-labels-may-worsen-sce": (4, 8, .holds),
    "K08-calibration-better-than-ce": (2, 54, .fails),
    "K09-bls-accuracy-and-calibration-voc": (20, 20, .holds),
    "B01-weights-025-075-best": (4, 4, .holds),
    "B05-loss-terms-help": (8, 8, .holds),
    "B06-label-active-classes-best": (4, 4, .holds),
    "B07-all-classes-misguide": (3, 3, .holds),
    "B08-present-like-no-soft": (2, 2, .holds),
    "B09-prob-like-both-below-label": (3, 3, .holds),
    "B10-calibrated-teacher-helps": (6, 6, .holds),
    "B11-t3-best-everywhere": (11, 11, .holds),
    "X01-cross-table-consistency": (57, 58, .fails),
    "D01-mean-gain-over-two-std": (2, 2, .holds),
    "D02-diff-row-arithmetic": (8, 10, .fails),
    "D03-mean-std-arithmetic": (11, 12, .fails),
    "D04-corrected-folds": (9, 9, .holds),
    "L01-same-on-hard-labels": (4, 4, .holds),
    "L02-sjl-l1-hurt-by-soft-voc": (2, 2, .holds),
    "L03-sjl-l2-below-l1-hard": (2, 2, .holds),
    "L04-jml-beats-sjl-l2": (12, 12, .holds),
    "L05-lsl-like-jml-hard": (2, 2, .holds),
    "L06-jml1-above-jml2": (3, 4, .fails),
    "L07-jml-beats-sjl-l1-soft": (8, 8, .holds),
  ]

  private func judgements() throws -> [Judgement] {
    let registry = try ClaimFiles.registry()
    let judge = ClaimJudge(registry: registry, side: .paper)
    return try registry.claims.keys.sorted().flatMap { registry.claims[$0] ?? [] }.map { try judge.judge($0) }
  }

  /// Every statement is there, and has either a verdict or a reason why not.
  @Test func everyStatementIsJudgedOrSaysWhyNot() throws {
    let judgements = try judgements()
    #expect(judgements.count == 61)
    #expect(Set(judgements.map(\.claim.id)).count == 61)
    for judgement in judgements {
      #expect((judgement.verdict == .notDecidable) == (judgement.reason != nil), "\(judgement.claim.id)")
      #expect(judgement.claim.checks.isEmpty == (judgement.claim.notJudged != nil), "\(judgement.claim.id)")
    }
  }

  @Test func thePapersNumbersGiveTheseCounts() throws {
    let judgements = try judgements()
    for judgement in judgements where !judgement.claim.checks.isEmpty {
      let id = judgement.claim.id
      let wanted = try #require(Self.counts[id], "\(id)")
      if !judgement.reasons.isEmpty {
        // Its table is not in the registry yet.
        #expect(judgement.reasons.allSatisfy { $0.hasSuffix("is not in experiments/tables") }, "\(id)")
        #expect(judgement.verdict == .notDecidable, "\(id)")
        continue
      }
      #expect(judgement.count.holds == wanted.holds, "\(id)")
      #expect(judgement.count.of == wanted.of, "\(id)")
      #expect(judgement.verdict == wanted.verdict, "\(id)")
    }
    #expect(Set(judgements.map(\.claim.id)).isSuperset(of: Self.counts.keys))
  }

  /// The two exceptions that the paper's own arithmetic has.
  @Test func misprintsAreFound() throws {
    let judgements = try judgements()
    let folds = try #require(judgements.first { $0.claim.id == "D02-diff-row-arithmetic" })
    #expect(folds.own.filter { !$0.holds }.map(\.place) == ["Table 14: BLS / 3", "Table 14: BLS / 4"])
    let twice = try #require(judgements.first { $0.claim.id == "X01-cross-table-consistency" })
    let failed = twice.own.filter { !$0.holds }
    #expect(failed.map(\.left.name) == ["Table 8: S / BECE: T3"])
    #expect(failed.map(\.right.name) == ["Table 2: DL3-R18 / BECE: JML-KD"])
  }
}
