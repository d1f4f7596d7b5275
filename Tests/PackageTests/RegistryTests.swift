import Experiments
import Methods
import Testing

/// The whole registry is a test: every file decodes, every cell of every table plans in every profile.
@Suite struct RegistryTests {
  @Test func everyFileDecodesAndIsUsedByItsName() throws {
    let registry = try Registry(
      root: Repository.root.appendingPathComponent("experiments"), methods: Methods.catalogue)
    let files = try Repository.files(below: "experiments", ["yaml"])
    // Without its type the compiler thinks for minutes.
    let counts: [Int] = [
      registry.models.count, registry.datasets.count, registry.losses.count, registry.labels.count,
      registry.distillations.count, registry.recipes.count, registry.profiles.count, registry.tables.count,
      registry.figures.count, registry.qualitative.count, registry.semiSupervised.count,
      registry.labelled.count, registry.firstStages.count, registry.claims.count,
      registry.regressions.count,
    ]
    #expect(counts.reduce(0, +) == files.count)
    #expect(registry.profileNames == ["mini", "paper", "paper_published", "smoke"])
  }

  @Test(arguments: ["smoke", "mini", "paper"]) func everyCellPlans(_ profile: String) throws {
    let registry = try Registry(
      root: Repository.root.appendingPathComponent("experiments"), methods: Methods.catalogue)
    #expect(!registry.tableNames.isEmpty)
    for name in registry.tableNames {
      let fingerprints = Dictionary(
        uniqueKeysWithValues: try Plan.datasets(
          of: [name], profile: registry.profiles[profile], in: registry
        ).map { ($0, "\($0)-test") })
      let plan = try Plan(
        registry: registry, tables: [name], profile: profile, dataFingerprints: fingerprints)
      let table = try #require(registry.tables[name])
      let spec = try #require(registry.profiles[profile])
      let pretrained = plan.runs.filter { $0.spec.data.name == spec.pretraining?.dataset }
      #expect(plan.runs.count - pretrained.count == distinctRuns(of: table, in: spec))
      // One for each backbone, and every other run starts from its own.
      let backbones = Set(plan.runs.map(\.spec.model.backbone))
      #expect(pretrained.count == (spec.pretraining == nil ? 0 : backbones.count))
      for run in plan.runs where run.spec.model.weights == .pretrained && run.spec.firstStage == nil {
        let backbone = try #require(run.spec.inputs["backbone"].flatMap { plan[$0] })
        #expect(backbone.spec.model.backbone == run.spec.model.backbone)
      }
      let cells = try #require(plan.cells[name])
      for (row, columns) in cells.enumerated() {
        for (column, cell) in columns.enumerated() {
          guard case .runs(let ids, _, _) = cell else { continue }
          let place = "\(name) \(table.rows[row].labels) \(table.columns[column].title)"
          #expect(!ids.isEmpty, "\(place) has no runs")
          for id in ids { #expect(plan[id] != nil, "\(place): \(id) is not in the plan") }
        }
      }
    }
  }

  /// Every subset of the nights finds its rows and columns, and runs of one profile.
  @Test func everySubsetPlans() throws {
    let registry = try Registry(
      root: Repository.root.appendingPathComponent("experiments"), methods: Methods.catalogue)
    #expect(registry.regressionNames == ["mini", "paper", "smoke"])
    for name in registry.regressionNames {
      let spec = try #require(registry.regressions[name])
      try spec.check(in: registry)
      let tables = spec.tables.map(\.table)
      let fingerprints = Dictionary(
        uniqueKeysWithValues: try Plan.datasets(
          of: tables, profile: registry.profiles[spec.profile], in: registry
        ).map { ($0, "\($0)-test") })
      let plan = try Plan(
        registry: registry, tables: tables, profile: spec.profile, dataFingerprints: fingerprints)
      let cells = try spec.cells(of: plan)
      let seeds = spec.tier.comparesBits ? 1 : 3
      #expect(cells.allSatisfy { $0.runs.count == seeds }, "\(name)")
      #expect(Set(cells.map(\.place)).count == cells.count)
    }
  }

  /// Counted from what the cells say, without resolving a spec: rows x run columns x seeds x folds, and the teachers,
  /// each once. Five rows, eight columns and three seeds share two teachers and two first stages in Table 4: 124.
  private func distinctRuns(of table: TableSpec, in profile: ProfileSpec) -> Int {
    var runs: Set<[String]> = []
    for row in table.rows.indices {
      for (index, column) in table.columns.enumerated() where column.kind != .quoted {
        guard let cell = table.cellSpec(row: row, column: index) else { continue }
        let exceptions = table.exceptions.filter {
          $0.datasets.contains(cell.dataset ?? "") && $0.columns.contains(column.title)
            && $0.profiles.contains(profile.name) && ($0.rows?.contains(row) ?? true)
        }
        guard let seeds = exceptions.compactMap(\.cell.seeds).last ?? cell.seeds else { continue }
        let changes = (cell.set + exceptions.flatMap(\.set)).map(\.description)
        // A teacher is a run of its own where a profile trains teachers for longer.
        let longer = profile.dataset(cell.dataset ?? "")?.inputIterations ?? [:]
        func role(_ name: String?) -> String { name.flatMap { longer[$0] == nil ? nil : $0 } ?? "" }
        for fold in cell.folds?.map(String.init) ?? [""] {
          let place = [cell.dataset ?? "", fold]
          for seed in seeds.prefix(profile.maximumSeeds) {
            let parts: [String?] = [
              cell.model, cell.loss, cell.label, cell.recipe, cell.distillation, cell.semiSupervised,
              cell.labelled,
            ]
            let learnsFrom = cell.distillation == nil ? "" : "\(String(describing: cell.inputs["teacher"]))"
            // In one line the compiler thinks for minutes.
            var run: [String] = place
            run += parts.map { $0 ?? "" }
            run += [String(seed), learnsFrom, role(cell.role)]
            run += changes
            runs.insert(run)
          }
          guard cell.distillation != nil, let teacher = cell.inputs["teacher"] else { continue }
          let parts: [String?] = [
            teacher.model ?? cell.model, teacher.loss, teacher.label, teacher.recipe ?? cell.recipe, nil, nil,
            nil,
          ]
          var run: [String] = place
          run += parts.map { $0 ?? "" }
          run += [String(teacher.seed), "", role("teacher")]
          run += teacher.set.map(\.description)
          runs.insert(run)
          if cell.distillation == "maskd", let tokens = cell.inputs["tokens"] {
            runs.insert(place + ["tokens", String(tokens.seed)])
          }
        }
      }
    }
    return runs.count
  }

  /// The paper's figures are text, so that 77.00 is not printed as 77.
  @Test func paperFiguresKeepTheirZeros() throws {
    let table = try #require(
      try Registry(root: Repository.root.appendingPathComponent("experiments"), methods: Methods.catalogue)
        .tables["table04"])
    let texts = table.rows.flatMap(\.paper.values)
    #expect(texts.count == 35)
    #expect(texts.contains { $0.mean.text == "77.00" })
    #expect(texts.allSatisfy { $0.mean.text.count == 5 && ($0.std?.text.count ?? 4) == 4 })
  }
}
