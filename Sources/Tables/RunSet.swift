import Experiments

/// The runs behind a table or a sweep, with what captions say of them.
struct RunSet {
  let plan: Plan
  /// Every run with its summary: teachers first, in the plan's order.
  let runs: [(run: PlannedRun, summary: RunSummary)]
  /// Runs that others depend on, whether they are in a cell themselves or not, with what they are there, such as
  /// `teacher`.
  private let roles: [RunID: String]
  /// Runs that are in a cell or a point.
  private let used: Set<RunID>
  /// Runs that will give no number, with the reason, in the plan's order.
  let failures: [(id: RunID, reason: String)]
  private let summaries: [RunID: RunSummary]

  /// What is reported of runs.
  struct Report {
    let runs: [RunID]
    let metric: Metric
    let evaluation: CellSpec.Evaluation
  }

  init(_ plan: Plan, _ reports: [Report], summary: (RunID) -> RunSummary) {
    self.plan = plan
    used = Set(reports.flatMap(\.runs))
    var reported: [RunID: [Report]] = [:]
    for report in reports { for id in report.runs { reported[id, default: []].append(report) } }
    var roles: [RunID: String] = [:]
    var open = reports.flatMap(\.runs)
    while let id = open.popLast() {
      for input in plan[id]?.spec.inputs.all ?? []
      where roles.updateValue(input.role, forKey: input.run) == nil {
        open.append(input.run)
      }
    }
    let wanted = used.union(roles.keys)
    runs = plan.runs.filter { wanted.contains($0.id) }.map { (run: $0, summary: summary($0.id)) }
    self.roles = roles
    summaries = Dictionary(uniqueKeysWithValues: runs.map { ($0.run.id, $0.summary) })
    failures = runs.compactMap { run, summary in
      // A teacher is not in a cell: it fails only by its state.
      let reasons = (reported[run.id] ?? []).compactMap { summary.failure(of: $0.metric, at: $0.evaluation) }
      let reason: String? =
        switch summary.state {
        case .failed(let reason): "failed: \(reason)"
        case .diverged(let reason): "diverged: \(reason)"
        case .done, .pending, .running: reasons.first
        }
      return reason.map { (id: run.id, reason: $0) }
    }
  }

  subscript(id: RunID) -> RunSummary { summaries[id] ?? .pending }

  /// What a run is for those that depend on it; nil where none does.
  func role(of id: RunID) -> String? { roles[id] }

  func source(_ ids: [RunID], _ metric: Metric, _ evaluation: CellSpec.Evaluation) -> Cell.Source {
    Cell.Source(
      runs: ids.compactMap { id in
        plan[id].map { (seed: $0.spec.seed, fold: $0.spec.fold, summary: self[id]) }
      }, metric: metric, evaluation: evaluation)
  }

  /// Distinct values over the finished runs, in the plan's order.
  func distinct(_ value: (PlannedRun, RunSummary) -> String) -> [String] {
    var seen: Set<String> = []
    return runs.filter { $0.summary.state == .done }.map { value($0.run, $0.summary) }
      .filter { !$0.isEmpty && seen.insert($0).inserted }
  }

  /// Names of the data sets, in order of first use by `ids`.
  func datasets(_ ids: [RunID]) -> [String] {
    var seen: Set<String> = []
    return ids.compactMap { plan[$0]?.spec.data.name }.filter { seen.insert($0).inserted }
  }

  /// Seeds of the runs in cells, ascending.
  var seeds: [Int] { Set(runs.filter { used.contains($0.run.id) }.map(\.run.spec.seed)).sorted() }

  /// Folds of the runs, ascending; empty without cross-validation.
  var folds: [Int] { Set(runs.compactMap(\.run.spec.fold)).sorted() }

  /// How data set `name` is described: what its finished runs say, and its fingerprint.
  func dataText(_ name: String) -> String {
    let described = distinct { $0.spec.data.name == name ? $1.dataDescription : "" }
    let fingerprint = plan.dataFingerprints[name] ?? ""
    return (described.isEmpty ? "" : described.joined(separator: "; ") + ", ")
      + "fingerprint `\(fingerprint)`"
  }
}
