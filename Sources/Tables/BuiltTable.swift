import Experiments

/// A table filled with results: what Markdown and JSON are both written from.
struct BuiltTable {
  let spec: TableSpec
  let plan: Plan
  /// Rows x columns.
  let cells: [[BuiltCell]]
  /// Rows x differences.
  let differences: [[BuiltDifference]]
  /// Every run behind the table with its summary: teachers first, in the plan's order.
  let runs: [(run: PlannedRun, summary: RunSummary)]
  let teachers: Set<RunID>
  /// Runs that will give no number, with the reason, in the plan's order.
  let failures: [(id: RunID, reason: String)]

  struct BuiltCell {
    let ours: Cell
    let paper: TableSpec.PaperCell?
    let isQuoted: Bool
    let metric: Metric?
    let runs: [RunID]
  }

  struct BuiltDifference {
    /// nil while one of the two cells has no value.
    let ours: Double?
    /// nil where the paper has one of the two cells only.
    let paper: Double?
  }

  init(_ spec: TableSpec, plan: Plan, summary: (RunID) -> RunSummary) {
    guard let planned = plan.cells[spec.name] else {
      preconditionFailure("BuiltTable: table \(spec.name) is not in the plan of \(plan.tables.map(\.name))")
    }
    var used: Set<RunID> = []
    var metrics: [RunID: [Metric]] = [:]
    for case .runs(let ids, let metric) in planned.joined() {
      used.formUnion(ids)
      for id in ids { metrics[id, default: []].append(metric) }
    }
    let teachers = Set(plan.runs.filter { used.contains($0.id) }.flatMap(\.dependencies))
    let runs = plan.runs.filter { used.contains($0.id) || teachers.contains($0.id) }
      .map { (run: $0, summary: summary($0.id)) }
    let summaries = Dictionary(uniqueKeysWithValues: runs.map { ($0.run.id, $0.summary) })

    cells = planned.enumerated().map { row, columns in
      columns.enumerated().map { column, cell in
        let paper = spec.rows[row].paper[column]
        switch cell {
        case .absent: return BuiltCell(ours: .absent, paper: nil, isQuoted: false, metric: nil, runs: [])
        case .quoted:
          return BuiltCell(
            ours: paper == nil ? .absent : .notYetRun, paper: paper, isQuoted: true, metric: nil, runs: [])
        case .runs(let ids, let metric):
          let ours = Cell(runs: ids.map { summaries[$0] ?? .pending }, metric: metric)
          return BuiltCell(ours: ours, paper: paper, isQuoted: false, metric: metric, runs: ids)
        }
      }
    }
    let titles = spec.columns.map(\.title)
    differences = cells.map { row in
      spec.differences.map { difference in
        guard let of = titles.firstIndex(of: difference.of),
          let minus = titles.firstIndex(of: difference.minus)
        else { preconditionFailure("BuiltTable: difference \(difference.title) names no column") }
        return BuiltDifference(row[of], minus: row[minus])
      }
    }
    failures = runs.compactMap { run, summary in
      // A teacher is not in a cell: it fails only by its state.
      let reasons = (metrics[run.id] ?? []).compactMap { summary.failure(of: $0) }
      let reason: String? =
        switch summary.state {
        case .failed(let reason): "failed: \(reason)"
        case .diverged(let reason): "diverged: \(reason)"
        case .done, .pending, .running: reasons.first
        }
      return reason.map { (id: run.id, reason: $0) }
    }
    self.spec = spec
    self.plan = plan
    self.runs = runs
    self.teachers = teachers
  }

  /// Distinct values over the finished runs, in the plan's order.
  func distinct(_ value: (PlannedRun, RunSummary) -> String) -> [String] {
    var seen: Set<String> = []
    return runs.filter { $0.summary.state == .done }.map { value($0.run, $0.summary) }
      .filter { !$0.isEmpty && seen.insert($0).inserted }
  }

  /// Data sets behind the table, in order of first use by a row.
  var datasets: [String] {
    var seen: Set<String> = []
    let byID = Dictionary(uniqueKeysWithValues: runs.map { ($0.run.id, $0.run.spec.data.name) })
    return cells.joined().flatMap(\.runs).compactMap { byID[$0] }.filter { seen.insert($0).inserted }
  }

  /// Seeds of the runs in cells, ascending.
  var seeds: [Int] { Set(runs.filter { !isOnlyTeacher($0.run.id) }.map(\.run.spec.seed)).sorted() }

  /// Folds of the runs in cells, ascending; empty without cross-validation.
  var folds: [Int] { Set(runs.compactMap(\.run.spec.fold)).sorted() }

  var metrics: [Metric] {
    let used = Set(cells.joined().compactMap(\.metric))
    return Metric.allCases.filter { used.contains($0) }
  }

  /// How data set `name` is described: what its finished runs say, and its fingerprint.
  func dataText(_ name: String) -> String {
    let described = distinct { $0.spec.data.name == name ? $1.dataDescription : "" }
    let fingerprint = plan.dataFingerprints[name] ?? ""
    return (described.isEmpty ? "" : described.joined(separator: "; ") + ", ")
      + "fingerprint `\(fingerprint)`"
  }

  private func isOnlyTeacher(_ id: RunID) -> Bool {
    teachers.contains(id) && !cells.joined().contains { $0.runs.contains(id) }
  }
}

extension BuiltTable.BuiltDifference {
  init(_ of: BuiltTable.BuiltCell, minus: BuiltTable.BuiltCell) {
    if case .value(let left, _) = of.ours, case .value(let right, _) = minus.ours {
      ours = left.mean - right.mean
    } else {
      ours = nil
    }
    if let left = of.paper, let right = minus.paper {
      paper = left.mean.value - right.mean.value
    } else {
      paper = nil
    }
  }
}
