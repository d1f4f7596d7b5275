import Experiments
import Tables

/// Which numbers a claim is judged by.
public enum Side: String, CaseIterable, Sendable { case paper, ours }

/// Reads cells of tables on one side.
struct CellReader {
  let registry: Registry
  let plan: Plan?
  let side: Side
  let summary: (RunID) -> RunSummary

  func table(_ number: Int) -> TableSpec? {
    registry.tableNames.lazy.compactMap { registry.tables[$0] }.first { $0.number == number }
  }

  /// Ours only where the paper prints a number.
  func cell(_ table: TableSpec, row: Int, column: Int) -> Reading {
    let title = table.columns[column].title
    guard let printed = table.rows[row].paper[title] else { return .absent }
    if side == .paper { return .sample(Sample(mean: printed.mean.value, std: printed.std?.value)) }
    let name = "\(TableSpec.rowName(table.rows[row].labels)), \(title)"
    switch plan?.cells[table.name]?[row][column] {
    case .runs(let ids, let metric, let evaluation)?:
      return .runs(ids, of: plan, metric, evaluation, summary)
    case .difference(let of, let minus)?:
      return Reading.joined([
        cell(table, row: of, column: column), cell(table, row: minus, column: column),
      ]) { $0[0] - $0[1] }
    case .quoted?:
      return .unknown("\(title) of Table \(table.number) is quoted from the paper and not run here")
    case .cost?: return .unknown("Table \(table.number): \(name) is no metric of runs")
    case .absent?, nil: return .unknown("Table \(table.number): \(name) is not run here")
    }
  }

  /// Metric of a cell: its runs', else the one that a label of the row names.
  func metric(_ table: TableSpec, row: Int, column: Int) -> Metric? {
    table.cellSpec(row: row, column: column)?.metric
      ?? Metric.all.first { table.rows[row].labels.contains($0.title) }
  }

  /// A row is of the metric that its label names, else of the one that its runs report.
  func hasMetric(_ title: String, _ table: TableSpec, row: Int) -> Bool {
    if table.rows[row].labels.contains(title) { return true }
    if table.rows[row].labels.contains(where: { label in Metric.all.contains { $0.title == label } }) {
      return false
    }
    return table.columns.indices.contains { table.cellSpec(row: row, column: $0)?.metric?.title == title }
  }

  /// Rows that have one of the names as a label, or as all of them, and the metric.
  /// - Throws: `RegistryError.brokenReference` for a name that no row has, or when nothing is left.
  func rows(_ table: TableSpec, _ names: [String], metric: String?, place: String) throws -> [Int] {
    func has(_ row: Int, _ name: String) -> Bool {
      let labels = table.rows[row].labels
      return labels.contains(name) || TableSpec.rowName(labels) == name
    }
    let all = table.rows.map { TableSpec.rowName($0.labels) }
    for name in names where !table.rows.indices.contains(where: { has($0, name) }) {
      throw RegistryError.brokenReference(
        file: "claims", path: "\(place): rows of \(table.name)", value: name, allowed: all)
    }
    let found = table.rows.indices.filter { row in
      (names.isEmpty || names.contains { has(row, $0) })
        && (metric.map { hasMetric($0, table, row: row) } ?? true)
    }
    if found.isEmpty {
      throw RegistryError.brokenReference(
        file: "claims", path: "\(place): rows of \(table.name)",
        value: (names + [metric].compactMap { $0 }).joined(separator: ", "), allowed: all)
    }
    return found
  }

  /// - Throws: `RegistryError.brokenReference`.
  func column(_ table: TableSpec, _ title: String, place: String) throws -> Int {
    let titles = table.columns.map(\.title)
    guard let column = titles.firstIndex(of: title) else {
      throw RegistryError.brokenReference(
        file: "claims", path: "\(place): columns of \(table.name)", value: title, allowed: titles)
    }
    return column
  }
}
