/// What a nightly run trains, and how its cells are compared with a reference: a declared part of the tables.
/// `regression/<name>.yaml`.
public struct RegressionSpec: Equatable, Sendable {
  /// File name without extension, such as `mini`.
  public let name: String
  public let tier: Tier
  /// Name of a profile.
  public let profile: String
  /// What is not finished after this is stopped, and counts as a regression: a program that became that slow is one.
  public let budgetMinutes: Int
  /// Threads of each run: other numbers give other bits.
  public let threads: Int
  /// Runs of each cell at most, the first ones of the table's seeds and folds.
  public let seeds: Int
  /// nil where bits are compared.
  public let test: Test?
  public let tables: [Subset]

  /// What a verdict is taken by.
  public enum Tier: String, CaseIterable, Sendable {
    /// Few iterations: counts and weights are those of the reference, to the last bit.
    case smoke
    /// Small data: cells are no worse than the reference's, by statistics.
    case mini
    /// The same at the paper's scale, on its data.
    case paper

    public var comparesBits: Bool { self == .smoke }
  }

  public struct Test: Equatable, Sendable {
    /// Of a whole night: the chance of a false alarm, over all cells and means.
    public let alpha: Double
    /// What is worse by less is no regression, in the metric's unit.
    public let minimumEffect: Double

    public init(alpha: Double, minimumEffect: Double) {
      self.alpha = alpha
      self.minimumEffect = minimumEffect
    }
  }

  /// Cells of a table.
  public struct Subset: Equatable, Sendable {
    public let table: String
    /// Labels of rows; nil: every row that is run.
    public let rows: [[String]]?
    /// nil: every column that is run.
    public let columns: [String]?
  }

  init(_ reader: StrictReader, name: String) throws {
    self.name = name
    tier = try reader.required("tier").choice(Tier.self)
    let own = ["tier", "profile", "budget_minutes", "threads", "seeds", "tables"]
    try reader.allowOnly(own + (tier.comparesBits ? [] : ["alpha", "minimum_effect"]))
    profile = try reader.required("profile").name()
    budgetMinutes = try reader.required("budget_minutes").int(1...100_000)
    threads = try reader.required("threads").int(1...1024)
    seeds = try reader.required("seeds").int(1...1000)
    test =
      tier.comparesBits
      ? nil
      : Test(
        alpha: try reader.required("alpha").number(.above(0, upTo: 0.5)),
        minimumEffect: try reader.required("minimum_effect").number(.closed(0, 100)))
    tables = try reader.required("tables").nonEmptyList { item in
      try item.allowOnly(["table", "rows", "columns"])
      return Subset(
        table: try item.required("table").name(),
        rows: try item.optional("rows")?.nonEmptyList { try $0.nonEmptyList { try $0.string() } },
        columns: try item.optional("columns")?.nonEmptyList { try $0.string() })
    }
    let names = tables.map(\.table)
    if Set(names).count != names.count {
      throw try reader.required("tables").inconsistent("a table stands twice")
    }
  }

  /// - Throws: `RegistryError.brokenReference` for a profile, table, row or column that the registry does not have.
  public func check(in registry: Registry) throws {
    func check(_ value: String, in allowed: [String], _ path: String) throws {
      guard !allowed.contains(value) else { return }
      throw RegistryError.brokenReference(
        file: "regression/\(name).yaml", path: path, value: value, allowed: allowed)
    }
    try check(profile, in: registry.profileNames, "profile")
    for (index, subset) in tables.enumerated() {
      try check(subset.table, in: registry.tableNames, "tables[\(index)].table")
      guard let table = registry.tables[subset.table] else { continue }
      let rows = table.rows.map { TableSpec.rowName($0.labels) }
      for labels in subset.rows ?? [] {
        try check(TableSpec.rowName(labels), in: rows, "tables[\(index)].rows")
      }
      for title in subset.columns ?? [] {
        try check(title, in: table.columns.map(\.title), "tables[\(index)].columns")
      }
    }
  }
}

/// Where a cell stands.
public struct CellPlace: Codable, Hashable, Sendable, CustomStringConvertible {
  /// Name of the table, such as `table04`.
  public let table: String
  /// Labels of the row.
  public let row: [String]
  public let column: String

  public init(table: String, row: [String], column: String) {
    (self.table, self.row, self.column) = (table, row, column)
  }

  public var description: String { "\(table), \(TableSpec.rowName(row)), \(column)" }
}

/// A cell that a night trains.
public struct DeclaredCell: Equatable, Sendable {
  public let place: CellPlace
  public let metric: Metric
  public let evaluation: CellSpec.Evaluation
  /// At least one.
  public let runs: [RunID]
}

extension RegressionSpec {
  /// In the order of tables, rows and columns.
  /// - Parameter plan: of the tables.
  /// - Throws: `RegistryError.inconsistent` for a part of a table in which nothing is run.
  public func cells(of plan: Plan) throws -> [DeclaredCell] {
    try tables.enumerated().flatMap { index, subset in
      guard let table = plan.tables.first(where: { $0.name == subset.table }),
        let planned = plan.cells[subset.table]
      else { preconditionFailure("RegressionSpec.cells: \(subset.table) is not in the plan") }
      let found = table.rows.indices.flatMap { row -> [DeclaredCell] in
        guard subset.rows?.contains(table.rows[row].labels) ?? true else { return [] }
        return table.columns.indices.compactMap { column in
          let title = table.columns[column].title
          guard subset.columns?.contains(title) ?? true,
            case .runs(let ids, let metric, let evaluation) = planned[row][column]
          else { return nil }
          return DeclaredCell(
            place: CellPlace(table: table.name, row: table.rows[row].labels, column: title), metric: metric,
            evaluation: evaluation, runs: Array(ids.prefix(seeds)))
        }
      }
      guard !found.isEmpty else {
        throw RegistryError.inconsistent(
          file: "regression/\(name).yaml", path: "tables[\(index)]", value: subset.table,
          reason: "nothing is run in these rows and columns")
      }
      return found
    }
  }
}

extension Plan {
  /// The runs that cells are made of, and what those need.
  public func only(_ cells: [DeclaredCell]) -> Plan {
    without(Set(runs.map(\.id)).subtracting(cells.flatMap(\.runs)))
  }
}
