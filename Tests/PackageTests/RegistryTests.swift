import Experiments
import Testing

/// The whole registry is a test: every file decodes, every cell of every table plans in every profile.
@Suite struct RegistryTests {
  @Test func everyFileDecodesAndIsUsedByItsName() throws {
    let registry = try Registry(root: Repository.root.appendingPathComponent("experiments"))
    let files = try Repository.files(below: "experiments", ["yaml"])
    let counts = [
      registry.models.count, registry.datasets.count, registry.losses.count, registry.labels.count,
      registry.distillations.count, registry.recipes.count, registry.profiles.count, registry.tables.count,
      registry.figures.count,
    ]
    #expect(counts.reduce(0, +) == files.count)
    #expect(registry.profileNames == ["mini", "paper", "smoke"])
  }

  @Test(arguments: ["smoke", "mini", "paper"]) func everyCellPlans(_ profile: String) throws {
    let registry = try Registry(root: Repository.root.appendingPathComponent("experiments"))
    // Unique runs of each table: rows x run columns x seeds, plus teachers.
    let expected = ["table04": 32, "table09": 0]
    #expect(registry.tableNames == expected.keys.sorted())
    for name in registry.tableNames {
      let fingerprints = Dictionary(
        uniqueKeysWithValues: try Plan.datasets(of: [name], in: registry).map { ($0, "\($0)-test") })
      let plan = try Plan(
        registry: registry, tables: [name], profile: profile, dataFingerprints: fingerprints)
      #expect(plan.runs.count == expected[name])
      let table = try #require(registry.tables[name])
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

  /// The paper's figures are text, so that 77.00 is not printed as 77.
  @Test func paperFiguresKeepTheirZeros() throws {
    let table = try #require(
      try Registry(root: Repository.root.appendingPathComponent("experiments")).tables["table04"])
    let texts = table.rows.flatMap(\.paper.values)
    #expect(texts.count == 35)
    #expect(texts.contains { $0.mean.text == "77.00" })
    #expect(texts.allSatisfy { $0.mean.text.count == 5 && ($0.std?.text.count ?? 4) == 4 })
  }
}
