import Experiments
import Tables

/// Claims judged by the paper's numbers and by ours, with tests corrected over all of them. Equal counts give equal
/// bytes.
public struct ClaimReport: Sendable {
  public let plan: Plan
  /// In the order of the registry's groups and files.
  public let rows: [Row]

  public struct Row: Sendable {
    public let paper: Judgement
    public let ours: Judgement
    /// `ours.p` after Holm's correction over every claim that has one.
    public let corrected: Double?

    public var id: String { paper.claim.id }
  }

  /// - Parameters:
  ///   - plan: of every table of the registry.
  ///   - summary: of any run of the plan; `.pending` for one without a record.
  /// - Throws: `RegistryError` for a column or row that a table does not have.
  public init(registry: Registry, plan: Plan, summary: @escaping (RunID) -> RunSummary) throws {
    self.plan = plan
    let papers = ClaimJudge(registry: registry, side: .paper)
    let ours = ClaimJudge(registry: registry, side: .ours, plan: plan, summary: summary)
    let judged = try registry.claims.keys.sorted().flatMap { registry.claims[$0] ?? [] }.map {
      (paper: try papers.judge($0), ours: try ours.judge($0))
    }
    var corrected = Statistics.holm(judged.compactMap(\.ours.p))[...]
    rows = judged.map { pair in
      Row(paper: pair.paper, ours: pair.ours, corrected: pair.ours.p.flatMap { _ in corrected.popFirst() })
    }
  }

  private init(plan: Plan, rows: [Row]) {
    self.plan = plan
    self.rows = rows
  }

  /// The same tests, corrected over all claims, of some claims only.
  /// - Parameter ids: of claims; none means all.
  /// - Throws: `RegistryError.brokenReference`.
  public func selecting(_ ids: [String]) throws -> ClaimReport {
    for id in ids where !rows.contains(where: { $0.id == id }) {
      throw RegistryError.brokenReference(file: "claims", path: "id", value: id, allowed: rows.map(\.id))
    }
    return ClaimReport(plan: plan, rows: rows.filter { ids.isEmpty || ids.contains($0.id) })
  }

  /// How many claims have a verdict on a side.
  public func count(_ verdict: Judgement.Verdict, _ side: Side) -> Int {
    rows.count { (side == .paper ? $0.paper : $0.ours).verdict == verdict }
  }
}
