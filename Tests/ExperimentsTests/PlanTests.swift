import Experiments
import Foundation
import Testing

@Suite(.serialized) struct PlanTests {
  @Test(arguments: ["smoke", "mini", "paper"]) func table4(_ profile: String) throws {
    let plan = try TemporaryRegistry(rivals: true).plan(profile)
    // 5 rows x 8 columns x 3 seeds, and one teacher and one first stage per data set.
    #expect(plan.runs.count == 124)
    #expect(Set(plan.runs.map(\.id)).count == 124)
    #expect(plan.runs.filter { $0.spec.model.name == "deeplabv3_resnet50d" }.count == 4)
    #expect(plan.datasets == ["cityscapes", "pascal_voc"])

    var place: [RunID: Int] = [:]
    for (index, run) in plan.runs.enumerated() { place[run.id] = index }
    for run in plan.runs {
      #expect(plan[run.id] == run)
      #expect(run.dependencies == run.spec.inputs.runs)
      #expect(
        (run.spec.inputs["teacher"] != nil) == (run.spec.distillation != nil || run.spec.firstStage != nil))
      // The first stage has looked at the very teacher that the student has.
      if let tokens = run.spec.inputs["tokens"] {
        #expect(try #require(plan[tokens]).spec.inputs["teacher"] == run.spec.inputs["teacher"])
        #expect(run.spec.distillation?.name == "maskd")
      }
      for dependency in run.dependencies {
        #expect(try #require(place[dependency]) < #require(place[run.id]))
      }
    }
    // Teachers and first stages first, then seed by seed.
    #expect(
      plan.runs.prefix(4).map(\.spec.method).sorted()
        == ["ce_jml-boundary_smoothing", "ce_jml-boundary_smoothing"]
        + ["ce_single_head-maskd_tokens", "ce_single_head-maskd_tokens"])
    #expect(plan.runs.dropFirst(4).map(\.spec.seed) == [0, 1, 2].flatMap { [Int](repeating: $0, count: 40) })

    let cells = try #require(plan.cells["table04"])
    #expect(cells.count == 5)
    for row in cells {
      #expect(row.count == 8)
      for (column, cell) in row.enumerated() {
        guard case .runs(let ids, let metric, let point) = cell else {
          Issue.record("column \(column) has no runs")
          continue
        }
        #expect(metric == .miou && point == .last)
        #expect(ids.compactMap { plan[$0]?.spec.seed } == [0, 1, 2])
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
    let plan = try TemporaryRegistry(rivals: true).plan("paper")
    let teacher = try #require(plan.runs.first { $0.spec.data.name == "pascal_voc" }).spec
    #expect(teacher.label.kind == .boundarySmoothing(kernel: 3, epsilon: 0.5))
    #expect(teacher.loss.jaccard?.activeClasses == .all)
    #expect(teacher.model.decoder == .deeplabv3(channels: 512, rates: [12, 24, 36]))
    #expect(teacher.scale.batch == 8)
    let distilled = plan.runs.filter { $0.spec.distillation != nil }.map(\.spec)
    #expect(distilled.count == 105)
    // One recipe for all that distil.
    for student in distilled {
      #expect(student.scale.batch == (student.data.name == "cityscapes" ? 16 : 8))
      #expect(student.scale.workingShortSide == nil && student.recipe.optimizer.learningRate == 0.01)
    }
    let students = distilled.filter { $0.distillation?.name == "jml_kd" }
    #expect(students.count == 15)
    for student in students {
      #expect(student.loss.jaccard?.activeClasses == .present)
      #expect(student.loss.jaccard?.weight == 0.75)
      #expect(student.distillation?.terms.map(\.kind) == ["pixel_wise", "jaccard"])
      #expect(student.distillation?.terms.last?.parameters["active_classes"] == .string("label"))
    }
    let stages = plan.runs.filter { $0.spec.firstStage != nil }.map(\.spec)
    #expect(stages.map(\.scale.iterations) == [10000, 10000])
    #expect(stages.allSatisfy { $0.recipe.optimizer.learningRate == 0.1 && $0.inputs["backbone"] == nil })
    let supervised: [RunSpec] = plan.runs.map(\.spec).filter {
      $0.distillation == nil && $0.firstStage == nil
    }
    let baselines: [RunSpec] = supervised.filter { $0.loss.jaccard == nil }
    #expect(baselines.count == 15)
    #expect(baselines.allSatisfy { $0.scale.batch == 8 && $0.recipe.optimizer.kind == .sgd(momentum: 0.9) })
    // A small profile compares the two columns at one batch.
    let small = Set(
      try TemporaryRegistry().plan("mini").runs.map { "\($0.spec.data.name) \($0.spec.scale.batch)" })
    #expect(small == ["cityscapes 8", "pascal_voc 8"])
  }

  /// The protocol of the rivals' publications is a profile: another teacher, recipe, task loss and masks in every cell.
  @Test func publishedProtocol() throws {
    let plan = try Plan(
      registry: try TemporaryRegistry(rivals: true).load(), tables: ["table04"], profile: "paper_published",
      dataFingerprints: ["cityscapes": "street-1", "pascal_voc": "x", "pascal_voc_official": "objects-3"])
    #expect(plan.datasets == ["cityscapes", "pascal_voc_official"])
    #expect(plan.runs.count == 124)
    let means = [122.679, 116.669, 104.007]
    for run in plan.runs.map(\.spec) {
      #expect(run.recipe.normalisation.mean == means && run.recipe.normalisation.std == [1, 1, 1])
      guard run.firstStage == nil else {
        #expect(run.scale.evaluateEvery == nil && run.scale.iterations == 10000)
        #expect(run.model.name == "deeplabv3_resnet101d")
        continue
      }
      #expect(run.recipe.optimizer.learningRate == 0.02 && run.recipe.optimizer.headMultiplier == 1)
      #expect(run.scale.batch == 16 && run.scale.evaluateEvery == 800)
      #expect(run.loss.name == (run.distillation?.name == "jml_kd" ? "ce_jml" : "ce_published"))
      if let teacher = run.inputs["teacher"] {
        #expect(try #require(plan[teacher]).spec.model.name == "deeplabv3_resnet101d")
      }
    }
    for case .runs(_, _, let point) in try #require(plan.cells["table04"]).joined() {
      #expect(point == .best)
    }
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

  /// As many as the user wants, the table's own first, with the ids that they have anyhow; inputs and single seeds stay.
  @Test func wantedSeeds() throws {
    let files = try TemporaryRegistry()
    func plan(_ seeds: Int?) throws -> Plan {
      try Plan(
        registry: try files.load(), tables: ["table04"], profile: "mini", seeds: seeds,
        dataFingerprints: fingerprints)
    }
    let usual = Set(try plan(nil).runs.map(\.id))
    let (five, two) = (try plan(5), try plan(2))
    #expect(five.runs.count == 2 + 5 * 10 && usual.isStrictSubset(of: five.runs.map(\.id)))
    #expect(two.runs.count == 2 + 2 * 10 && usual.isStrictSuperset(of: two.runs.map(\.id)))
    for (plan, seeds) in [(five, [0, 1, 2, 3, 4]), (two, [0, 1])] {
      for cell in try #require(plan.cells["table04"]).joined() {
        guard case .runs(let ids, _, _) = cell else { continue }
        #expect(ids.compactMap { plan[$0]?.spec.seed } == seeds)
      }
    }
    // Others than the first numbers stay, and the smallest that are free come after them.
    try files.replace("tables/table04.yaml", "seeds: [0, 1, 2]", "seeds: [7, 1]")
    let odd = try plan(4)
    guard case .runs(let ids, _, _) = try #require(odd.cells["table04"]?.first?.first) else {
      Issue.record("no runs in the first cell")
      return
    }
    #expect(ids.compactMap { odd[$0]?.spec.seed } == [7, 1, 0, 2])
    try files.replace("tables/table04.yaml", "seeds: [7, 1]", "seeds: [7]")
    #expect(try plan(4).runs.count == 12)
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
    #expect(
      message("table04", "huge", fingerprints)?.contains("allowed: mini, paper, paper_published, smoke")
        == true)
    #expect(message("table04", "mini", ["cityscapes": "x"])?.contains("pascal_voc: no fingerprint") == true)
  }
}
