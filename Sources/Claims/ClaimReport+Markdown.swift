import Experiments
import Foundation
import Tables

extension ClaimReport {
  /// For people: a table of claims, then the comparisons that speak against them.
  public var markdown: String {
    var caption = [Caption.profile(plan), Caption.overrides(plan)].compactMap { $0 }
    caption.append("- Verdicts by the paper's numbers: \(totals(.paper)). By ours: \(totals(.ours)).")
    caption.append(
      "- n/m: n of m comparisons hold. `some` needs one of them, `most` more than half, every other claim all. A claim with a "
        + "missing comparison is not decidable.")
    caption.append(
      "- Δ: mean difference of ours towards the claim. d: the same in pooled sample deviations, Cohen's d. n: runs on a side."
    )
    caption.append(
      "- p: one-sided, that as many comparisons as the claim needs are true (partial conjunction: the largest p where all are "
        + "needed); then after Holm's correction over every tested claim. The test is paired where both sides have the same seeds "
        + "and folds, otherwise Welch's.")
    let titles = [
      "claim", "statement", "needs", "paper", "ours", "Δ", "d", "p", "p (Holm)", "test", "n",
      "why not decidable",
    ]
    var lines = [MarkdownTable.line(titles), MarkdownTable.line(titles.map { _ in "---" })]
    for row in rows { lines.append(MarkdownTable.line(cells(row).map(MarkdownTable.escaped))) }
    let against = rows.flatMap { row in
      [row.paper, row.ours].compactMap(Self.against)
    }
    let blocks = [
      "# Claims of the paper", caption.joined(separator: "\n"), lines.joined(separator: "\n"),
      against.isEmpty ? "" : "## Comparisons against\n\n" + against.joined(separator: "\n\n"),
    ]
    return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  private func totals(_ side: Side) -> String {
    Judgement.Verdict.allCases.map { "\(count($0, side)) \($0.rawValue)" }.joined(separator: ", ")
  }

  private func cells(_ row: Row) -> [String] {
    func verdict(_ it: Judgement) -> String {
      it.count.of == 0 ? it.verdict.rawValue : "\(it.verdict.rawValue) \(it.count.holds)/\(it.count.of)"
    }
    let ours = row.ours
    let decided = ours.verdict != .notDecidable
    return [
      row.id, row.paper.claim.text, row.paper.claim.quantifier.rawValue, verdict(row.paper), verdict(ours),
      decided ? Self.signed(ours.towards) : "–", decided ? Self.signed(ours.effect) : "–",
      Self.probability(ours.p), Self.probability(row.corrected),
      ours.p == nil ? "–" : ours.testKinds.map(\.rawValue).joined(separator: ", "),
      decided ? Self.sizes(ours) : "–",
      ours.reason ?? "",
    ]
  }

  /// Runs on a side of the comparisons, the fewest and the most.
  private static func sizes(_ it: Judgement) -> String {
    let counts = it.own.flatMap { [$0.left.sample.values.count, $0.right.sample.values.count] }.filter {
      $0 > 0
    }
    guard let least = counts.min(), let most = counts.max() else { return "–" }
    return least == most ? "\(least)" : "\(least)-\(most)"
  }

  private static func against(_ it: Judgement) -> String? {
    let failed = it.own.filter { !$0.holds }
    guard !failed.isEmpty else { return nil }
    let side = it.side == .paper ? "paper" : "ours"
    return
      (["\(it.claim.id), \(side): \(failed.count) of \(it.own.count)", ""]
      + failed.map {
        "- \($0.place): \(text($0.left)) against \(text($0.right)): " + NumberText.signed($0.difference)
      })
      .joined(separator: "\n")
  }

  private static func text(_ side: Comparison.Named) -> String {
    let n = side.sample.values.count
    return "\(side.name) \(NumberText.fixed(side.sample.mean))"
      + (side.sample.std.map { n == 1 ? "" : " ± \(NumberText.fixed($0))" } ?? "")
      + (n > 0 ? " (n=\(n))" : "")
  }

  private static func signed(_ value: Double?) -> String { value.map(NumberText.signed) ?? "–" }

  /// `String(format:)` without a locale always writes a point.
  private static func probability(_ value: Double?) -> String {
    value.map { String(format: "%.2g", $0) } ?? "–"
  }
}
