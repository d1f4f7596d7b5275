import Experiments
import Foundation
import Methods
import Tables
import Testing

/// Figures that are drawn from runs.
@Suite(.serialized) struct SweepTests {
  private let text = """
    number: 5
    title: Effects of epsilon
    metrics: [miou, ece]
    defaults:
      dataset: pascal_voc
      recipe: sgd_voc
      loss: ce_jml
      seeds: [0, 1]
    sweep:
      label.kernel: [3, 5]
      label.epsilon: [0.1, 0.3, 0.5]
    series:
      - {title: DL3-R18, model: deeplabv3_resnet18d}
      - {title: DL3-R50, model: deeplabv3_resnet50d, seeds: [0]}
    extra:
      - {at: {label.kernel: 3, label.epsilon: 0}, label: hard}
    notes: [Epsilon 0 is no smoothing.]
    """

  /// Points other than the extra one are of smoothed labels, which the defaults do not say.
  private var smoothed: String {
    text.replacingOccurrences(of: "  - {at:", with: "  - {at:").replacingOccurrences(
      of: "seeds: [0, 1]", with: "seeds: [0, 1]\n  label: boundary_smoothing")
  }

  private func plan(_ text: String) throws -> Plan {
    try TemporaryTables.plan("figure05", text, folder: "figures")
  }

  @Test func plansEveryPointOfEverySeries() throws {
    let plan = try plan(smoothed)
    // (6 combinations and a baseline) x (2 seeds and 1 seed).
    #expect(plan.tables.isEmpty && plan.cells.isEmpty && plan.sweeps.map(\.name) == ["figure05"])
    #expect(plan.runs.count == 7 * 3 && plan.datasets == ["pascal_voc"])
    let points = try #require(plan.points["figure05"])
    #expect(points.map(\.count) == [7, 7])
    #expect(
      points[0].map(\.coordinates) == [
        ["3", "0"], ["3", "0.1"], ["3", "0.3"], ["3", "0.5"], ["5", "0.1"], ["5", "0.3"], ["5", "0.5"],
      ])
    for series in points {
      let labels = try series.map { try #require(plan[$0.runs[0]]).spec.label.kind }
      #expect(labels[0] == .hard)
      #expect(labels[2] == .boundarySmoothing(kernel: 3, epsilon: 0.3))
      #expect(labels[6] == .boundarySmoothing(kernel: 5, epsilon: 0.5))
    }
    #expect(
      points[1].allSatisfy {
        $0.runs.count == 1 && plan[$0.runs[0]]?.spec.model.name == "deeplabv3_resnet50d"
      })
    // Seed by seed: a plan that is stopped half-way has every point once.
    #expect(plan.runs.map(\.spec.seed) == [Int](repeating: 0, count: 14) + [Int](repeating: 1, count: 7))
  }

  /// A sweep and a table share their runs.
  @Test func sharesRunsWithTables() throws {
    let files = try TemporaryTables([
      "figures/figure05.yaml": """
      number: 5
      title: Shared
      metrics: [miou]
      defaults: {dataset: pascal_voc, recipe: sgd_voc, loss: ce, label: hard, seeds: [0, 1, 2]}
      sweep: {recipe.schedule.power: [0.9, 1.0]}
      series: [{title: R18, model: deeplabv3_resnet18d}]
      """
    ])
    defer { try? FileManager.default.removeItem(at: files.root) }
    let fingerprints = ["cityscapes": "a", "pascal_voc": "b", "pretraining_objects": "c"]
    let registry = try Registry(root: files.root, methods: Methods.catalogue)
    let plan = try Plan(
      registry: registry, tables: ["table04"], figures: ["figure05"], profile: "mini",
      dataFingerprints: fingerprints)
    // Three backbones are trained before.
    #expect(plan.runs.count == 3 + 124 + 3)
    #expect(try Plan.datasets(of: [], figures: ["figure05"], in: registry) == ["pascal_voc"])
  }

  @Test func pointsAreMeansOfCounts() throws {
    let plan = try plan(smoothed)
    let sweep = try #require(plan.sweeps.first)
    let (markdown, json) = renderSweep(sweep, plan: plan) { id in
      guard let spec = plan[id]?.spec, case .boundarySmoothing(_, let epsilon) = spec.label.kind else {
        return RunSummary(state: .diverged(reason: "NaN"))
      }
      guard epsilon < 0.4 else { return .pending }
      return RunSummary(
        state: .done, metrics: ["last": ["miou": 70 + 10 * epsilon + Double(spec.seed) * 2, "ece": 3]],
        hardware: "Test CPU", threads: 1)
    }
    let rows = grid(markdown)
    #expect(rows.count == 14)
    #expect(rows[0] == ["DL3-R18", "3", "0", "failed", "failed"])
    #expect(rows[1] == ["DL3-R18", "3", "0.1", "72.00 ± 1.00 (n=2)", "3.00 ± 0.00 (n=2)"])
    #expect(rows[3] == ["DL3-R18", "3", "0.5", "pending", "pending"])
    #expect(rows[9] == ["DL3-R50", "3", "0.3", "73.00 (n=1)", "3.00 (n=1)"])
    #expect(markdown.hasPrefix("# Figure 5. Effects of epsilon\n") && markdown.contains("diverged: NaN"))
    #expect(markdown.contains("| Series | `label.kernel` | `label.epsilon` | mIoU | ECE |"))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let series = try #require(object["series"] as? [[String: Any]])
    let point = try #require((series[0]["points"] as? [[String: Any]])?[1])
    #expect(point["at"] as? [String: String] == ["label.kernel": "3", "label.epsilon": "0.1"])
    let miou = try #require((point["metrics"] as? [String: [String: Any]])?["miou"])
    #expect(miou["mean"] as? Double == 72 && miou["std"] as? Double == 1 && miou["n"] as? Int == 2)
    #expect((point["runs"] as? [String])?.count == 2)
    #expect(object["axes"] as? [String] == ["label.kernel", "label.epsilon"])
  }

  @Test(arguments: [
    ("label.kernel: [3, 5]", "label.kernel: []", "sweep.label.kernel"),
    ("label.kernel: [3, 5]", "label.kernel: [3, 3]", "sweep.label.kernel: a list of 2: a value stands twice"),
    ("label.kernel: [3, 5]", "label.kernel: [3, 4]", "label.kernel"),
    ("label.kernel: [3, 5]", "label.width: [3, 5]", "extra[0].at.label.kernel: unknown key"),
    ("title: DL3-R50", "title: DL3-R18", "series: a list of 2: a title stands twice"),
    ("metrics: [miou, ece]", "metrics: [miou, miou]", "metrics: a list of 2: a metric stands twice"),
    (
      "seeds: [0]}", "seeds: [0], label: hard}",
      "series[1].label: DL3-R50: an extra point gives label as well"
    ),
    ("epsilon: 0}", "epsilon: 0.1}", "extra: a list of 1: a point stands twice"),
    ("dataset: pascal_voc", "dataset: pascal", "defaults.dataset: there is no 'pascal'"),
  ])
  func badFiles(_ old: String, _ new: String, _ says: String) throws {
    #expect(smoothed.contains(old))
    do {
      _ = try plan(smoothed.replacingOccurrences(of: old, with: new))
      Issue.record("no error for \(new)")
    } catch let error as RegistryError {
      #expect(
        error.description.contains("figures/figure05.yaml") && error.description.contains(says), "\(error)")
    }
  }
}
