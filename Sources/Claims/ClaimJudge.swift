import Experiments
import Tables

/// Judges claims by the cells of tables, the paper's own and ours.
public struct ClaimJudge {
  let registry: Registry
  let plan: Plan?
  let summary: (RunID) -> RunSummary

  /// - Parameters:
  ///   - registry: has tables and claims.
  ///   - plan: of every table of the registry; nil judges the paper's numbers alone.
  ///   - summary: of any run of the plan.
  public init(registry: Registry, plan: Plan?, summary: @escaping (RunID) -> RunSummary) {
    self.registry = registry
    self.plan = plan
    self.summary = summary
  }

  public enum Side: Sendable { case paper, ours }

  struct Number {
    let mean: Double
    let std: Double?
    /// Of the runs; 0 for what is printed.
    let count: Int
  }

  /// - Throws: `RegistryError` for a column or row that a table does not have.
  public func judge(_ claim: ClaimSpec, _ side: Side) throws -> Judgement {
    if let reason = claim.notJudged { return Judgement(claim, [], missing: [reason]) }
    var comparisons: [Judgement.Comparison] = []
    var missing: [String] = []
    for check in claim.checks {
      for number in check.tables {
        guard let table = registry.tables.values.first(where: { $0.number == number }) else {
          if !check.isContrast { missing.append("no table \(number) in experiments/tables") }
          continue
        }
        try compare(check, table, side, claim.id, &comparisons, &missing)
      }
    }
    return Judgement(claim, comparisons, missing: missing)
  }

  private func compare(
    _ check: ClaimSpec.Check, _ table: TableSpec, _ side: Side, _ id: String,
    _ comparisons: inout [Judgement.Comparison], _ missing: inout [String]
  ) throws {
    let rows = table.rows.indices.filter { row in
      let labels = table.rows[row].labels
      return
        (check.rows.isEmpty || labels.contains { check.rows.contains($0) }
        || check.rows.contains(TableSpec.rowName(labels)))
        && (check.metric.map { hasMetric($0, table, row) } ?? true)
    }
    let titles = table.columns.map(\.title)
    let known = check.axis == .columns ? titles : table.rows.flatMap(\.labels)
    for name in check.left + check.right + check.leftMinus + check.rightMinus where !known.contains(name) {
      throw RegistryError.brokenReference(
        file: "claims", path: "\(id): \(check.title): \(table.name)", value: name, allowed: known)
    }
    if rows.isEmpty {
      throw RegistryError.brokenReference(
        file: "claims", path: "\(id): \(check.title): \(table.name)",
        value: (check.rows + [check.metric ?? ""]).joined(separator: " "),
        allowed: table.rows.map { TableSpec.rowName($0.labels) })
    }
    /// A line is compared within: a row, or a column of the rows that differ in one label.
    func number(_ line: Line, _ name: String) -> Number? {
      switch line {
      case .row(let row):
        return titles.firstIndex(of: name).flatMap { cell(table, row, $0, side) }
      case .column(let column, let rest):
        let row = rows.first {
          table.rows[$0].labels.contains(name) && table.rows[$0].labels.filter { $0 != name } == rest
        }
        return row.flatMap { cell(table, $0, column, side) }
      }
    }
    let names = check.left + check.right + check.leftMinus + check.rightMinus
    var lines: [Line] = []
    if check.axis == .columns {
      lines = rows.map { .row($0) }
    } else {
      var rests: [[String]] = []
      for row in rows where table.rows[row].labels.contains(where: { check.left.contains($0) }) {
        let rest = table.rows[row].labels.filter { !names.contains($0) }
        if !rests.contains(rest) { rests.append(rest) }
      }
      let columns = titles.indices.filter { check.columns.isEmpty || check.columns.contains(titles[$0]) }
      lines = columns.flatMap { column in rests.map { .column(column, $0) } }
    }
    for line in lines {
      let place = "\(table.name) " + line.name(table)
      func gain(_ name: String, _ minus: [String], _ index: Int) -> Number? {
        guard let value = number(line, name) else { return nil }
        guard !minus.isEmpty else { return value }
        guard let base = number(line, minus[index]) else { return nil }
        return Number(mean: value.mean - base.mean, std: nil, count: 0)
      }
      for (index, name) in check.left.enumerated() {
        let left = gain(name, check.leftMinus, index)
        let rights: [(String, Number?)]
        if let value = check.value {
          rights = [(String(value), Number(mean: value, std: nil, count: 0))]
        } else {
          let all = check.right.enumerated().map { ($1, gain($1, check.rightMinus, $0)) }
          let present = all.filter { $0.1 != nil }
          switch check.pairing {
          case .zip: rights = [all[index]]
          case .each: rights = all
          case .highest: rights = present.max { ($0.1?.mean ?? 0) < ($1.1?.mean ?? 0) }.map { [$0] } ?? []
          case .lowest: rights = present.min { ($0.1?.mean ?? 0) < ($1.1?.mean ?? 0) }.map { [$0] } ?? []
          }
          if rights.isEmpty, !check.isContrast { missing.append("\(place): nothing to compare with") }
        }
        for (other, right) in rights {
          guard let left, let right else {
            // What the paper does not print is no cell of the claim; what we have not run is missing.
            let isPrinted =
              side == .ours && check.value == nil && printed(table, line, name, rows)
              && printed(table, line, other, rows)
            if isPrinted, !check.isContrast {
              missing.append("\(place): \(name) or \(other) has no finished runs")
            }
            continue
          }
          comparisons.append(
            Judgement.Comparison(check, place: place, left: (name, left), right: (other, right)))
        }
      }
    }
  }

  private enum Line {
    case row(Int)
    case column(Int, [String])

    func name(_ table: TableSpec) -> String {
      switch self {
      case .row(let row): TableSpec.rowName(table.rows[row].labels)
      case .column(let column, let rest): TableSpec.rowName(rest + [table.columns[column].title])
      }
    }
  }

  private func printed(_ table: TableSpec, _ line: Line, _ name: String, _ rows: [Int]) -> Bool {
    switch line {
    case .row(let row): return table.rows[row].paper[name] != nil
    case .column(let column, let rest):
      return rows.contains {
        table.rows[$0].labels.contains(name) && table.rows[$0].labels.filter { $0 != name } == rest
          && table.rows[$0].paper[table.columns[column].title] != nil
      }
    }
  }

  /// A row is of the metric that its label names, else of the one that its runs report.
  private func hasMetric(_ title: String, _ table: TableSpec, _ row: Int) -> Bool {
    if table.rows[row].labels.contains(title) { return true }
    if table.rows[row].labels.contains(where: { label in Metric.all.contains { $0.title == label } }) {
      return false
    }
    return table.columns.indices.contains { table.cellSpec(row: row, column: $0)?.metric?.title == title }
  }

  private func cell(_ table: TableSpec, _ row: Int, _ column: Int, _ side: Side) -> Number? {
    switch side {
    case .paper:
      return table.rows[row].paper[table.columns[column].title].map {
        Number(mean: $0.mean.value, std: $0.std?.value, count: 0)
      }
    case .ours:
      guard case .runs(let ids, let metric, let point)? = plan?.cells[table.name]?[row][column] else {
        return nil
      }
      let values = ids.compactMap { id -> Double? in
        let run = summary(id)
        return run.state == .done ? run.value(metric, at: point) : nil
      }
      return Aggregate(values).map { Number(mean: $0.mean, std: $0.std, count: $0.count) }
    }
  }
}
