import Experiments

/// One comparison of a claim.
public struct Comparison: Sendable {
  public let check: String
  /// Counted, and no part of the claim.
  public let isContrast: Bool
  /// Table and line.
  public let place: String
  public let left: Named
  public let right: Named
  /// Mean of the left side minus that of the right.
  public let difference: Double
  public let holds: Bool
  /// Difference towards what the claim says; nil where it says no direction.
  public let towards: Double?
  /// Cohen's d of `towards`: in pooled deviations of n - 1, of the left side alone against a fixed number. nil without
  /// repeated runs.
  public let effect: Double?
  /// Of the claim's direction, before correction; nil without repeated runs or direction.
  public let test: Test?

  public struct Named: Sendable {
    public let name: String
    public let sample: Sample

    init(_ name: String, _ sample: Sample) {
      self.name = name
      self.sample = sample
    }
  }

  public struct Test: Equatable, Sendable {
    public let kind: Kind
    public let student: Statistics.Student
    /// One-sided, of the difference that the claim says against the `by` that it must exceed.
    public var p: Double { student.oneSided }

    public enum Kind: String, Sendable {
      /// Both sides have the same seeds and folds.
      case paired
      case welch = "Welch"
      /// Against a number that is no result of runs.
      case oneSample = "one sample"
    }
  }

  /// Differences of printed decimals are decimals: binary dust must not decide.
  private static let dust = 1e-9

  /// - Parameter metric: of the left side, for `better`; higher is better without one.
  init(
    _ check: ClaimSpec.Check, place: String, left: Named, right: Named, metric: Metric?
  ) {
    self.check = check.title
    isContrast = check.isContrast
    self.place = place
    self.left = left
    self.right = right
    let (a, b) = (left.sample, right.sample)
    difference = a.mean - b.mean
    let sign: Double =
      switch check.relation {
      case .less: -1
      case .better: metric?.higherIsBetter ?? true ? 1 : -1
      case .greater, .atLeast, .equal, .same, .withinStd: 1
      }
    let dust = Comparison.dust
    let threshold = check.by + check.byStd * (a.std ?? 0)
    let equal = abs(difference) <= check.tolerance + dust
    switch check.relation {
    case .greater, .less, .better: holds = sign * difference > threshold + dust
    case .atLeast: holds = difference >= threshold - dust
    case .equal: holds = equal
    case .same:
      let apart = a.std.flatMap { first in b.std.map { abs(first - $0) } } ?? 0
      holds = equal && apart <= check.tolerance + dust
    case .withinStd: holds = abs(difference) <= max(a.std ?? 0, b.std ?? 0) + dust
    }
    guard check.relation.isDirected else {
      (towards, effect, test) = (nil, nil, nil)
      return
    }
    towards = sign * difference
    let (first, second) = (a.values.map { sign * $0.value }, b.values.map { sign * $0.value })
    let isFixed = second.isEmpty
    let unit =
      isFixed ? Statistics.variance(first)?.squareRoot() : Statistics.pooledDeviation(first, second)
    effect = unit.flatMap { $0 > 0 ? sign * (a.mean - b.mean) / $0 : nil }
    if isFixed {
      test = Statistics.oneSample(first, shift: sign * b.mean + check.by).map {
        Test(kind: .oneSample, student: $0)
      }
    } else if a.isPaired(with: b) {
      test = Statistics.oneSample(zip(first, second).map { $0 - $1 }, shift: check.by)
        .map { Test(kind: .paired, student: $0) }
    } else {
      test = Statistics.welch(first, second, shift: check.by).map { Test(kind: .welch, student: $0) }
    }
  }
}
