import Experiments
import JSON
import Tables

extension ClaimReport {
  /// For programs: full precision, every comparison with both of its sides.
  public var json: JSONValue {
    let members: [String: JSONValue] = [
      "correction": .string("Holm"), "claims": .array(rows.map(Self.json)),
    ]
    return .object(members.merging(JSONTable.scale(plan)) { own, _ in own })
  }

  private static func json(_ row: Row) -> JSONValue {
    let claim = row.paper.claim
    return .object([
      "id": .string(claim.id), "section": .string(claim.section), "text": .string(claim.text),
      "quantifier": .string(claim.quantifier.rawValue), "paper": json(row.paper), "ours": json(row.ours),
      "p": number(row.ours.p), "p_holm": number(row.corrected),
    ])
  }

  private static func json(_ it: Judgement) -> JSONValue {
    .object([
      "verdict": .string(it.verdict.rawValue), "holds": .int(it.count.holds), "of": .int(it.count.of),
      "reason": it.reason.map { .string($0) } ?? .null, "reasons": .array(it.reasons.map { .string($0) }),
      "missing_runs": .array(it.missingRuns.map(\.text).sorted().map { .string($0) }),
      "towards": number(it.towards), "effect": number(it.effect),
      "tests": .array(it.testKinds.map { .string($0.rawValue) }),
      "comparisons": .array(it.comparisons.map(json)),
    ])
  }

  private static func json(_ it: Comparison) -> JSONValue {
    .object([
      "check": .string(it.check), "contrast": .bool(it.isContrast), "place": .string(it.place),
      "left": json(it.left), "right": json(it.right), "difference": .number(it.difference),
      "holds": .bool(it.holds),
      "towards": number(it.towards), "effect": number(it.effect),
      "test": it.test.map {
        .object([
          "kind": .string($0.kind.rawValue), "t": .number($0.student.t),
          "freedom": .number($0.student.freedom),
          "p": .number($0.p),
        ])
      } ?? .null,
    ])
  }

  private static func json(_ side: Comparison.Named) -> JSONValue {
    .object([
      "name": .string(side.name), "mean": .number(side.sample.mean), "std": number(side.sample.std),
      "n": .int(side.sample.values.count),
    ])
  }

  private static func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
