import Experiments

/// What a claim's comparisons come to, on one side.
public struct Judgement: Sendable {
  public let claim: ClaimSpec
  public let comparisons: [Comparison]
  /// Why comparisons are missing.
  public let missing: [String]

  public enum Verdict: String, Sendable {
    case holds, fails
    case notDecidable = "not decidable"
  }

  public struct Comparison: Sendable {
    public let check: String
    public let isContrast: Bool
    public let place: String
    public let left: String
    public let right: String
    public let difference: Double
    public let holds: Bool
    /// Cohen's d: the difference over the pooled sample deviation; nil without repeated runs.
    public let effect: Double?
    /// Welch's test, before correction; nil without repeated runs.
    public let p: Double?

    init(
      _ check: ClaimSpec.Check, place: String, left: (String, ClaimJudge.Number),
      right: (String, ClaimJudge.Number)
    ) {
      self.check = check.title
      isContrast = check.isContrast
      self.place = place
      self.left = left.0
      self.right = right.0
      let (a, b) = (left.1, right.1)
      difference = a.mean - b.mean
      // Differences of printed decimals are decimals: binary dust must not decide.
      let dust = 1e-9
      holds =
        switch check.relation {
        case .greater: difference > check.by + dust
        case .less: difference < -check.by - dust
        case .equal: abs(difference) <= check.tolerance + dust
        case .withinStd: abs(difference) <= max(a.std ?? 0, b.std ?? 0) + dust
        }
      guard let first = a.std, let second = b.std, a.count > 1, b.count > 1 else {
        effect = nil
        p = nil
        return
      }
      let (n, m) = (Double(a.count), Double(b.count))
      let pooled = ((n * first * first + m * second * second) / (n + m - 2)).squareRoot()
      effect = pooled > 0 ? difference / pooled : nil
      p = Statistics.welch((a.mean, first, a.count), (b.mean, second, b.count))
    }
  }

  init(_ claim: ClaimSpec, _ comparisons: [Comparison], missing: [String]) {
    self.claim = claim
    self.comparisons = comparisons
    self.missing = missing
  }

  /// Comparisons that are tested: those of the claim.
  public var tests: [Comparison] { own }
  private var own: [Comparison] { comparisons.filter { !$0.isContrast } }
  /// Comparisons of the claim that hold, and all of them.
  public var count: (holds: Int, of: Int) { (own.count { $0.holds }, own.count) }

  /// A claim with missing cells is decided only where they cannot change it.
  public var verdict: Verdict {
    let (holds, of) = count
    if !missing.isEmpty {
      if claim.notJudged == nil, claim.quantifier == .some, holds > 0 { return .holds }
      if claim.notJudged == nil, [.all, .exact, .arithmetic].contains(claim.quantifier), holds < of {
        return .fails
      }
      return .notDecidable
    }
    if of == 0 { return .notDecidable }
    switch claim.quantifier {
    case .all, .exact, .arithmetic: return holds == of ? .holds : .fails
    case .most: return 2 * holds > of ? .holds : .fails
    case .some: return holds > 0 ? .holds : .fails
    }
  }

  public var reason: String? {
    guard verdict == .notDecidable else { return nil }
    return missing.first.map { missing.count > 1 ? "\($0) (and \(missing.count - 1) more)" : $0 }
      ?? "no cell to compare"
  }

  public var meanEffect: Double? {
    let effects = own.compactMap(\.effect)
    return effects.isEmpty ? nil : effects.reduce(0, +) / Double(effects.count)
  }
}
