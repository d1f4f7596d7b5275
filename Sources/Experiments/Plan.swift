/// A run of a plan.
public struct PlannedRun: Equatable, Sendable {
  public let id: RunID
  public let spec: RunSpec
  /// Runs that must be finished first: the teacher.
  public let dependencies: [RunID]

  init(id: RunID, spec: RunSpec, dependencies: [RunID]) {
    self.id = id
    self.spec = spec
    self.dependencies = dependencies
  }

  /// A run by itself.
  public init(_ spec: RunSpec) { self.init(id: spec.id, spec: spec, dependencies: spec.inputs.runs) }
}

/// What a table's cell needs.
public enum PlannedCell: Equatable, Sendable {
  /// One run per seed (and fold), in the table's order.
  case runs([RunID], metric: Metric, evaluation: CellSpec.Evaluation)
  /// The paper's figure only.
  case quoted
  /// What a network costs: counted or measured, without a run.
  case cost(model: String, CostQuantity)
  /// The cell of one row minus that of another, by their places.
  case difference(of: Int, minus: Int)
  /// Nothing is run and the paper has nothing.
  case absent
}

/// A point of a sweep.
public struct PlannedPoint: Equatable, Sendable {
  /// A text for each axis.
  public let coordinates: [String]
  /// One run per seed (and fold).
  public let runs: [RunID]
  /// What is reported.
  public let evaluation: CellSpec.Evaluation
}

/// The runs of some tables and sweeps in one profile: a directed acyclic graph in which every run exists once, however
/// many cells and tables share it.
public struct Plan: Sendable {
  public let tables: [TableSpec]
  public let sweeps: [SweepSpec]
  /// Figures of pictures.
  public let qualitative: [QualitativeSpec]
  public let profile: ProfileSpec
  public let overrides: [Override]
  public let dataFingerprints: [String: String]
  /// Teachers first, every run after its dependencies; then by seed, row and column, so that a plan that is
  /// stopped half-way has a number in many cells rather than all numbers in a few.
  public private(set) var runs: [PlannedRun]
  /// By table name, then row and column.
  public let cells: [String: [[PlannedCell]]]
  /// By sweep name, then series and point.
  public let points: [String: [[PlannedPoint]]]
  /// By name of a figure of pictures: the run of each column.
  public let pictured: [String: [RunID]]
  /// Files of the profile's backbone weights that could not be read. Such a plan may be looked at, not run: the ids of
  /// runs that start from them are provisional.
  public let missingWeights: [String]
  private var index: [RunID: Int]

  /// - Parameters:
  ///   - tables: names of tables.
  ///   - figures: names of sweeps and of figures of pictures.
  ///   - profile: name of a profile.
  ///   - overrides: applied to every run that has the key, teachers included; after the profile's and the
  ///     table's.
  ///   - seeds: how many seeds each cell has that names several; nil: as tables and profile say.
  ///   - dataFingerprints: by data set name, for each data set of the tables.
  /// - Throws: `RegistryError`: unknown names, values out of range, an override that no run has a key for.
  public init(
    registry: Registry, tables: [String], figures: [String] = [], profile: String, overrides: [Override] = [],
    seeds: Int? = nil, dataFingerprints: [String: String]
  ) throws {
    guard let profileSpec = registry.profiles[profile] else {
      throw RegistryError.brokenReference(
        file: "plan", path: "profile", value: profile, allowed: registry.profileNames)
    }
    self.tables = try tables.map { try Plan.named($0, registry.tables, "table") }
    let kinds = try figures.map { try Plan.figure($0, registry) }
    sweeps = kinds.compactMap { if case .sweep(let spec) = $0 { spec } else { nil } }
    qualitative = kinds.compactMap { if case .qualitative(let spec) = $0 { spec } else { nil } }
    self.profile = profileSpec
    self.overrides = overrides
    self.dataFingerprints = dataFingerprints

    var resolver = RunResolver(
      registry: registry, profile: profileSpec, overrides: overrides, seeds: seeds,
      dataFingerprints: dataFingerprints)
    var cells: [String: [[PlannedCell]]] = [:]
    var order: [(replicate: Int, id: RunID)] = []
    for table in self.tables {
      cells[table.name] = try table.rows.indices.map { row in
        try table.columns.indices.map { column in
          guard let resolved = try resolver.cell(table, row: row, column: column) else {
            return Plan.cellWithoutRuns(table, row: row, column: column)
          }
          order += resolved.runs.enumerated().map { (replicate: $0, id: $1) }
          return .runs(resolved.runs, metric: resolved.metric, evaluation: resolved.evaluation)
        }
      }
    }
    var points: [String: [[PlannedPoint]]] = [:]
    for sweep in sweeps {
      points[sweep.name] = try sweep.series.indices.map { series in
        try sweep.points.map { point in
          let ids = try resolver.point(sweep, series: series, point)
          order += ids.enumerated().map { (replicate: $0, id: $1) }
          return PlannedPoint(
            coordinates: point.coordinates, runs: ids,
            evaluation: sweep.cellSpec(series: series, point).evaluation)
        }
      }
    }
    var pictured: [String: [RunID]] = [:]
    for figure in qualitative {
      let ids = try figure.columns.indices.map { try resolver.column($0, of: figure) }
      order += ids.map { (replicate: 0, id: $0) }
      pictured[figure.name] = ids
    }
    try resolver.rejectUnusedOverrides()
    self.cells = cells
    self.points = points
    self.pictured = pictured
    missingWeights = resolver.missingWeights
    runs = Plan.sorted(order, resolver.runs)
    index = Plan.index(runs)
  }

  /// What is left to run where the results of some runs are known: the others, and what they need, known or not. Cells and
  /// points stay as they are.
  public func without(_ known: Set<RunID>) -> Plan {
    var needed: Set<RunID> = []
    // Every run stands after its dependencies.
    for run in runs.reversed() where !known.contains(run.id) || needed.contains(run.id) {
      needed.insert(run.id)
      needed.formUnion(run.dependencies)
    }
    var plan = self
    plan.runs = runs.filter { needed.contains($0.id) }
    plan.index = Plan.index(plan.runs)
    return plan
  }

  private static func index(_ runs: [PlannedRun]) -> [RunID: Int] {
    Dictionary(uniqueKeysWithValues: runs.enumerated().map { ($1.id, $0) })
  }

  public subscript(id: RunID) -> PlannedRun? { index[id].map { runs[$0] } }

  /// Data sets that the runs use, sorted.
  public var datasets: [String] { Set(runs.map(\.spec.data.name)).sorted() }

  /// Data sets that tables and sweeps need fingerprints for in a profile, sorted.
  /// - Throws: `RegistryError.brokenReference`.
  public static func datasets(
    of tables: [String], figures: [String] = [], profile: ProfileSpec? = nil, in registry: Registry
  ) throws -> [String] {
    var names: Set<String> = []
    for name in tables {
      let table = try named(name, registry.tables, "table")
      for row in table.rows.indices {
        for column in table.columns.indices {
          let cell = table.cellSpec(row: row, column: column)
          if let dataset = table.exceptional(cell, row: row, column: column, profile: profile?.name)?.dataset
          {
            names.insert(dataset)
          }
        }
      }
    }
    for name in figures {
      switch try figure(name, registry) {
      case .sweep(let sweep):
        for series in sweep.series.indices {
          for point in sweep.points {
            if let dataset = sweep.cellSpec(series: series, point).dataset { names.insert(dataset) }
          }
        }
      case .qualitative(let figure):
        names.formUnion(figure.columns.indices.compactMap { figure.cellSpec(column: $0).dataset })
      }
    }
    if let pretraining = profile?.pretraining, !names.isEmpty { names.insert(pretraining.dataset) }
    return names.sorted()
  }

  private static func figure(_ name: String, _ registry: Registry) throws -> FigureSpec {
    if let spec = registry.qualitative[name] { return .qualitative(spec) }
    guard let spec = registry.figures[name] else {
      throw RegistryError.brokenReference(
        file: "plan", path: "figure", value: name, allowed: registry.figureNumbers.keys.sorted())
    }
    return .sweep(spec)
  }

  private static func named<Spec>(_ name: String, _ specs: [String: Spec], _ kind: String) throws -> Spec {
    guard let spec = specs[name] else {
      throw RegistryError.brokenReference(file: "plan", path: kind, value: name, allowed: specs.keys.sorted())
    }
    return spec
  }

  private static func cellWithoutRuns(_ table: TableSpec, row: Int, column: Int) -> PlannedCell {
    if let cost = table.cost(row: row, column: column) { return .cost(model: cost.model, cost.quantity) }
    if case .difference(let of, let minus) = table.rows[row].kind {
      return table.cellSpec(row: of, column: column) == nil
        || table.cellSpec(row: minus, column: column) == nil
        ? .absent : .difference(of: of, minus: minus)
    }
    if table.columns[column].kind == .quoted { return .quoted }
    // Not run here, though the paper may have a figure.
    return table.rows[row].paper[table.columns[column].title] == nil ? .absent : .quoted
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
