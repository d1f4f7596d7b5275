import Experiments
import Foundation
import Methods
import Tables
import TestSupport
import Testing

@Suite(.serialized) struct TableTests {
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func plan(_ profile: String = "mini", _ overrides: [String] = []) throws -> Plan {
    try Plan(
      registry: try Registry(
        root: TableTests.package.appendingPathComponent("experiments"), methods: Methods.catalogue),
      tables: ["table04"],
      profile: profile, overrides: try overrides.map { try Override($0) },
      dataFingerprints: [
        "cityscapes": "street-1", "pascal_voc": "objects-1", "pretraining_objects": "objects-2",
      ])
  }

  private func done(_ miou: Double, _ run: PlannedRun) -> RunSummary {
    RunSummary(
      state: .done, metrics: ["last": ["miou": miou, "accuracy": 90]], hardware: "Test CPU", threads: 2,
      dataDescription: "embedded \(run.spec.data.name)")
  }

  /// Numbers made from the place in the plan: distinct, and the same in every process.
  private func everythingDone(_ plan: Plan) -> [RunID: RunSummary] {
    var summaries: [RunID: RunSummary] = [:]
    for (index, run) in plan.runs.enumerated() {
      let gain = run.spec.distillation == nil ? 0.0 : 3.0
      summaries[run.id] = done(40 + gain + Double(index * 7 % 11) / 8, run)
    }
    return summaries
  }

  /// Some finished, one failed, one diverged, one running.
  private func halfDone(_ plan: Plan) -> [RunID: RunSummary] {
    var summaries = everythingDone(plan)
    for (index, run) in plan.runs.enumerated() {
      switch index {
      case 2:
        summaries[run.id] = RunSummary(state: .failed(reason: "cannot read image\naachen_7.png | truncated"))
      case 3, 13, 23: summaries[run.id] = RunSummary(state: .diverged(reason: "loss is NaN at iteration 7"))
      case 24: summaries[run.id] = RunSummary(state: .running)
      case 25...: summaries[run.id] = nil
      default: break
      }
    }
    return summaries
  }

  private func render(_ plan: Plan, _ summaries: [RunID: RunSummary]) throws -> (
    markdown: String, json: String
  ) {
    renderTable(try #require(plan.tables.first), plan: plan) { summaries[$0] ?? .pending }
  }

  @Test func done() throws {
    let plan = try plan()
    let text = try render(plan, everythingDone(plan))
    try expectSnapshot(text.markdown, "table04-mini-done.md")
    try expectSnapshot(text.json, "table04-mini-done.json")
  }

  @Test func half() throws {
    let plan = try plan("smoke", ["recipe.optimizer.learning_rate=0.02"])
    let text = try render(plan, halfDone(plan))
    try expectSnapshot(text.markdown, "table04-smoke-half.md")
    try expectSnapshot(text.json, "table04-smoke-half.json")
    let summaries = halfDone(plan)
    let document = TableDocument(try #require(plan.tables.first), plan: plan) { summaries[$0] ?? .pending }
    #expect(document.text(.markdown) == text.markdown && document.text(.json) == text.json)
    for (format, ending) in [(TableFormat.csv, "csv"), (.latex, "tex"), (.html, "html")] {
      try expectSnapshot(document.text(format), "table04-smoke-half.\(ending)")
    }
  }

  @Test func nothingDone() throws {
    let text = try render(try plan("paper"), [:])
    try expectSnapshot(text.markdown, "table04-paper-pending.md")
    #expect(!text.markdown.contains("not comparable"))
  }

  /// Byte for byte the same again, and JSON that another reader takes.
  @Test func pureAndReadable() throws {
    let plan = try plan()
    let first = try render(plan, halfDone(plan))
    let second = try render(try self.plan(), halfDone(plan))
    #expect(first == second)
    let object = try JSONSerialization.jsonObject(with: Data(first.json.utf8)) as? [String: Any]
    #expect(object?["profile"] as? String == "mini")
    #expect((object?["rows"] as? [Any])?.count == 5)
  }

  /// The caption tells what was run, not what the profile's file says.
  @Test func captionFollowsOverrides() throws {
    let text = try render(try plan("paper", ["profile.iterations=77"]), [:]).markdown
    #expect(text.contains("crop 512 x 1024, batch 8 or 16, iterations 77."))
    #expect(text.contains("- Overrides: `profile.iterations=77`."))
    #expect(text.contains("This table does the same (`profile.batch=16`)."))
  }

  @Test func paperNumbersStandInEveryCell() throws {
    let plan = try plan()
    let table = try #require(plan.tables.first)
    let lines = try render(plan, [:]).markdown.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(
      2)
    #expect(lines.count == table.rows.count)
    for (line, row) in zip(lines, table.rows) {
      for paper in row.paper.values { #expect(line.contains(paper.mean.text)) }
      // Every method is run: nothing is quoted.
      #expect(!line.contains("quoted"))
    }
  }

  @Test func countsWithoutTheMetric() throws {
    let plan = try plan()
    var summaries = everythingDone(plan)
    let cell = try #require(plan.cells["table04"])[0][0]
    guard case .runs(let ids, .miou, .last) = cell else {
      Issue.record("the first cell is \(cell)")
      return
    }
    #expect(ids.count == 3)
    let metrics: [[String: [String: Double]]] = [
      ["last": [:]], ["last": ["miou": .nan]], ["best": ["miou": 50]],
    ]
    for (id, values) in zip(ids, metrics) { summaries[id] = RunSummary(state: .done, metrics: values) }
    let text = try render(plan, summaries).markdown
    #expect(text.contains("| failed<br>paper 72.88 |"))
    #expect(text.contains("`\(ids[0])`: its counts give no metric 'miou'"))
    #expect(text.contains("`\(ids[1])`: its miou is not a finite number"))
    #expect(text.contains("`\(ids[2])`: it was not evaluated at the point 'last'"))
  }
}

@Suite struct AggregateTests {
  /// The five folds and the printed `mean ± std` of Table 14: JML with BLS, the differences, JML with KD.
  @Test(arguments: [
    ([68.13, 70.48, 70.60, 69.49, 69.93], 69.73, 0.89), ([0.57, 0.66, 1.01, 0.61, 1.47], 0.86, 0.34),
    ([67.20, 67.96, 67.50, 67.62, 67.84], 67.62, 0.27), ([64.93, 67.47, 66.22, 66.37, 67.00], 66.40, 0.86),
  ])
  func paperFolds(_ values: [Double], _ mean: Double, _ std: Double) throws {
    let aggregate = try #require(Aggregate(values))
    #expect(abs(aggregate.mean - mean) < 0.005 + 1e-9)
    #expect(abs(aggregate.std - std) < 0.005 + 1e-9)
    #expect(aggregate.count == 5)
  }

  @Test func smallCounts() throws {
    #expect(Aggregate([]) == nil)
    let one = try #require(Aggregate([3.5]))
    #expect(one.mean == 3.5 && one.std == 0)
    let two = try #require(Aggregate([1, 3]))
    #expect(two.mean == 2 && two.std == 1)
  }
}
