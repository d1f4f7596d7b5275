import ArgumentParser
import Claims
import Experiments
import Foundation
import JSON
import Results
import Runner
import Tables

struct ClaimsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claims", abstract: "Judges the paper's claims by its own numbers and by ours.",
    discussion: """
      Every claim of experiments/claims is counted over the cells of tables. p is the largest of Welch's tests of the
      claim's comparisons, after Holm's correction over all comparisons of all claims. Nothing is trained.

      Example: jml claims --profile mini A01-jml-beats-ce-miou
      """)

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "Ids of claims. Default: all.")
  var claims: [String] = []

  @Option(help: "JSON of verdicts by id; exit code 1 and a line for each that differs.")
  var expect: String?

  @Option(help: "Write the verdicts to this file, for --expect.")
  var record: String?

  func run() throws {
    let workspace = try Workspace(options.options())
    let (plan, _) = try workspace.planForReading()
    let summaries = try RunSummary.all(of: plan, in: workspace.store)
    let registry = workspace.registry
    let judge = ClaimJudge(registry: registry, plan: plan) { summaries[$0] ?? .pending }
    let all = registry.claims.keys.sorted().flatMap { registry.claims[$0] ?? [] }
    for id in claims where !all.contains(where: { $0.id == id }) {
      throw RegistryError.brokenReference(
        file: "claims", path: "--claims", value: id, allowed: all.map(\.id))
    }
    var pairs: [(paper: Judgement, ours: Judgement)] = []
    for claim in all {
      pairs.append((try judge.judge(claim, .paper), try judge.judge(claim, .ours)))
    }
    let corrected = Statistics.holm(pairs.flatMap { $0.ours.tests.compactMap(\.p) })
    var rest = corrected[...]
    let rows = pairs.map { pair in
      let count = pair.ours.tests.count { $0.p != nil }
      defer { rest = rest.dropFirst(count) }
      return Row(paper: pair.paper, ours: pair.ours, p: rest.prefix(count).max())
    }.filter { claims.isEmpty || claims.contains($0.paper.claim.id) }

    let verdicts = JSONValue.object(
      Dictionary(
        uniqueKeysWithValues: rows.map {
          (
            $0.paper.claim.id,
            JSONValue.object([
              "paper": .string($0.paper.verdict.rawValue), "ours": .string($0.ours.verdict.rawValue),
            ])
          )
        }))
    if options.json {
      Console.out(.array(rows.map(\.json)))
    } else {
      Console.out(
        "| claim | statement | paper | ours | effect (d) | p (Holm) | reason |\n|---|---|---|---|---|---|---|\n"
          + rows.map(\.markdown).joined())
    }
    if let record { try AtomicFile.write(Data(verdicts.pretty.utf8), to: URL(fileURLWithPath: record)) }
    if let expect { try compare(rows, expect) }
  }

  private func compare(_ rows: [Row], _ file: String) throws {
    let expected = try JSONValue(parsing: String(contentsOfFile: file, encoding: .utf8))
    var flipped = 0
    for row in rows {
      for (side, verdict) in [("paper", row.paper.verdict), ("ours", row.ours.verdict)] {
        let wanted = expected[row.paper.claim.id]?[side]
        guard wanted != .string(verdict.rawValue) else { continue }
        flipped += 1
        Console.error(
          "\(row.paper.claim.id): \(side): \(verdict.rawValue); \(file) expects \(wanted?.canonical ?? "nothing")"
        )
      }
    }
    if flipped > 0 { throw ExitCode(1) }
  }

  private struct Row {
    let paper: Judgement
    let ours: Judgement
    let p: Double?

    var markdown: String {
      func side(_ it: Judgement) -> String {
        it.count.of == 0 ? it.verdict.rawValue : "\(it.verdict.rawValue) \(it.count.holds)/\(it.count.of)"
      }
      let effect = ours.meanEffect.map { String(format: "%+.2f", $0) } ?? "-"
      return "| \(paper.claim.id) | \(paper.claim.text) | \(side(paper)) | \(side(ours)) | \(effect) | "
        + "\(p.map { String(format: "%.3g", $0) } ?? "-") | \(ours.reason ?? "") |\n"
    }

    var json: JSONValue {
      .object([
        "id": .string(paper.claim.id), "section": .string(paper.claim.section),
        "text": .string(paper.claim.text), "quantifier": .string(paper.claim.quantifier.rawValue),
        "paper": Row.json(paper), "ours": Row.json(ours), "p_holm": p.map { .number($0) } ?? .null,
      ])
    }

    private static func json(_ it: Judgement) -> JSONValue {
      .object([
        "verdict": .string(it.verdict.rawValue), "holds": .int(it.count.holds), "of": .int(it.count.of),
        "missing": .array(it.missing.map { .string($0) }),
        "effect": it.meanEffect.map { .number($0) } ?? .null,
        "comparisons": .array(
          it.comparisons.map {
            .object([
              "check": .string($0.check), "contrast": .bool($0.isContrast), "place": .string($0.place),
              "left": .string($0.left), "right": .string($0.right), "difference": .number($0.difference),
              "holds": .bool($0.holds), "effect": $0.effect.map { .number($0) } ?? .null,
              "p": $0.p.map { .number($0) } ?? .null,
            ])
          }),
      ])
    }
  }
}
