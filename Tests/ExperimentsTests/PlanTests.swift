import Experiments
import Foundation
import Testing

@Suite(.serialized) struct PlanTests {
  @Test(arguments: ["smoke", "mini", "paper"]) func table4(_ profile: String) throws {
    let plan = try TemporaryRegistry().plan(profile)
    // 5 rows x 2 run columns x 3 seeds, and one teacher per data set.
    #expect(plan.runs.count == 32)
    #expect(Set(plan.runs.map(\.id)).count == 32)
    #expect(plan.runs.filter { $0.spec.model.name == "deeplabv3_resnet50d" }.count == 2)
    #expect(plan.datasets == ["cityscapes", "pascal_voc"])

    var place: [RunID: Int] = [:]
    for (index, run) in plan.runs.enumerated() { place[run.id] = index }
    for run in plan.runs {
      #expect(plan[run.id] == run)
      #expect(run.dependencies == run.spec.inputs.runs)
      #expect((run.spec.inputs["teacher"] != nil) == (run.spec.distillation != nil))
      for dependency in run.dependencies {
        #expect(try #require(place[dependency]) < #require(place[run.id]))
      }
    }
    // Teachers first, then seed by seed.
    #expect(plan.runs.prefix(2).allSatisfy { $0.spec.method == "ce_jml-boundary_smoothing" })
    #expect(plan.runs.dropFirst(2).map(\.spec.seed) == [0, 1, 2].flatMap { [Int](repeating: $0, count: 10) })

    let cells = try #require(plan.cells["table04"])
    #expect(cells.count == 5)
    for row in cells {
      #expect(row.count == 8)
      for (column, cell) in row.enumerated() {
        if column == 0 || column == 7 {
          guard case .runs(let ids, let metric, let point) = cell else {
            Issue.record("column \(column) has no runs")
            continue
          }
          #expect(metric == .miou && point == .last)
          #expect(ids.compactMap { plan[$0]?.spec.seed } == [0, 1, 2])
        } else {
          #expect(cell == .quoted)
        }
      }
    }
  }

  /// What is left where results are known: never a student without its teacher.
  @Test func withoutKnownRuns() throws {
    let plan = try TemporaryRegistry().plan("paper")
    #expect(plan.without([]).runs == plan.runs)
    #expect(plan.without(Set(plan.runs.map(\.id))).runs.isEmpty)
    let teachers = plan.runs.prefix(2).map(\.id)
    #expect(plan.without(Set(teachers)).runs == plan.runs)
    let student = try #require(plan.runs.first { $0.spec.distillation != nil })
    let rest = plan.without(Set(plan.runs.map(\.id).filter { $0 != student.id }))
    #expect(rest.runs.map(\.id) == student.dependencies + [student.id])
    #expect(rest[student.id] == student && rest.cells == plan.cells)
    #expect(plan.runs.allSatisfy { (rest[$0.id] == nil) == !rest.runs.contains($0) })
  }

  @Test func resolvedValues() throws {
    let plan = try TemporaryRegistry().plan("paper")
    let teacher = try #require(plan.runs.first { $0.spec.data.name == "pascal_voc" }).spec
    #expect(teacher.label.kind == .boundarySmoothing(kernel: 3, epsilon: 0.5))
    #expect(teacher.loss.jaccard?.activeClasses == .all)
    #expect(teacher.model.decoder == .deeplabv3(channels: 512, rates: [12, 24, 36]))
    #expect(teacher.scale.batch == 8)
    let students = plan.runs.filter { $0.spec.distillation != nil }.map(\.spec)
    #expect(students.count == 15)
    for student in students {
      #expect(student.loss.jaccard?.activeClasses == .present)
      #expect(student.loss.jaccard?.weight == 0.75)
      #expect(student.distillation?.terms.map(\.kind) == ["pixel_wise", "jaccard"])
      #expect(student.distillation?.terms.last?.parameters["active_classes"] == .string("label"))
      #expect(student.scale.batch == (student.data.name == "cityscapes" ? 16 : 8))
      #expect(student.scale.workingShortSide == nil)
    }
    let baselines = plan.runs.filter { $0.spec.loss.jaccard == nil }.map(\.spec)
    #expect(baselines.count == 15)
    #expect(baselines.allSatisfy { $0.scale.batch == 8 && $0.recipe.optimizer.kind == .sgd(momentum: 0.9) })
    // A small profile compares the two columns at one batch.
    let small = Set(
      try TemporaryRegistry().plan("mini").runs.map { "\($0.spec.data.name) \($0.spec.scale.batch)" })
    #expect(small == ["cityscapes 8", "pascal_voc 8"])
  }

  /// A run shared by two tables exists once.
  @Test func sharedRuns() throws {
    let files = try TemporaryRegistry()
    let copy = files.root.appendingPathComponent("tables/table04.yaml")
    try files.write(
      "tables/table01.yaml",
      try String(contentsOf: copy, encoding: .utf8).replacingOccurrences(of: "number: 4", with: "number: 1"))
    let both = try Plan(
      registry: try files.load(), tables: ["table01", "table04"], profile: "mini",
      dataFingerprints: fingerprints)
    #expect(both.runs == (try files.plan().runs))
    #expect(both.cells["table01"] == both.cells["table04"])
  }

  /// Shapes of the paper's other tables: several metrics of one run, dashes, folds, loss weights as columns.
  @Test func otherShapes() throws {
    let files = try TemporaryRegistry()
    try files.write("datasets/land.yaml", DatasetSpecTests.land)
    try files.write(
      "tables/table05.yaml",
      """
      number: 5
      title: Shapes
      unit: "%"
      row_headers: [Model, Metric]
      defaults:
        {dataset: land, recipe: sgd_voc, loss: ce_jml, label: hard, seeds: [0], folds: [0, 1, 2, 3, 4]}
      columns:
        - {title: "0.10/0.90", kind: run, set: {loss.cross_entropy_weight: 0.1, loss.jaccard_weight: 0.9}}
        - {title: BLS, kind: run, label: boundary_smoothing}
      rows:
        - labels: [R18, Acc]
          model: deeplabv3_resnet18d
          metric: accuracy
          skip: [BLS]
          paper: {"0.10/0.90": {mean: 1.20, std: 0.862}}
        - labels: [R18, mIoU]
          model: deeplabv3_resnet18d
          metric: miou
          paper: {"0.10/0.90": {mean: 70.0}, BLS: {mean: 1}}
      differences: []
      exceptions: []
      notes: []
      """)
    let registry = try files.load()
    let paper = try #require(registry.tables["table05"]?.rows[0].paper["0.10/0.90"])
    #expect(paper.mean.text == "1.20")
    #expect(paper.std?.text == "0.862")
    #expect(try Plan.datasets(of: ["table05"], in: registry) == ["land"])
    let plan = try Plan(
      registry: registry, tables: ["table05"], profile: "smoke",
      dataFingerprints: ["land": "x", "pretraining_objects": "y"])
    // Both rows read the same five runs of the first column; the second column exists in one row.
    #expect(plan.runs.count == 10)
    let cells = try #require(plan.cells["table05"])
    #expect(cells[0][1] == .absent)
    guard case .runs(let accuracy, .accuracy, .last) = cells[0][0],
      case .runs(let miou, .miou, .last) = cells[1][0]
    else {
      Issue.record("the metrics are not the rows'")
      return
    }
    #expect(accuracy == miou)
    #expect(accuracy.compactMap { plan[$0]?.spec.fold } == [0, 1, 2, 3, 4])
    #expect(plan[accuracy[0]]?.spec.loss.jaccard?.weight == 0.9)
    #expect(accuracy[3].text.contains("-s0-f3-"))
  }

  /// A data set that no profile names takes the profile's `default`, and needs no edit of it.
  @Test func dataSetsOfUsers() throws {
    let files = try TemporaryRegistry()
    let original = files.root.appendingPathComponent("datasets/cityscapes.yaml")
    try files.write("datasets/town.yaml", try String(contentsOf: original, encoding: .utf8))
    let table = files.root.appendingPathComponent("tables/table04.yaml")
    try files.write(
      "tables/table04.yaml",
      try String(contentsOf: table, encoding: .utf8).replacingOccurrences(
        of: "dataset: cityscapes", with: "dataset: town"))
    func plan() throws -> Plan {
      try Plan(
        registry: try files.load(), tables: ["table04"], profile: "smoke",
        dataFingerprints: ["town": "town-1", "pascal_voc": "objects-1", "pretraining_objects": "objects-2"])
    }
    let run = try #require(try plan().runs.first { $0.spec.data.name == "town" })
    #expect(run.spec.scale.cropHeight == 48 && run.spec.scale.evaluateEvery == nil)
    let profile = try #require(try files.load().profiles["smoke"])
    #expect(profile.dataset("town")?.embedded == nil && profile.dataset("cityscapes")?.embedded != nil)
    try files.replace("profiles/smoke.yaml", "  default:", "  town:")
    #expect(try plan().runs.contains(run))
    let entry = try String(
      contentsOf: files.root.appendingPathComponent("profiles/smoke.yaml"), encoding: .utf8)
    try files.write(
      "profiles/smoke.yaml", String(try #require(entry.components(separatedBy: "  town:").first)))
    let message = registryError { _ = try plan() }
    #expect(message?.contains("profiles/smoke.yaml: datasets.town: required key is missing") == true)
  }

  @Test func fewerSeeds() throws {
    let files = try TemporaryRegistry()
    try files.replace("profiles/mini.yaml", "maximum_seeds: 3", "maximum_seeds: 1")
    #expect(try files.plan().runs.count == 12)
  }

  @Test func unknownNames() throws {
    let registry = try TemporaryRegistry().load()
    func message(_ table: String, _ profile: String, _ data: [String: String]) -> String? {
      registryError {
        _ = try Plan(registry: registry, tables: [table], profile: profile, dataFingerprints: data)
      }
    }
    #expect(
      message("table99", "mini", fingerprints)?.contains(
        "table: there is no 'table99'; allowed: table01, table02, table03, table04, table05")
        == true)
    #expect(message("table04", "huge", fingerprints)?.contains("allowed: mini, paper, smoke") == true)
    #expect(message("table04", "mini", ["cityscapes": "x"])?.contains("pascal_voc: no fingerprint") == true)
  }
}
