import Experiments
import Foundation
import Methods
import Regression
import Results
import Tables
import TestSupport
import Testing

/// The repository's experiment files, or with one subset of a test's own.
enum RegressionFiles {
  static let experiments = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("experiments")

  static func registry() throws -> Registry { try Registry(root: experiments, methods: Methods.catalogue) }

  static func registry(_ text: String) throws -> Registry {
    try withTemporaryDirectory { folder in
      let root = folder.appendingPathComponent("experiments")
      try FileManager.default.copyItem(at: experiments, to: root)
      try Data(text.utf8).write(to: root.appendingPathComponent("regression/own.yaml"))
      return try Registry(root: root, methods: Methods.catalogue)
    }
  }

  static func plan(_ registry: Registry, _ spec: RegressionSpec) throws -> Plan {
    let tables = spec.tables.map(\.table)
    let names = try Plan.datasets(of: tables, profile: registry.profiles[spec.profile], in: registry)
    return try Plan(
      registry: registry, tables: tables, profile: spec.profile,
      dataFingerprints: Dictionary(uniqueKeysWithValues: names.map { ($0, "any") }))
  }
}

/// What a subset declares.
@Suite struct SpecTests {
  private static let own = """
    tier: mini
    profile: smoke
    budget_minutes: 5
    threads: 1
    seeds: 2
    alpha: 0.01
    minimum_effect: 0.5
    tables:
      - table: table01
        rows: [[DL3-R18, mIoU], [DL3-R18, ECE]]
        columns: [JML, JML-KD]

    """

  @Test func cellsAreThoseOfRowsAndColumns() throws {
    let registry = try RegressionFiles.registry(Self.own)
    let spec = try #require(registry.regressions["own"])
    #expect(spec.test == .init(alpha: 0.01, minimumEffect: 0.5) && !spec.tier.comparesBits)
    let plan = try RegressionFiles.plan(registry, spec)
    let cells = try spec.cells(of: plan)
    #expect(
      cells.map(\.place.description) == [
        "table01, DL3-R18 / mIoU, JML", "table01, DL3-R18 / mIoU, JML-KD", "table01, DL3-R18 / ECE, JML",
        "table01, DL3-R18 / ECE, JML-KD",
      ])
    #expect(cells.map(\.metric.name) == ["miou", "miou", "ece", "ece"])
    // Two seeds of either method, one teacher, two backbones: nothing else of the table is trained.
    let runs = plan.only(cells).runs
    #expect(cells.allSatisfy { $0.runs.count == 2 && $0.runs == Array($0.runs.sorted()) })
    #expect(runs.count == 2 * 2 + 1 + 2)
    for run in runs { #expect(run.dependencies.allSatisfy { id in runs.contains { $0.id == id } }) }
  }

  /// Values of a cell in the order of its runs, and a line for each that is missing.
  @Test func resultsOfACell() throws {
    let registry = try RegressionFiles.registry(Self.own)
    let spec = try #require(registry.regressions["own"])
    let plan = try RegressionFiles.plan(registry, spec)
    let cell = try spec.cells(of: plan)[0]
    func result(_ second: RunSummary) -> CellResult {
      CellResult(
        cell, plan: plan, unfinished: "is late",
        summary: { id in
          id == cell.runs[0] ? RunSummary(state: .done, metrics: ["last": ["miou": 30.5]]) : second
        },
        checksums: { _ in RunRecord.Checksums(evaluation: "c", model: "m") })
    }
    let good = result(RunSummary(state: .done, metrics: ["last": ["miou": 31.5]]))
    #expect(good.mean == 31 && good.std == 0.5 && good.n == 2 && good.problems.isEmpty)
    #expect(good.replicates.map(\.seed) == [0, 1] && good.replicates[1].counts == "c")
    for (summary, says) in [
      (RunSummary.pending, " is late"), (RunSummary(state: .diverged(reason: "nan")), " diverged: nan"),
      (RunSummary(state: .failed(reason: "no disk")), " failed: no disk"),
      (RunSummary(state: .done, metrics: ["last": [:]]), " its counts give no metric 'miou'"),
    ] {
      let bad = result(summary)
      #expect(bad.n == 1 && bad.problems == ["\(cell.runs[1])\(says)"], "\(bad.problems)")
    }
  }

  @Test(arguments: [
    (
      "tier: mini", "tier: huge",
      "regression/own.yaml: tier: 'huge' is out of range; allowed: one of smoke, mini, paper"
    ),
    ("tier: mini", "tier: smoke", "regression/own.yaml: alpha: unknown key"),
    ("alpha: 0.01\n", "", "regression/own.yaml: alpha: required key is missing"),
    ("alpha: 0.01", "alpha: 0", "alpha"), ("seeds: 2", "seeds: 0", "seeds"),
    ("threads: 1", "threads: 1.5", "threads"), ("columns: [JML, JML-KD]", "columns: []", "columns"),
    ("budget_minutes: 5", "budget_minutes: -1", "budget_minutes"),
    ("profile: smoke", "profile: tiny", "regression/own.yaml: profile: there is no 'tiny'"),
    ("table: table01", "table: table77", "tables[0].table: there is no 'table77'"),
    ("[DL3-R18, ECE]", "[DL3-R17, ECE]", "tables[0].rows: there is no 'DL3-R17 / ECE'"),
    ("columns: [JML,", "columns: [JLM,", "tables[0].columns: there is no 'JLM'"),
    (
      "rows: [[DL3-R18, mIoU], [DL3-R18, ECE]]\n    columns: [JML, JML-KD]",
      "rows: [[DL3-R50, mIoU]]\n    columns: [JML-KD]", "nothing is run in these rows and columns"
    ),
  ]) func whatIsWrongIsNamed(old: String, new: String, says: String) throws {
    let text = Self.own.replacingOccurrences(of: old, with: new)
    #expect(text != Self.own, "\(old)")
    do {
      let registry = try RegressionFiles.registry(text)
      let spec = try #require(registry.regressions["own"])
      try spec.check(in: registry)
      _ = try spec.cells(of: RegressionFiles.plan(registry, spec))
      Issue.record("\(new) was taken")
    } catch {
      #expect("\(error)".contains(says) && !"\(error)".contains("\n"), "\(error)")
    }
  }
}

/// The references of the repository.
@Suite struct CommittedReferenceTests {
  private static let folder = RegressionFiles.experiments.deletingLastPathComponent()
    .appendingPathComponent("results/regression")

  /// Whole, of their subset's tier and profile, and of the cells that it declares.
  @Test func theyAreOfTheDeclaredCells() throws {
    let registry = try RegressionFiles.registry()
    for name in registry.regressionNames {
      guard let reference = try Reference.read(name, in: Self.folder)?.current else { continue }
      let spec = try #require(registry.regressions[name])
      #expect(reference.tier == spec.tier.rawValue && reference.profile == spec.profile, "\(name)")
      let cells = try spec.cells(of: RegressionFiles.plan(registry, spec))
      #expect(reference.cells.map(\.place) == cells.map(\.place), "\(name)")
      #expect(zip(reference.cells, cells).allSatisfy { $0.n == $1.runs.count }, "\(name)")
      let hasBits = reference.cells.flatMap(\.replicates).allSatisfy { $0.counts != nil && $0.model != nil }
      #expect(hasBits || !spec.tier.comparesBits, "\(name)")
    }
  }
}
