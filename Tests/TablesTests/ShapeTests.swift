import Experiments
import Foundation
import Methods
import Tables
import Testing

/// What the tables of the paper need besides rows, columns and a mean.
@Suite(.serialized) struct ShapeTests {
  private func done(_ values: [String: Double], best: [String: Double]? = nil) -> RunSummary {
    var metrics = ["last": values]
    metrics["best"] = best
    return RunSummary(state: .done, metrics: metrics, hardware: "Test CPU", threads: 2)
  }

  private func render(_ plan: Plan, costs: [String: ModelCost] = [:], _ summary: (PlannedRun) -> RunSummary)
    throws
    -> (markdown: String, json: [String: Any])
  {
    let (markdown, json) = renderTable(try #require(plan.tables.first), plan: plan, costs: costs) {
      plan[$0].map(summary) ?? .pending
    }
    return (markdown, try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]))
  }

  private let model = "dataset: pascal_voc\n  recipe: sgd_voc\n  model: deeplabv3_resnet18d\n  label: hard"

  /// Table 14: a column for each fold and one for all, rows that are differences. With the paper's own fold values, ours
  /// are the paper's numbers.
  @Test func foldsAndRowsOfDifferences() throws {
    let plan = try TemporaryTables.plan(
      "table14",
      """
      number: 14
      title: Folds
      row_headers: [Method, Loss]
      defaults:
        \(model.replacingOccurrences(of: "pascal_voc", with: "tiles"))
        metric: miou
        seeds: [0]
      columns:
        - {title: "0", kind: run, folds: [0]}
        - {title: "1", kind: run, folds: [1]}
        - {title: "2", kind: run, folds: [2]}
        - {title: "3", kind: run, folds: [3]}
        - {title: "4", kind: run, folds: [4]}
        - {title: mean, kind: run, folds: [0, 1, 2, 3, 4]}
      rows:
        - {labels: [BLS, CE], loss: ce, paper: {mean: {mean: 68.86, std: 0.81}}}
        - {labels: [BLS, JML], loss: ce_jml, paper: {mean: {mean: 69.73, std: 0.89}}}
        - labels: [BLS, Diff]
          kind: difference
          of: [BLS, JML]
          minus: [BLS, CE]
          paper: {"0": {mean: 0.57}, mean: {mean: 0.86, std: 0.34}}
      """)
    // Columns of single folds and the column of all read the same runs.
    #expect(plan.runs.count == 10)
    let jml = [68.13, 70.48, 70.60, 69.49, 69.93]
    let differences = [0.57, 0.66, 1.01, 0.61, 1.47]
    let text = try render(plan) { run in
      let fold = run.spec.fold ?? 0
      return done(["miou": run.spec.loss.jaccard == nil ? jml[fold] - differences[fold] : jml[fold]])
    }
    let rows = grid(text.markdown)
    #expect(rows[1][2] == "68.13 (n=1)" && rows[1][7] == "69.73 ± 0.89 (n=5)<br>paper 69.73 ± 0.89")
    #expect(rows[2][2] == "+0.57 (n=1)<br>paper +0.57")
    #expect(rows[2][5] == "+0.61 (n=1)")
    // Of the pairs, not of the means: 0.34, where the two columns' deviations differ by less than 0.1.
    #expect(rows[2][7] == "+0.86 ± 0.34 (n=5)<br>paper +0.86 ± 0.34")
    #expect(text.markdown.contains("over seeds 0, folds 0, 1, 2, 3, 4"))
  }

  /// Pairs are runs of equal seed and fold, whatever the order; one that lacks a partner or a value is none.
  @Test func differencesArePaired() throws {
    let plan = try TemporaryTables.plan(
      "table01",
      """
      number: 1
      title: Pairs
      row_headers: [Row]
      defaults:
        \(model)
        metric: ece
      columns:
        - {title: A, kind: run, loss: ce, seeds: [0, 1, 2]}
        - {title: B, kind: run, loss: ce_jml, seeds: [2, 1]}
      rows:
        - {labels: [x], paper: {A: {mean: 3.00}, B: {mean: 5.25}}}
      differences:
        - {title: B - A, of: B, minus: A}
      """)
    func value(_ run: PlannedRun) -> Double {
      (run.spec.loss.jaccard == nil ? [1, 10, 100] : [0, 13, 101])[run.spec.seed]
    }
    let all = try render(plan) { done(["ece": value($0)]) }
    #expect(grid(all.markdown)[0][3] == "+2.00 ± 1.00 (n=2)<br>paper +2.25")
    let some = try render(plan) { run in
      run.spec.seed == 1 && run.spec.loss.jaccard != nil ? .pending : done(["ece": value(run)])
    }
    #expect(grid(some.markdown)[0][3] == "+1.00 (n=1 of 2)<br>paper +2.25")
    let failed = try render(plan) { run in
      run.spec.loss.jaccard == nil ? RunSummary(state: .diverged(reason: "NaN")) : done(["ece": value(run)])
    }
    #expect(grid(failed.markdown)[0][3] == "failed<br>paper +2.25")
    let rows = try #require(all.json["rows"] as? [[String: Any]])
    let difference = try #require((rows[0]["differences"] as? [String: [String: Any]])?["B - A"])
    #expect(difference["values"] as? [Double] == [1, 3] || difference["values"] as? [Double] == [3, 1])
    #expect(difference["std"] as? Double == 1 && difference["n"] as? Int == 2)
    #expect((difference["paper"] as? [String: Any])?["mean"] as? String == "+2.25")
  }

  /// Tables 1, 8 and 15: rows of different metrics and units, the best and worst of groups, skipped, quoted and special
  /// cells, the best evaluation.
  @Test func metricsBestAndSkippedCells() throws {
    let plan = try TemporaryTables.plan(
      "table15",
      """
      number: 15
      title: Metrics
      row_headers: [Metric]
      defaults:
        \(model)
        seeds: [0, 1]
      columns:
        - {title: CE, kind: run, loss: ce}
        - {title: JML, kind: run, loss: ce_jml}
        - {title: JML2, kind: run, loss: ce_jml2}
        - {title: Other, kind: quoted}
      rows:
        - {labels: [mIoU], metric: miou, paper: {CE: {mean: 78.39}, JML: {mean: 80.26}, Other: {mean: 80.30}}}
        - {labels: [SCE], metric: sce, paper: {CE: {mean: 2.18}, JML: {mean: 2.08}, Other: {mean: 2.08}}}
        - {labels: [bus], metric: iou.bus, point: best, skip: [JML2]}
        - {labels: [ECE], metric: ece, skip: [JML], paper: {JML: {mean: 2.74}}}
        - {labels: [Published], kind: quoted, paper: {CE: {mean: 70.0}}}
        - labels: [special]
          metric: miou
          cells: {JML: {model: pspnet_resnet18d, seeds: [3]}}
      best:
        - {columns: [CE, JML, JML2, Other], worst: true, paper: true}
        - {rows: [[mIoU], [special]]}
      """)
    let text = try render(plan) { run in
      let index = ["ce": 0, "ce_jml": 1, "ce_jml2": 2][run.spec.loss.name] ?? 0
      // Equal to two decimals where not equal.
      let values = [
        "miou": [70, 72.001, 72.002][index] + (run.spec.model.name == "pspnet_resnet18d" ? 5 : 0),
        "sce": [2, 3, 4][index], "ece": 1, "iou.bus": 10,
      ]
      return done(values, best: ["iou.bus": [20, 30, 40][index]])
    }
    let rows = grid(text.markdown)
    #expect(rows[0][1] == "*70.00* ± 0.00 (n=2)<br>paper *78.39*")
    // Ties of printed numbers are both marked; the quoted figure takes part on the paper's side only.
    #expect(rows[0][2] == "**72.00** ± 0.00 (n=2)<br>paper 80.26")
    #expect(rows[0][3] == "**72.00** ± 0.00 (n=2)")
    #expect(rows[0][4] == "not yet run<br>quoted **80.30**")
    // Less is better; a unit of its own.
    #expect(rows[1][1] == "**2.00** ± 0.00 (n=2)<br>paper *2.18*" && rows[1][3] == "*4.00* ± 0.00 (n=2)")
    #expect(
      rows[1][2] == "3.00 ± 0.00 (n=2)<br>paper **2.08**" && rows[1][4] == "not yet run<br>quoted **2.08**")
    #expect(rows[2] == ["bus", "*20.00* ± 0.00 (n=2)", "**30.00** ± 0.00 (n=2)", "–", "–"])
    // Skipped: the paper's number is quoted. Equal values have no best.
    #expect(rows[3] == ["ECE", "1.00 ± 0.00 (n=2)", "not yet run<br>quoted 2.74", "1.00 ± 0.00 (n=2)", "–"])
    #expect(rows[4] == ["Published", "not yet run<br>quoted 70.0", "–", "–", "–"])
    #expect(rows[5][2] == "**77.00** (n=1)")
    #expect(text.markdown.contains("mIoU (%, higher is better), SCE") == false)
    #expect(
      text.markdown.contains(
        "- Metric: mIoU (%, higher is better), ECE (%, lower is better), SCE (‰, lower is better), IoU of bus (%, "
          + "higher is better); evaluation: last and best."))
    #expect(
      text.markdown.contains(
        "- **Bold**: the best among CE, JML, JML2, Other of a row; among mIoU, special of a "))
    let cells = try #require((text.json["rows"] as? [[String: Any]])?[0]["cells"] as? [String: [String: Any]])
    #expect(cells["JML"]?["best"] as? Bool == true && cells["CE"]?["worst"] as? Bool == true)
    #expect(cells["Other"]?["paper_best"] as? Bool == true && cells["JML"]?["worst"] == nil)
    let bus = try #require((text.json["rows"] as? [[String: Any]])?[2]["cells"] as? [String: [String: Any]])
    #expect(bus["CE"]?["point"] as? String == "best")
  }

  /// Table 9: costs beside nothing, and beside runs.
  @Test func costs() throws {
    let registry = try Registry(
      root: TableTests.package.appendingPathComponent("experiments"), methods: Methods.catalogue)
    let plan = try Plan(registry: registry, tables: ["table09"], profile: "mini", dataFingerprints: [:])
    #expect(plan.runs.isEmpty && plan.datasets.isEmpty)
    let cost = ModelCost(
      parameters: 13_989_999, operations: 121_290_000_000,
      measurement: ModelCost.Measurement(
        latencyMilliseconds: 207.784, trainingTensorBytes: 395_838_720, trainingPeakBytes: 1,
        hardware: "Test CPU",
        threads: 2))
    let counted = ModelCost(parameters: 3_800_000, operations: 31_680_000_000, measurement: nil)
    let text = try render(
      plan, costs: ["deeplabv3_resnet18d": cost, "deeplabv3_mobilenetv2_100": counted]
    ) { _ in .pending }
    let rows = grid(text.markdown)
    #expect(rows.count == 13)
    #expect(
      rows[3] == [
        "DeepLabV3", "ResNet18", "13.98<br>paper 13.98", "121.29<br>paper 121.29", "207.78<br>paper 4.93",
        "0.40<br>paper 6.43",
      ])
    #expect(
      Array(rows[4][2...]) == [
        "3.80<br>paper 3.79", "31.68<br>paper 31.68", "pending<br>paper 5.89", "pending<br>paper 16.74",
      ])
    #expect(text.markdown.contains("1 of 13 rows equal the paper's in both"))
    #expect(text.markdown.contains("Hardware of latency and memory: Test CPU, 2 threads."))
    #expect(!text.markdown.contains("Profile") && !text.markdown.contains("Runs ("))
    let cells = try #require((text.json["rows"] as? [[String: Any]])?[3]["cells"] as? [String: [String: Any]])
    #expect(cells["Parameters (M)"]?["value"] as? Int == 13_989_999)

    let mixed = try TemporaryTables.plan(
      "table97",
      """
      number: 97
      title: Both
      row_headers: [Row]
      defaults:
        \(model)
        metric: miou
        seeds: [0]
      columns:
        - {title: mIoU, kind: run, loss: ce}
        - {title: Parameters, kind: cost, quantity: parameters}
      costs: {classes: 21, height: 64, width: 96, training: {batch: 2, height: 32, width: 32}}
      rows:
        - {labels: [R18]}
        - {labels: [PSP], cells: {Parameters: {model: pspnet_resnet18d}}}
      best:
        - {rows: [[R18], [PSP]]}
      """)
    #expect(mixed.runs.count == 1)
    let both = try render(mixed, costs: ["deeplabv3_resnet18d": cost, "pspnet_resnet18d": counted]) { _ in
      done(["miou": 50])
    }
    #expect(grid(both.markdown) == [["R18", "50.00 (n=1)", "13.98"], ["PSP", "50.00 (n=1)", "**3.80**"]])
    #expect(both.markdown.contains("- Profile: `mini`") && both.markdown.contains("Counted for 21 classes"))
  }

  @Test(arguments: [
    ("skip: [JML]", "skip: [JLM]", "rows[0].skip[0]: there is no 'JLM'; allowed: CE, JML"),
    ("metric: ece", "metric: eec", "defaults.metric: 'eec' is out of range; allowed: one of accuracy"),
    ("columns: [CE, JML]", "columns: [CE, KD]", "best[0].columns[1]: there is no 'KD'"),
    ("of: [a]", "of: [z]", "rows[2].of: there is no 'z'; allowed: a, b, c"),
    ("of: [a]", "of: [c]", "rows[2]: c: row 'c' has no runs to take a difference of"),
    ("point: best", "point: first", "rows[1].point: 'first' is out of range; allowed: one of last, best"),
    ("[b], point: best", "[b], loss: ce", "rows[1].loss: b: column 'CE' gives loss as well"),
    ("skip: [JML]", "metric: sce", ""),
    ("rows: [[a], [b]]", "rows: [[a], [b]], columns: [CE]", "best[1].rows"),
    (
      "loss: ce}", "loss: ce, metric: miou}",
      "best[0]: ece, miou: cells of different metrics cannot be compared"
    ),
    (
      "notes: []", "costs: {classes: 2, height: 32, width: 32, training: {batch: 2, height: 32, width: 32}}",
      "costs: a mapping: no column is of costs"
    ),
    ("kind: run, loss: ce_jml", "kind: cost, quantity: latency", "costs: required key is missing"),
  ])
  func badTables(_ old: String, _ new: String, _ says: String) throws {
    let text = """
      number: 98
      title: Bad
      row_headers: [Row]
      defaults:
        \(model)
        seeds: [0]
        metric: ece
      columns:
        - {title: CE, kind: run, loss: ce}
        - {title: JML, kind: run, loss: ce_jml}
      rows:
        - {labels: [a], skip: [JML]}
        - {labels: [b], point: best}
        - {labels: [c], kind: difference, of: [a], minus: [b]}
      best:
        - {columns: [CE, JML]}
        - {rows: [[a], [b]]}
      notes: []
      """
    #expect(text.contains(old))
    // Row a alone with another metric: the rows of the second group cannot be compared any more.
    let wanted = says.isEmpty ? "defaults" : says
    let spoilt = text.replacingOccurrences(of: old, with: new)
    do {
      _ = try TemporaryTables.plan("table98", spoilt)
      Issue.record("no error for \(new)")
    } catch let error as RegistryError {
      let message = error.description
      if says.isEmpty {
        #expect(message.contains("best[1]: ece, sce: cells of different metrics"), "\(message)")
      } else {
        #expect(message.contains("tables/table98.yaml: \(wanted)"), "\(message)")
      }
    }
  }
}
