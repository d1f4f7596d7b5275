import Foundation
import Platform
import Schemas

/// Everything under `experiments/`, decoded and cross-checked. A file's name without `.yaml` is the spec's
/// name.
public struct Registry: Sendable {
  public let models: [String: ModelSpec]
  public let datasets: [String: DatasetSpec]
  public let losses: [String: LossDefinition]
  public let labels: [String: LabelSpec]
  public let distillations: [String: DistillationSpec]
  public let semiSupervised: [String: SemiSupervisedSpec]
  /// Which images keep their labels.
  public let labelled: [String: LabelledSpec]
  public let firstStages: [String: FirstStageSpec]
  public let recipes: [String: RecipeSpec]
  public let profiles: [String: ProfileSpec]
  public let tables: [String: TableSpec]
  /// Sweeps: figures that are drawn from runs.
  public let figures: [String: SweepSpec]
  /// Claims of the paper by group, in file order.
  public let claims: [String: [ClaimSpec]]
  /// Figures of pictures that finished runs make. No name is also a sweep's.
  public let qualitative: [String: QualitativeSpec]
  /// What nightly runs train and compare. Their tables are looked up when they are used.
  public let regressions: [String: RegressionSpec]
  /// That the files may name.
  public let methods: MethodCatalogue

  private static let folders = [
    "models", "datasets", "losses", "labels", "distillation", "semi_supervised", "labelled", "first_stages",
    "recipes", "profiles", "tables", "figures", "claims", "regression",
  ]

  /// - Parameters:
  ///   - root: the `experiments` folder.
  ///   - methods: that the program knows.
  /// - Throws: `RegistryError`, at the first thing that is wrong, in the order of folders and file names.
  public init(root: URL, methods: MethodCatalogue) throws {
    try self.init(RegistryFolder(root), name: root.lastPathComponent, methods: methods)
  }

  /// The same of files in memory.
  /// - Parameters:
  ///   - files: by their paths below `experiments`, such as `losses/ce.yaml`.
  ///   - methods: that the program knows.
  /// - Throws: `RegistryError`.
  public init(files: [String: Data], methods: MethodCatalogue) throws {
    try self.init(RegistryFiles(files), name: "experiments", methods: methods)
  }

  private init(_ source: some RegistrySource, name: String, methods: MethodCatalogue) throws {
    self.methods = methods
    for entry in try source.entries() where entry != "README.md" && !Registry.folders.contains(entry) {
      throw RegistryError.unknownKey(file: name, path: entry, allowed: Registry.folders)
    }
    models = try Registry.load(source, "models") { try ModelSpec($0, name: $1) }
    datasets = try Registry.load(source, "datasets") { try DatasetSpec($0, name: $1) }
    losses = try Registry.load(source, "losses") { try LossDefinition($0, name: $1) }
    labels = try Registry.load(source, "labels") { try LabelSpec($0, name: $1) }
    distillations = try Registry.load(source, "distillation") {
      try DistillationSpec($0, name: $1, schemas: methods.distillation)
    }
    semiSupervised = try Registry.loadIfPresent(source, "semi_supervised") {
      try SemiSupervisedSpec($0, name: $1, schemas: methods.semiSupervised)
    }
    labelled = try Registry.loadIfPresent(source, "labelled") { try LabelledSpec($0, name: $1) }
    firstStages = try Registry.loadIfPresent(source, "first_stages") {
      try FirstStageSpec($0, name: $1, schemas: methods.firstStages)
    }
    recipes = try Registry.load(source, "recipes") { try RecipeSpec($0, name: $1) }
    profiles = try Registry.load(source, "profiles") { try ProfileSpec($0, name: $1) }
    tables = try Registry.load(source, "tables") { try TableSpec($0, name: $1) }
    let drawn = try Registry.loadIfPresent(source, "figures") { try FigureSpec($0, name: $1) }
    figures = drawn.compactMapValues { if case .sweep(let spec) = $0 { spec } else { nil } }
    qualitative = drawn.compactMapValues { if case .qualitative(let spec) = $0 { spec } else { nil } }
    claims = try Registry.loadIfPresent(source, "claims") { reader, _ in try ClaimSpec.all(reader) }
    regressions = try Registry.loadIfPresent(source, "regression") { try RegressionSpec($0, name: $1) }
    try checkReferences()
  }

  public var tableNames: [String] { tables.keys.sorted() }
  /// Of sweeps.
  public var figureNames: [String] { figures.keys.sorted() }
  /// The paper's numbers of all figures that need runs, by name.
  public var figureNumbers: [String: Int] {
    figures.mapValues(\.number).merging(qualitative.mapValues(\.number)) { sweep, _ in sweep }
  }
  public var profileNames: [String] { profiles.keys.sorted() }
  public var regressionNames: [String] { regressions.keys.sorted() }

  // MARK: Loading

  /// A folder that a registry may lack.
  private static func loadIfPresent<Spec>(
    _ source: some RegistrySource, _ folder: String, _ decode: (StrictReader, String) throws -> Spec
  ) throws -> [String: Spec] {
    guard source.has(folder) else { return [:] }
    return try load(source, folder, decode)
  }

  private static func load<Spec>(
    _ source: some RegistrySource, _ folder: String, _ decode: (StrictReader, String) throws -> Spec
  ) throws -> [String: Spec] {
    var specs: [String: Spec] = [:]
    for entry in try source.names(in: folder) {
      let file = "\(folder)/\(entry)"
      let name = String(entry.dropLast(".yaml".count))
      guard entry.hasSuffix(".yaml"), !name.isEmpty, name.utf8.allSatisfy(RunID.isNameByte) else {
        throw RegistryError.unreadable(
          file: file, reason: "the name must be of a-z, 0-9 and _ and end in .yaml")
      }
      let text = try source.text(of: file)
      specs[name] = try decode(StrictReader(try ConfigNode(yaml: text, file: file), file: file), name)
    }
    return specs
  }

  /// A regular file's text.
  /// - Parameter file: the name used in errors.
  /// - Throws: `RegistryError.unreadable`.
  public static func text(_ path: String, file: String) throws -> String {
    let data: Data
    do {
      data = try RegularFile.read(path)
    } catch {
      throw RegistryError.unreadable(file: file, reason: error.reason)
    }
    return try text(data, file: file)
  }

  static func text(_ data: Data, file: String) throws -> String {
    guard let text = String(data: data, encoding: .utf8) else {
      throw RegistryError.unreadable(file: file, reason: "not a readable UTF-8 file")
    }
    return text
  }

  // MARK: References

  private func checkReferences() throws {
    var groups: [String: String] = [:]
    for group in claims.keys.sorted() {
      for claim in claims[group] ?? [] {
        if let other = groups.updateValue(group, forKey: claim.id) {
          throw RegistryError.inconsistent(
            file: "claims/\(group).yaml", path: "claims", value: claim.id,
            reason: "also stands in \(other).yaml")
        }
      }
    }
    for name in profileNames {
      if let pretraining = profiles[name]?.pretraining {
        for (key, value, names) in [
          ("dataset", pretraining.dataset, datasets.keys.sorted()),
          ("loss", pretraining.loss, losses.keys.sorted()),
          ("label", pretraining.label, labels.keys.sorted()),
        ] + pretraining.recipes.map({ ($0.path, $0.name, recipes.keys.sorted()) }) {
          try check(value, in: names, file: "profiles/\(name).yaml", path: "pretraining.\(key)")
        }
      }
      for dataset in (profiles[name]?.datasets.keys.sorted() ?? []) {
        guard let spec = datasets[dataset] else {
          throw RegistryError.brokenReference(
            file: "profiles/\(name).yaml", path: "datasets", value: dataset,
            allowed: datasets.keys.sorted() + [DatasetSpec.reservedName])
        }
        if let size = profiles[name]?.datasets[dataset]?.foldSize, spec.content.folds == nil {
          throw RegistryError.inconsistent(
            file: "profiles/\(name).yaml", path: "datasets.\(dataset).fold_size", value: "\(size)",
            reason: "datasets/\(dataset).yaml has no folds")
        }
        try check(
          profiles[name]?.datasets[dataset]?.inputIterations.keys.sorted() ?? [], in: roles,
          file: "profiles/\(name).yaml", path: "datasets.\(dataset).input_iterations")
      }
    }
    for name in figureNames {
      guard let sweep = figures[name] else { continue }
      let file = "figures/\(name).yaml"
      try check(sweep.defaults, file: file, path: "defaults")
      for (index, item) in sweep.series.enumerated() {
        try check(item.spec, file: file, path: "series[\(index)]")
      }
      for (index, item) in sweep.extra.enumerated() {
        try check(item.spec, file: file, path: "extra[\(index)]")
      }
    }
    for name in qualitative.keys.sorted() {
      guard let figure = qualitative[name] else { continue }
      let file = "figures/\(name).yaml"
      try check(figure.defaults, file: file, path: "defaults")
      for (index, column) in figure.columns.enumerated() {
        try check(column.spec, file: file, path: "columns[\(index)]")
      }
    }
    for name in tableNames {
      guard let table = tables[name] else { continue }
      let file = "tables/\(name).yaml"
      try check(table.defaults, file: file, path: "defaults")
      for (index, row) in table.rows.enumerated() {
        try check(row.spec, file: file, path: "rows[\(index)]")
        for title in row.cells.keys.sorted() {
          guard let cell = row.cells[title] else { continue }
          try check(cell, file: file, path: "rows[\(index)].cells.\(title)")
        }
      }
      for (index, column) in table.columns.enumerated() {
        if case .run(let spec) = column.kind { try check(spec, file: file, path: "columns[\(index)]") }
      }
      for (index, note) in table.notes.enumerated() {
        try check(note.profiles ?? [], in: profileNames, file: file, path: "notes[\(index)].profiles")
      }
      for (index, exception) in table.exceptions.enumerated() {
        for dataset in exception.datasets {
          try check(dataset, in: datasets.keys.sorted(), file: file, path: "exceptions[\(index)].datasets")
        }
        try check(exception.cell, file: file, path: "exceptions[\(index)].cell")
        for profile in exception.profiles {
          try check(profile, in: profileNames, file: file, path: "exceptions[\(index)].profiles")
        }
      }
    }
  }

  private func check(_ spec: CellSpec, file: String, path: String) throws {
    try check(spec.dataset, in: datasets.keys.sorted(), file: file, path: "\(path).dataset")
    try check(spec.model, in: models.keys.sorted(), file: file, path: "\(path).model")
    try check(spec.loss, in: losses.keys.sorted(), file: file, path: "\(path).loss")
    try check(spec.label, in: labels.keys.sorted(), file: file, path: "\(path).label")
    try check(spec.distillation, in: distillations.keys.sorted(), file: file, path: "\(path).distillation")
    try check(spec.recipe, in: recipes.keys.sorted(), file: file, path: "\(path).recipe")
    try check(
      spec.semiSupervised, in: semiSupervised.keys.sorted(), file: file, path: "\(path).semi_supervised")
    try check(spec.labelled, in: labelled.keys.sorted(), file: file, path: "\(path).labelled")
    try check(spec.firstStage, in: firstStages.keys.sorted(), file: file, path: "\(path).first_stage")
    try check(spec.role, in: roles, file: file, path: "\(path).role")
    try check(spec.inputs.keys.sorted(), in: roles, file: file, path: "\(path).inputs")
    var bare = spec
    bare.inputs = [:]
    for role in spec.inputs.keys.sorted() {
      guard let input = spec.inputs[role] else { continue }
      try check(input.completed(by: bare), file: file, path: "\(path).inputs.\(role)")
    }
  }

  /// What a run can be for another: what the methods ask for, and where a network starts.
  private var roles: [String] {
    Set((methods.distillation + methods.semiSupervised + methods.firstStages).flatMap(\.roles) + ["backbone"])
      .sorted()
  }

  private func check(_ names: [String], in all: [String], file: String, path: String) throws {
    for name in names { try check(name, in: all, file: file, path: path) }
  }

  private func check(_ name: String?, in names: [String], file: String, path: String) throws {
    guard let name, !names.contains(name) else { return }
    throw RegistryError.brokenReference(file: file, path: path, value: name, allowed: names)
  }
}
