/// Turns cells of tables into resolved runs: registry files, then the profile's recipe values, then the
/// table's overrides and exceptions, then the user's overrides.
struct RunResolver {
  let registry: Registry
  let profile: ProfileSpec
  let overrides: [Override]
  let dataFingerprints: [String: String]
  private(set) var runs: [RunID: PlannedRun] = [:]
  private var usedOverrides: Set<String> = []
  private var seenKeys: Set<String> = []

  init(registry: Registry, profile: ProfileSpec, overrides: [Override], dataFingerprints: [String: String]) {
    self.registry = registry
    self.profile = profile
    self.overrides = overrides
    self.dataFingerprints = dataFingerprints
  }

  /// The runs of one cell, added to `runs` with their teachers; nil when the paper has no such cell.
  mutating func cell(_ table: TableSpec, row: Int, column: Int) throws -> (runs: [RunID], metric: Metric)? {
    guard let cell = table.cellSpec(row: row, column: column) else { return nil }
    let place = Place(
      file: "tables/\(table.name).yaml",
      cell:
        "rows[\(row)] '\(table.rows[row].labels.joined(separator: " / "))' x '\(table.columns[column].title)'"
    )
    let dataset = try place.required(cell.dataset, "dataset")
    let exceptions = table.exceptions.filter {
      $0.datasets.contains(dataset) && $0.columns.contains(table.columns[column].title)
        && $0.profiles.contains(profile.name)
    }
    let tableOverrides = cell.set + exceptions.flatMap(\.set)
    let seeds = try place.required(cell.seeds, "seeds").prefix(profile.maximumSeeds)
    let folds: [Int?] = cell.folds.map { $0.map { Optional($0) } } ?? [nil]
    let metric = try place.required(cell.metric, "metric")
    var ids: [RunID] = []
    for seed in seeds {
      for fold in folds {
        ids.append(try student(cell, tableOverrides, seed: seed, fold: fold, place))
      }
    }
    return (ids, metric)
  }

  /// Throws for a user's override whose key no planned run has.
  func rejectUnusedOverrides() throws {
    for override in overrides where !usedOverrides.contains(override.key) {
      throw RegistryError.unknownKey(file: override.source, path: override.key, allowed: seenKeys.sorted())
    }
  }

  /// Where a cell stands, for errors.
  private struct Place {
    let file: String
    let cell: String

    func required<Value>(_ value: Value?, _ key: String) throws -> Value {
      guard let value else { throw RegistryError.missingKey(file: file, path: "\(cell): \(key)") }
      return value
    }
  }

  private mutating func student(
    _ cell: CellSpec, _ tableOverrides: [Override], seed: Int, fold: Int?, _ place: Place
  ) throws -> RunID {
    let dataset = try place.required(cell.dataset, "dataset")
    let recipe = try place.required(cell.recipe, "recipe")
    var distillation: RunDistillation?
    if let name = cell.distillation {
      let teacher = try place.required(cell.teacher, "teacher")
      let spec = try base(
        dataset: dataset, model: teacher.model, loss: teacher.loss, label: teacher.label,
        recipe: teacher.recipe ?? recipe, distillation: nil, seed: teacher.seed, fold: fold, place)
      let id = try add(spec, [], place)
      distillation = RunDistillation(
        spec: try place.required(registry.distillations[name], "distillation"), teacher: id)
    }
    let spec = try base(
      dataset: dataset, model: try place.required(cell.model, "model"),
      loss: try place.required(cell.loss, "loss"),
      label: try place.required(cell.label, "label"), recipe: recipe, distillation: distillation, seed: seed,
      fold: fold, place)
    return try add(spec, tableOverrides, place)
  }

  private func base(
    dataset: String, model: String, loss: String, label: String, recipe: String,
    distillation: RunDistillation?,
    seed: Int, fold: Int?, _ place: Place
  ) throws -> RunSpec {
    guard let scaled = profile.dataset(dataset) else {
      throw RegistryError.missingKey(file: "profiles/\(profile.name).yaml", path: "datasets.\(dataset)")
    }
    guard let fingerprint = dataFingerprints[dataset], !fingerprint.isEmpty else {
      throw RegistryError.inconsistent(
        file: "plan", path: "data fingerprint", value: dataset,
        reason: "no fingerprint of this data set was given")
    }
    let labelSpec = try place.required(registry.labels[label], "label")
    let spec = RunSpec(
      data: RunData(
        try place.required(registry.datasets[dataset], "dataset").scaled(by: scaled), fingerprint: fingerprint
      ),
      model: try place.required(registry.models[model], "model"),
      loss: try place.required(registry.losses[loss], "loss").spec(for: labelSpec), label: labelSpec,
      distillation: distillation, recipe: try place.required(registry.recipes[recipe], "recipe"),
      scale: scaled.scale, seed: seed, fold: fold)
    // Parts that do not fit together are the table's fault, whatever the profile changes afterwards.
    let checked = try RunSpec(json: spec.canonicalJSON, source: "\(place.file) \(place.cell)")
    return try Override.apply(scaled.recipeOverrides, to: checked).spec
  }

  private mutating func add(_ base: RunSpec, _ tableOverrides: [Override], _ place: Place) throws -> RunID {
    let tabled = try Override.apply(tableOverrides, to: base)
    for override in tableOverrides where !tabled.used.contains(override.key) {
      throw RegistryError.unknownKey(
        file: place.file, path: "\(place.cell): \(override.key)", allowed: base.overridableKeys)
    }
    let final = try Override.apply(overrides, to: tabled.spec)
    usedOverrides.formUnion(final.used)
    seenKeys.formUnion(final.spec.overridableKeys)
    // Also checks what no single file can: that distillation and loss fit together.
    let spec = try RunSpec(json: final.spec.canonicalJSON, source: "\(place.file) \(place.cell)")
    let id = spec.id
    runs[id] = PlannedRun(id: id, spec: spec, dependencies: spec.distillation.map { [$0.teacher] } ?? [])
    return id
  }
}
