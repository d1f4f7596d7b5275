import Experiments
import Foundation
import Methods
import Tables
import TestSupport
import Testing

/// How the repository's tables and figures look, with results that are made up.
@Suite(.serialized) struct PaperTablesSnapshotTests {
  func plan(_ tables: [String], figures: [String] = [], _ profile: String = "mini") throws -> Plan {
    try Plan(
      registry: try Registry(
        root: TableTests.package.appendingPathComponent("experiments"), methods: Methods.catalogue),
      tables: tables, figures: figures, profile: profile,
      dataFingerprints: [
        "cityscapes": "street-1", "pascal_voc": "objects-1", "ade20k": "scenes-1", "deepglobe_land": "land-1",
        "pascal_voc_semi_supervised": "objects-4", "pretraining_objects": "objects-2",
      ])
  }

  /// Numbers made from the place in the plan: distinct, and the same in every process. Every metric has its own range.
  func everythingDone(_ plan: Plan) -> [RunID: RunSummary] {
    var summaries: [RunID: RunSummary] = [:]
    for (index, run) in plan.runs.enumerated() {
      let step = Double(index * 7 % 11) / 8
      summaries[run.id] = RunSummary(
        state: .done,
        metrics: [
          "last": [
            "accuracy": 90 + step, "miou": 60 + step, "ece": 3 + step, "bece": 20 + step,
            "sce": 2 + step / 10,
            "bsce": 21 + step / 10,
          ],
          "best": ["miou": 62 + step], "last_student": ["miou": 59 + step],
          "best_student": ["miou": 61 + step],
        ], hardware: "Test CPU", threads: 2, dataDescription: "embedded \(run.spec.data.name)")
    }
    return summaries
  }

  @Test(arguments: ["table01", "table08", "table10", "table11", "table14"]) func tables(_ name: String) throws
  {
    let plan = try plan([name])
    let summaries = everythingDone(plan)
    let text = renderTable(try #require(plan.tables.first), plan: plan) { summaries[$0] ?? .pending }
    try expectSnapshot(text.markdown, "\(name)-mini-done.md")
    try expectSnapshot(text.json, "\(name)-mini-done.json")
  }

  @Test func bestEpsilonOfEachKernel() throws {
    let plan = try plan([], figures: ["figure04"])
    var summaries = everythingDone(plan)
    let sweep = try #require(plan.sweeps.first)
    func text() -> String { renderSweep(sweep, plan: plan) { summaries[$0] ?? .pending }.markdown }
    let points = try #require(plan.points["figure04"])[0]
    // Kernel k is best at the k-th epsilon.
    for (place, point) in points.enumerated() {
      let (kernel, epsilon) = (place / 5, place % 5)
      for id in point.runs {
        summaries[id] = RunSummary(state: .done, metrics: ["last": ["miou": kernel == epsilon ? 76 : 75]])
      }
    }
    let rows = grid(text()).suffix(5)
    #expect(rows.map { $0[1] } == ["3", "5", "7", "9", "infinity"])
    #expect(rows.map { $0[2] } == ["0.1", "0.2", "0.3", "0.4", "0.5"])
    #expect(rows.allSatisfy { $0[3] == "76.00 ± 0.00 (n=3)" })
    // A point that is missing might have been the best.
    for id in points[4].runs { summaries[id] = nil }
    let half = grid(text()).suffix(5).map { $0[3] }
    #expect(half.first == "76.00 ± 0.00 (n=3), of the finished points")
    #expect(half.last == "76.00 ± 0.00 (n=3)")
    summaries = [:]
    #expect(text().contains("no point is finished"))
  }

  @Test func footnotesStandInTheirCells() throws {
    let plan = try plan(["table03"])
    let text = renderTable(try #require(plan.tables.first), plan: plan) { _ in .pending }
    let lines = grid(text.markdown)
    let bece = try #require(lines.first { $0[0] == "SegFormer-B3" && $0[1] == "BECE" })
    #expect(bece[3] == "pending<br>paper **4.56** ± 0.13 <sup>a</sup>")
    #expect(text.markdown.contains("- <sup>a</sup> Probably a misprint."))
    #expect(text.json.contains("\"footnotes\": [\n"))
    // A dash of the paper is nothing to run.
    #expect(bece[4] == "–")
  }
}
