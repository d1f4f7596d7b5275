import Experiments

/// What a claim's comparisons come to, on one side.
public struct Judgement: Sendable {
  public let claim: ClaimSpec
  public let side: Side
  public private(set) var comparisons: [Comparison] = []
  /// Why comparisons are missing, each once.
  public private(set) var reasons: [String]
  /// Runs that the claim needs and that are not finished.
  public private(set) var missingRuns: Set<RunID> = []

  public enum Verdict: String, CaseIterable, Sendable {
    case holds, fails
    case notDecidable = "not decidable"
  }

  init(_ claim: ClaimSpec, side: Side) {
    self.claim = claim
    self.side = side
    reasons = [claim.notJudged].compactMap { $0 }
  }

  mutating func add(reason: String) {
    if !reasons.contains(reason) { reasons.append(reason) }
  }

  /// A comparison, or why there is none.
  mutating func add(_ match: Match, _ check: ClaimSpec.Check) {
    switch Reading.joined([match.left.reading, match.right.reading], { $0[0] }) {
    case .absent: return
    case .unknown(let reason):
      if !check.isContrast { add(reason: reason) }
    case .unfinished(let runs):
      if !check.isContrast { missingRuns.formUnion(runs) }
    case .sample:
      guard case .sample(let left) = match.left.reading, case .sample(let right) = match.right.reading else {
        return
      }
      comparisons.append(
        Comparison(
          check, place: match.place, left: .init(match.left.name, left),
          right: .init(match.right.name, right),
          metric: match.metric))
    }
  }

  /// Comparisons of the claim, without contrasts.
  public var own: [Comparison] { comparisons.filter { !$0.isContrast } }
  /// Comparisons of the claim that hold, and all of them.
  public var count: (holds: Int, of: Int) { (own.count { $0.holds }, own.count) }

  /// How many comparisons of `count` the claim needs.
  private func needed(of count: Int) -> Int {
    switch claim.quantifier {
    case .all, .exact, .arithmetic: count
    case .most: count / 2 + 1
    case .some: 1
    }
  }

  /// Nothing is decided while a comparison is missing.
  public var verdict: Verdict {
    let (holds, of) = count
    guard reasons.isEmpty, missingRuns.isEmpty, of > 0 else { return .notDecidable }
    return holds >= needed(of: of) ? .holds : .fails
  }

  /// Why a claim is not decidable, in one short line; nil for one that is decided.
  public var reason: String? {
    guard verdict == .notDecidable else { return nil }
    var parts = Array(reasons.prefix(1))
    if reasons.count > 1 { parts[0] += " (and \(reasons.count - 1) more)" }
    if !missingRuns.isEmpty {
      parts.append("\(missingRuns.count) run\(missingRuns.count == 1 ? " is" : "s are") not finished")
    }
    return parts.isEmpty ? "the paper prints no number to compare" : parts.joined(separator: "; ")
  }

  /// Means over the comparisons of the claim that have a direction.
  public var towards: Double? { Judgement.mean(own.compactMap(\.towards)) }
  public var effect: Double? { Judgement.mean(own.compactMap(\.effect)) }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : Statistics.mean(values)
  }

  /// p of a decided claim that as many of its comparisons as it needs are true, by the partial conjunction of their tests;
  /// nil unless each comparison with a direction is tested.
  public var p: Double? {
    let directed = own.filter { $0.towards != nil }
    let tests = directed.compactMap { $0.test?.p }
    guard verdict != .notDecidable, !tests.isEmpty, tests.count == directed.count else { return nil }
    return Statistics.partialConjunction(tests, needed: needed(of: tests.count))
  }

  /// Kinds of the tests behind `p`.
  public var testKinds: [Comparison.Test.Kind] {
    let kinds = own.compactMap { $0.test?.kind }
    return [.paired, .welch, .oneSample].filter(kinds.contains)
  }
}
