import Figures
import Foundation
import JSON

/// The list of claims, and a page of each claim with every comparison.
struct ClaimPages {
  private let index: SiteIndex
  private let record: ClaimsRecord?
  private let json: JSONValue?

  init(_ index: SiteIndex) {
    self.index = index
    (record, json) = (index.records.claims, index.records.claimsJSON)
  }

  var pages: [SitePage] { [list] + (record?.claims ?? []).map(page) }

  // MARK: Counts

  private static func tally(
    _ claims: ClaimsRecord, _ side: KeyPath<ClaimsRecord.Claim, ClaimsRecord.Side>
  ) -> [Int] { ClaimsRecord.verdicts.map { claims.count($0, side) } }

  static func chart(_ claims: ClaimsRecord, id: String) -> String {
    let colours: [Drawing.Colour] = [.green, .red, .grey]
    let sides: [(String, KeyPath<ClaimsRecord.Claim, ClaimsRecord.Side>)] = [
      ("the paper’s numbers", \.paper), ("our numbers", \.ours),
    ]
    return BarChart(
      rows: sides.map { name, side in
        let counts = tally(claims, side)
        return BarChart.Row(
          label: name, parts: zip(counts, colours).map { BarChart.Part(Double($0), $1) },
          note: "\(counts[0]) of \(claims.claims.count)")
      }, top: Double(max(1, claims.claims.count)),
      legend: Array(zip(ClaimsRecord.verdicts, colours)).map { (name: $0, colour: $1) }
    ).drawing.inline(
      id: id, title: "Claims of the paper by verdict", description: caption(claims))
  }

  static func caption(_ claims: ClaimsRecord) -> String {
    func words(_ side: KeyPath<ClaimsRecord.Claim, ClaimsRecord.Side>) -> String {
      zip(tally(claims, side), ["hold", "fail", "cannot be decided"]).map { "\($0) \($1)" }.joined(
        separator: ", ")
    }
    return
      "Of \(claims.claims.count) claims, by the paper’s own numbers: \(words(\.paper)); by ours: \(words(\.ours))."
  }

  static func counts(_ claims: ClaimsRecord) -> JSONValue {
    func counts(_ side: KeyPath<ClaimsRecord.Claim, ClaimsRecord.Side>) -> JSONValue {
      .object(
        Dictionary(
          uniqueKeysWithValues: zip(ClaimsRecord.verdicts, tally(claims, side)).map { ($0, .int($1)) }))
    }
    return .object([
      "claims": .int(claims.claims.count), "paper": counts(\.paper), "ours": counts(\.ours),
    ])
  }

  // MARK: The list

  private struct List {
    let hasClaims: Bool
    let lead: String
    let chart: String
    let filters: [TablePage.Filter]
    let rows: [Row]
    let command: String
  }

  private struct Row {
    let href: String
    let name: String
    let statement: String
    let needs: String
    let paper: Verdict
    let ours: Verdict
    let towards: String
    let effect: String
    let p: String
    let holm: String
  }

  private struct Verdict {
    let verdict: String
    let tone: String
    let count: String
    let reason: String

    init(_ side: ClaimsRecord.Side) {
      verdict = side.verdict
      tone = Words.tone(side.verdict)
      count = side.of == 0 ? "" : "\(side.holds)/\(side.of)"
      reason = side.reason ?? ""
    }
  }

  private var list: SitePage {
    let claims = (record?.claims ?? []).sorted { $0.id < $1.id }
    func filter(_ label: String, _ part: String) -> TablePage.Filter {
      TablePage.Filter(
        label: label, key: "claims-\(part)", part: part, isColumns: false,
        options: ClaimsRecord.verdicts.map { .init(value: $0, label: $0) })
    }
    return SitePage(
      folder: "claims", title: "Claims",
      description: "What the paper says, judged by its own numbers and by ours.", section: "claims",
      template: "claims",
      content: List(
        hasClaims: record != nil, lead: record.map(ClaimPages.caption) ?? "",
        chart: record.map { ClaimPages.chart($0, id: "verdicts") } ?? "",
        filters: [filter("Ours", "ours"), filter("Paper", "paper")],
        rows: claims.map { claim in
          Row(
            href: index.link(SiteIndex.folder(ofClaim: claim.id), from: "claims"),
            name: String(claim.id.prefix { $0 != "-" }), statement: Words.typeset(claim.text),
            needs: claim.quantifier,
            paper: Verdict(claim.paper), ours: Verdict(claim.ours),
            towards: claim.ours.towards.map(Words.signed) ?? "–",
            effect: claim.ours.effect.map(Words.signed) ?? "–", p: Words.probability(claim.p),
            holm: Words.probability(claim.holm))
        }, command: "jml claims --published --profile \(index.records.profile)"),
      json: record.map(ClaimPages.counts) ?? .null)
  }

  // MARK: A claim

  private struct View {
    let name: String
    let statement: String
    let facts: [Fact]
    let sides: [SideView]
  }

  private struct SideView {
    let heading: String
    let key: String
    let verdict: Verdict
    let hasReason: Bool
    let hasComparisons: Bool
    let comparisons: [Line]
  }

  private struct Line {
    let check: String
    let place: String
    let left: String
    let right: String
    let difference: String
    let tone: String
    let word: String
    let p: String
  }

  private func page(_ claim: ClaimsRecord.Claim) -> SitePage {
    SitePage(
      folder: SiteIndex.folder(ofClaim: claim.id), title: "Claim \(claim.id.prefix { $0 != "-" })",
      description: Words.typeset(claim.text), section: "claims",
      crumbs: [.init(text: "Claims", path: "claims")],
      template: "claim",
      content: View(
        name: String(claim.id.prefix { $0 != "-" }), statement: Words.typeset(claim.text),
        facts: [
          Fact("Id", claim.id), Fact("In the paper", claim.section),
          Fact("Needs", ClaimPages.needs(claim.quantifier)), Fact("p, one-sided", Words.probability(claim.p)),
          Fact("p after Holm", Words.probability(claim.holm)),
        ],
        sides: [
          side("By the paper’s numbers", "paper", claim.paper), side("By our numbers", "ours", claim.ours),
        ]), json: json?["claims"]?.items.first { $0["id"]?.text == claim.id } ?? .null)
  }

  private static func needs(_ quantifier: String) -> String {
    switch quantifier {
    case "some": "one of its comparisons"
    case "most": "more than half of its comparisons"
    case "all": "all of its comparisons"
    default: "all of its comparisons (\(quantifier))"
    }
  }

  private func side(_ heading: String, _ key: String, _ side: ClaimsRecord.Side) -> SideView {
    func number(_ number: ClaimsRecord.Number) -> String {
      "\(number.name) \(Words.value(number.mean, number.std, n: number.n))"
        + (number.n > 0 ? " (n = \(number.n))" : "")
    }
    return SideView(
      heading: heading, key: key, verdict: Verdict(side), hasReason: side.reason != nil,
      hasComparisons: !side.comparisons.isEmpty,
      comparisons: side.comparisons.map { one in
        Line(
          check: one.check + (one.contrast ? " (contrast)" : ""), place: one.place, left: number(one.left),
          right: number(one.right), difference: Words.signed(one.difference),
          tone: one.holds ? "good" : "bad", word: one.holds ? "holds" : "fails",
          p: Words.probability(one.test?.p))
      })
  }
}
