/// Turns cells of tables into resolved runs: registry files, then the profile's recipe values, then the
/// table's overrides and exceptions, then the user's overrides.
struct RunResolver {
  let registry: Registry
  let profile: ProfileSpec
  let overrides: [Override]
  /// How many seeds cells with several have; nil: as tables and profile say.
  let seeds: Int?
  let dataFingerprints: [String: String]
  private(set) var runs: [RunID: PlannedRun] = [:]
  /// Paths of the profile's weights that could not be read, in the order of their first run.
  private(set) var missingWeights: [String] = []
  /// Runs that train backbones beforehand, each resolved once.
  private var pretrained: [ModelSpec.Backbone: RunID] = [:]
  private var usedOverrides: Set<String> = []
  private var seenKeys: Set<String> = []

  init(
    registry: Registry, profile: ProfileSpec, overrides: [Override], seeds: Int?,
    dataFingerprints: [String: String]
  ) {
    self.seeds = seeds
    self.registry = registry
    self.profile = profile
    self.overrides = overrides
    self.dataFingerprints = dataFingerprints
  }

  /// The runs of one cell, added to `runs` with their teachers; nil when nothing is run in it.
  mutating func cell(
    _ table: TableSpec, row: Int, column: Int
  ) throws -> (runs: [RunID], metric: Metric, evaluation: CellSpec.Evaluation)? {
    guard let usual = table.cellSpec(row: row, column: column) else { return nil }
    let place = Place(
      file: "tables/\(table.name).yaml",
      cell: "rows[\(row)] '\(TableSpec.rowName(table.rows[row].labels))' x '\(table.columns[column].title)'")
    let exceptions = table.exceptions(usual, row: row, column: column, profile: profile.name)
    let cell = exceptions.reduce(usual) { $1.cell.completed(by: $0) }
    let metric = try place.required(cell.metric, "metric")
    let ids = try runs(of: cell, cell.set + exceptions.flatMap(\.set), place)
    return (ids, metric, cell.evaluation)
  }

  /// The runs of one point of a sweep, added to `runs` with their teachers.
  mutating func point(_ sweep: SweepSpec, series: Int, _ point: SweepSpec.Point) throws -> [RunID] {
    let cell = sweep.cellSpec(series: series, point)
    let place = Place(
      file: "figures/\(sweep.name).yaml",
      cell: "'\(sweep.series[series].title)' at \(point.coordinates.joined(separator: ", "))")
    return try runs(of: cell, cell.set, place)
  }

  /// The run of a column of pictures, the first of its seeds and folds, added to `runs` with its teachers.
  mutating func column(_ column: Int, of figure: QualitativeSpec) throws -> RunID {
    let cell = figure.cellSpec(column: column)
    let place = Place(
      file: "figures/\(figure.name).yaml", cell: "columns[\(column)] '\(figure.columns[column].title)'")
    let seed = try place.required(cell.seeds?.first, "seeds")
    return try run(cell, cell.set, seed: seed, fold: cell.folds?.first, depth: 0, place)
  }

  /// One run for each seed and fold.
  private mutating func runs(of cell: CellSpec, _ overrides: [Override], _ place: Place) throws -> [RunID] {
    try checkNetwork(of: cell, place)
    let seeds = seeds(of: try place.required(cell.seeds, "seeds"))
    let folds: [Int?] = cell.folds.map { $0.map { Optional($0) } } ?? [nil]
    var ids: [RunID] = []
    for seed in seeds {
      for fold in folds {
        ids.append(try run(cell, overrides, seed: seed, fold: fold, depth: 0, place))
      }
    }
    return ids
  }

  /// The seeds that are run of those that a cell names: the first ones, and the smallest others where more are wanted.
  private func seeds(of named: [Int]) -> [Int] {
    guard let seeds, named.count > 1 else { return Array(named.prefix(profile.maximumSeeds)) }
    let others = (0...).lazy.filter { !named.contains($0) }
    return Array(named.prefix(seeds)) + others.prefix(max(0, seeds - named.count))
  }

  /// Throws for a user's override whose key no planned run has.
  func rejectUnusedOverrides() throws {
    for override in overrides where !usedOverrides.contains(override.key) {
      throw RegistryError.unknownKey(
        file: override.source, path: override.key, allowed: RunResolver.near(override.key, seenKeys.sorted()))
    }
  }

  /// Many keys with those first that somebody may have meant, of the same part of a run: a line has an end.
  private static func near(_ key: String, _ keys: [String]) -> [String] {
    let part = key.prefix { $0 != "." } + "."
    return keys.filter { $0.hasPrefix(part) } + keys.filter { !$0.hasPrefix(part) }
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

  /// The run of a cell, added to `runs` with the runs that it needs.
  ///
  /// - Parameters:
  ///   - role: what this run is for the run that needs it, such as `teacher`; nil for the table's own.
  ///   - depth: how many runs stand between this one and the table's.
  private mutating func run(
    _ cell: CellSpec, _ tableOverrides: [Override], seed: Int, fold: Int?, role: String? = nil, depth: Int,
    _ place: Place
  ) throws -> RunID {
    guard depth < 8 else {
      throw RegistryError.inconsistent(
        file: place.file, path: place.cell, value: "inputs", reason: "runs need runs more than 8 deep")
    }
    let labelSpec = try place.required(registry.labels[try place.required(cell.label, "label")], "label")
    let dataset = try place.required(cell.dataset, "dataset")
    let named = try place.required(registry.models[try place.required(cell.model, "model")], "model")
    // A first stage is about its teacher, whose network it takes below.
    let backbone =
      named.weights == .random && cell.firstStage == nil ? try pretraining(of: named) : nil
    var model = backbone == nil ? named : named.startingFromRun
    let distillation = try cell.distillation.map {
      try place.required(registry.distillations[$0], "distillation")
    }
    let semiSupervised = try semiSupervised(of: cell, place)
    let firstStage = try cell.firstStage.map {
      try place.required(registry.firstStages[$0], "first_stage")
    }
    func spec(_ inputs: RunInputs) throws -> RunSpec {
      let scale = try scaled(dataset).scale(for: role ?? cell.role, model.backbone)
      return RunSpec(
        data: try data(dataset), model: model,
        loss: try place.required(registry.losses[try place.required(cell.loss, "loss")], "loss").spec(
          for: labelSpec),
        label: labelSpec, distillation: distillation, semiSupervised: semiSupervised,
        firstStage: firstStage, inputs: inputs,
        recipe: try place.required(registry.recipes[try place.required(cell.recipe, "recipe")], "recipe"),
        scale: firstStage == nil ? scale : scale.evaluatedOnce, seed: seed, fold: fold)
    }
    var inputs: [(role: String, run: RunID)] = []
    for role in try spec(RunInputs([])).roles(registry.methods) {
      if role == "backbone", let backbone {
        inputs.append((role, backbone))
        continue
      }
      let input = try place.required(cell.inputs[role], "inputs.\(role)")
      let id = try run(
        input.completed(by: cell), input.set, seed: input.seed, fold: fold, role: role, depth: depth + 1,
        place)
      inputs.append((role, id))
    }
    try check(inputs, dataset: try data(dataset), place)
    if firstStage != nil,
      let teacher = inputs.first(where: { $0.role == "teacher" }).flatMap({ runs[$0.run] })
    {
      model = teacher.spec.model
    }
    let resolved = try spec(RunInputs(inputs))
    // Parts that do not fit together are the table's fault, whatever the profile changes afterwards.
    let checked = try RunSpec(
      json: resolved.canonicalJSON, source: "\(place.file) \(place.cell)", methods: registry.methods)
    let values =
      try scaled(dataset).recipeOverrides + (model.weights == .random ? profile.weightOverrides : [])
    return try add(
      try Override.apply(values, to: checked, methods: registry.methods).spec, tableOverrides, place)
  }

  /// The semi-supervised method of a cell with its split; nil where every image is labelled.
  private func semiSupervised(
    of cell: CellSpec, _ place: Place
  ) throws -> (method: SemiSupervisedSpec, labelled: LabelledSpec)? {
    guard let name = cell.semiSupervised else {
      guard let labelled = cell.labelled else { return nil }
      throw RegistryError.inconsistent(
        file: place.file, path: "\(place.cell): labelled", value: labelled,
        reason: "the run has no semi_supervised, and without one every training image is labelled")
    }
    return (
      try place.required(registry.semiSupervised[name], "semi_supervised"),
      try place.required(registry.labelled[try place.required(cell.labelled, "labelled")], "labelled")
    )
  }

  /// Whether the method of a cell has the network that the cell reports.
  private func checkNetwork(of cell: CellSpec, _ place: Place) throws {
    guard let network = cell.network else { return }
    guard let kind = cell.semiSupervised.flatMap({ registry.semiSupervised[$0]?.kind }),
      let schema = registry.methods.semiSupervised.first(where: { $0.kind == kind }), !schema.networks.isEmpty
    else {
      throw RegistryError.inconsistent(
        file: place.file, path: "\(place.cell): network", value: network,
        reason: "the run's method has no network besides its own")
    }
    guard schema.networks.contains(network) else {
      throw RegistryError.brokenReference(
        file: place.file, path: "\(place.cell): network", value: network, allowed: schema.networks)
    }
  }

  /// Whether a run can use the runs that it needs: what a first stage has learned is of the run's teacher and classes.
  private func check(
    _ inputs: [(role: String, run: RunID)], dataset: RunData, _ place: Place
  ) throws {
    let teacher = inputs.first { $0.role == "teacher" }.flatMap { runs[$0.run] }?.spec
    func wrong(_ role: String, _ value: String, _ reason: String) -> RegistryError {
      .inconsistent(file: place.file, path: "\(place.cell): inputs.\(role)", value: value, reason: reason)
    }
    if let teacher, teacher.data.classes != dataset.classes {
      throw wrong(
        "teacher", teacher.data.name, "\(teacher.data.classes) classes, and the run has \(dataset.classes)")
    }
    for (role, id) in inputs where !["teacher", "backbone"].contains(role) {
      guard let stage = runs[id]?.spec else { continue }
      guard stage.firstStage != nil else {
        throw wrong(role, id.text, "the method needs a first stage there, and this is an ordinary run")
      }
      if stage.inputs["teacher"] != inputs.first(where: { $0.role == "teacher" })?.run {
        throw wrong(role, id.text, "it has another teacher than the run")
      }
    }
  }

  /// A frozen teacher sees the run's own pictures. Asked of the run as it will be, with every override.
  private func checkPictures(_ spec: RunSpec, _ place: Place) throws {
    guard let teacher = spec.inputs["teacher"].flatMap({ runs[$0] })?.spec else { return }
    guard teacher.recipe.normalisation == spec.recipe.normalisation else {
      throw RegistryError.inconsistent(
        file: place.file, path: "\(place.cell): inputs.teacher", value: teacher.recipe.name,
        reason: "its normalisation is not that of '\(spec.recipe.name)', whose pictures the teacher would see"
      )
    }
  }

  /// The run that trains a network's backbone beforehand, added to `runs`; nil where the profile has none.
  private mutating func pretraining(of model: ModelSpec) throws -> RunID? {
    guard let pretraining = profile.pretraining,
      !overrides.contains(where: { PretrainingSpec.replacingKeys.contains($0.key) && !$0.isNull })
    else { return nil }
    if let known = pretrained[model.backbone] { return known }
    let place = Place(file: "profiles/\(profile.name).yaml", cell: "pretraining")
    let label = try place.required(registry.labels[pretraining.label], "label")
    let values = try scaled(pretraining.dataset)
    let network = pretraining.network(for: model.backbone)
    let base = RunSpec(
      data: try data(pretraining.dataset), model: model.pretraining(network),
      loss: try place.required(registry.losses[pretraining.loss], "loss").spec(for: label), label: label,
      distillation: nil, semiSupervised: nil, firstStage: nil, inputs: RunInputs([]),
      recipe: try place.required(registry.recipes[network.recipe], "recipe"),
      scale: values.scale(for: "backbone", model.backbone), seed: pretraining.seed, fold: nil)
    let changed = try Override.apply(values.recipeOverrides, to: base, methods: registry.methods)
    let spec = try RunSpec(
      json: changed.spec.canonicalJSON, source: "\(place.file) \(place.cell)", methods: registry.methods)
    runs[spec.id] = PlannedRun(spec)
    pretrained[model.backbone] = spec.id
    return spec.id
  }

  private func scaled(_ dataset: String) throws -> ProfileDataset {
    guard let scaled = profile.dataset(dataset) else {
      throw RegistryError.missingKey(file: "profiles/\(profile.name).yaml", path: "datasets.\(dataset)")
    }
    return scaled
  }

  private func data(_ dataset: String) throws -> RunData {
    guard let spec = registry.datasets[dataset] else {
      throw RegistryError.brokenReference(
        file: "plan", path: "dataset", value: dataset, allowed: registry.datasets.keys.sorted())
    }
    guard let fingerprint = dataFingerprints[dataset], !fingerprint.isEmpty else {
      throw RegistryError.inconsistent(
        file: "plan", path: "data fingerprint", value: dataset,
        reason: "no fingerprint of this data set was given")
    }
    return RunData(spec.scaled(by: try scaled(dataset)), fingerprint: fingerprint)
  }

  private mutating func resolvingWeights(_ spec: RunSpec) throws -> RunSpec {
    do {
      return try spec.resolvingWeights()
    } catch RegistryError.unreadable(let file, _)
      where spec.recipe.backboneWeights == profile.backboneWeights
    {
      if !missingWeights.contains(file) { missingWeights.append(file) }
      return spec
    }
  }

  private mutating func add(_ base: RunSpec, _ tableOverrides: [Override], _ place: Place) throws -> RunID {
    let tabled = try Override.apply(tableOverrides, to: base, methods: registry.methods)
    for override in tableOverrides where !tabled.used.contains(override.key) {
      throw RegistryError.unknownKey(
        file: place.file, path: "\(place.cell): \(override.key)", allowed: base.overridableKeys)
    }
    let final = try Override.apply(overrides, to: tabled.spec, methods: registry.methods)
    usedOverrides.formUnion(final.used)
    seenKeys.formUnion(final.spec.overridableKeys)
    // Also checks what no single file can: that distillation and loss fit together.
    let unresolved = try RunSpec(
      json: final.spec.canonicalJSON, source: "\(place.file) \(place.cell)", methods: registry.methods)
    try checkPictures(unresolved, place)
    let spec = try resolvingWeights(unresolved)
    let id = spec.id
    runs[id] = PlannedRun(id: id, spec: spec, dependencies: spec.inputs.runs)
    return id
  }
}
