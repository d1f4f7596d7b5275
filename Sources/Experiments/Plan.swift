/// A run of a plan.
public struct PlannedRun: Equatable, Sendable {
  public let id: RunID
  public let spec: RunSpec
  /// Runs that must be finished first: the teacher.
  public let dependencies: [RunID]
}

/// What a table's cell needs.
public enum PlannedCell: Equatable, Sendable {
  /// One run per seed (and fold), in the table's order.
  case runs([RunID], metric: Metric)
  /// A column that only quotes the paper.
  case quoted
  /// The paper has no such cell and nothing is run.
  case absent
}

/// The runs of some tables in one profile: a directed acyclic graph in which every run exists once, however
/// many cells and tables share it.
public struct Plan: Sendable {
  public let tables: [TableSpec]
  public let profile: ProfileSpec
  public let overrides: [Override]
  public let dataFingerprints: [String: String]
  /// Teachers first, every run after its dependencies; then by seed, row and column, so that a plan that is
  /// stopped half-way has a number in many cells rather than all numbers in a few.
  public let runs: [PlannedRun]
  /// By table name, then row and column.
  public let cells: [String: [[PlannedCell]]]
  private let index: [RunID: Int]

  /// - Parameters:
  ///   - tables: names of tables.
  ///   - profile: name of a profile.
  ///   - overrides: applied to every run that has the key, teachers included; after the profile's and the
  ///     table's.
  ///   - dataFingerprints: by data set name, for each data set of the tables.
  /// - Throws: `RegistryError`: unknown names, values out of range, an override that no run has a key for.
  public init(
    registry: Registry, tables: [String], profile: String, overrides: [Override] = [],
    dataFingerprints: [String: String]
  ) throws {
    guard let profileSpec = registry.profiles[profile] else {
      throw RegistryError.brokenReference(
        file: "plan", path: "profile", value: profile, allowed: registry.profileNames)
    }
    self.tables = try tables.map { name in
      guard let table = registry.tables[name] else {
        throw RegistryError.brokenReference(
          file: "plan", path: "table", value: name, allowed: registry.tableNames)
      }
      return table
    }
    self.profile = profileSpec
    self.overrides = overrides
    self.dataFingerprints = dataFingerprints

    var resolver = RunResolver(
      registry: registry, profile: profileSpec, overrides: overrides, dataFingerprints: dataFingerprints)
    var cells: [String: [[PlannedCell]]] = [:]
    var order: [(replicate: Int, id: RunID)] = []
    for table in self.tables {
      cells[table.name] = try table.rows.indices.map { row in
        try table.columns.indices.map { column in
          if table.columns[column].kind == .quoted { return .quoted }
          guard let resolved = try resolver.cell(table, row: row, column: column) else { return .absent }
          order += resolved.runs.enumerated().map { (replicate: $0, id: $1) }
          return .runs(resolved.runs, metric: resolved.metric)
        }
      }
    }
    try resolver.rejectUnusedOverrides()
    self.cells = cells
    runs = Plan.sorted(order, resolver.runs)
    index = Dictionary(uniqueKeysWithValues: runs.enumerated().map { ($1.id, $0) })
  }

  public subscript(id: RunID) -> PlannedRun? { index[id].map { runs[$0] } }

  /// Data sets that the runs use, sorted.
  public var datasets: [String] { Set(runs.map(\.spec.data.name)).sorted() }

  /// Data sets that `tables` need fingerprints for, sorted.
  /// - Throws: `RegistryError.brokenReference`.
  public static func datasets(of tables: [String], in registry: Registry) throws -> [String] {
    var names: Set<String> = []
    for name in tables {
      guard let table = registry.tables[name] else {
        throw RegistryError.brokenReference(
          file: "plan", path: "table", value: name, allowed: registry.tableNames)
      }
      for row in table.rows.indices {
        for column in table.columns.indices {
          if let dataset = table.cellSpec(row: row, column: column)?.dataset { names.insert(dataset) }
        }
      }
    }
    return names.sorted()
  }

  private static func sorted(_ order: [(replicate: Int, id: RunID)], _ all: [RunID: PlannedRun])
    -> [PlannedRun]
  {
    // Stable: equal replicates keep the order of rows and columns.
    let wanted = order.enumerated().sorted {
      ($0.element.replicate, $0.offset) < ($1.element.replicate, $1.offset)
    }
    .map(\.element.id)
    var done: Set<RunID> = []
    var result: [PlannedRun] = []
    func add(_ id: RunID) {
      guard !done.contains(id), let run = all[id] else { return }
      for dependency in run.dependencies { add(dependency) }
      if done.insert(id).inserted { result.append(run) }
    }
    for id in wanted {
      for dependency in all[id]?.dependencies ?? [] { add(dependency) }
    }
    for id in wanted { add(id) }
    return result
  }
}
