import Experiments
import Foundation
import Methods
import Testing

/// The repository's own tables and figures: that they hold what the paper prints, and share the runs that they ought to.
@Suite(.serialized) struct PaperTablesTests {
  private static let registry = Result {
    try Registry(root: experimentsFolder, methods: Methods.catalogue)
  }

  private static let fingerprints = [
    "cityscapes": "street-1", "pascal_voc": "objects-1", "ade20k": "scenes-1", "deepglobe_land": "land-1",
    "pascal_voc_semi_supervised": "objects-4", "pretraining_objects": "objects-2",
  ]

  private static func everything(_ profile: String) throws -> Plan {
    let registry = try registry.get()
    return try Plan(
      registry: registry, tables: registry.tableNames, figures: registry.figures.keys.sorted(),
      profile: profile,
      dataFingerprints: fingerprints)
  }

  private static let mini = Result { try everything("mini") }
  private static let paper = Result { try everything("paper") }

  /// Runs of a cell.
  private func runs(_ plan: Plan, _ table: String, _ labels: [String], _ column: String) throws -> [RunID] {
    let spec = try #require(plan.tables.first { $0.name == table })
    let row = try #require(spec.rows.firstIndex { $0.labels == labels }, "\(table): no row \(labels)")
    let place = try #require(
      spec.columns.firstIndex { $0.title == column }, "\(table): no column \(column)")
    let cells = try #require(plan.cells[table])
    guard case .runs(let ids, _, _) = cells[row][place] else {
      throw NotRun(cell: "\(table) \(labels) \(column)")
    }
    return ids
  }

  private struct NotRun: Error { let cell: String }

  /// Numbers and dashes of each table of the paper, counted there.
  private static let printed: [(table: String, numbers: Int, dashes: Int)] = [
    ("table01", 104, 16), ("table02", 104, 16), ("table03", 80, 16), ("table04", 35, 5), ("table05", 10, 0),
    ("table06", 10, 0), ("table07", 5, 0), ("table08", 18, 0), ("table09", 52, 0), ("table10", 26, 4),
    ("table11", 30, 0), ("table12", 10, 0), ("table13", 64, 8), ("table14", 36, 0), ("table15", 32, 0),
  ]

  @Test(arguments: printed.indices) func everyPrintedCellIsThere(_ index: Int) throws {
    let (name, numbers, dashes) = PaperTablesTests.printed[index]
    let registry = try PaperTablesTests.registry.get()
    let table = try #require(registry.tables[name])
    #expect(table.number == Int(name.suffix(2)))
    #expect(table.rows.reduce(0) { $0 + $1.paper.count } == numbers)
    // Tables 11 and 12 have rows of other evaluations, which are ours alone.
    let cells = table.rows.count { !$0.paper.isEmpty } * table.columns.count
    #expect(cells - numbers == dashes)
    // A dash of the paper is nothing to run, but for rivals of Table 4 that nobody has run there; what it has a number for is
    // run or quoted.
    for (row, spec) in table.rows.enumerated() where !spec.paper.isEmpty {
      for (column, title) in table.columns.map(\.title).enumerated()
      where spec.paper[title] == nil && !(name == "table04" && ["MasKD", "DIST"].contains(title)) {
        #expect(table.cellSpec(row: row, column: column) == nil, "\(name) \(spec.labels) \(title)")
      }
    }
    // As printed: two decimals but for one misprint, and one in two rows.
    for row in table.rows {
      let decimals = [["iMAS"], ["UniMatch"]].contains(row.labels) ? 1 : 2
      for cell in row.paper.values {
        for number in [cell.mean, cell.std].compactMap({ $0 }) where number.text != "0.862" {
          #expect(
            number.text.split(separator: ".").last?.count == decimals, "\(name) \(row.labels) \(number.text)")
        }
      }
    }
  }

  @Test(arguments: ["smoke", "mini", "paper"]) func everythingPlans(_ profile: String) throws {
    let plan = try PaperTablesTests.everything(profile)
    let ids = plan.runs.map(\.id)
    #expect(Set(ids).count == ids.count)
    var done: Set<RunID> = []
    for run in plan.runs {
      #expect(run.dependencies.allSatisfy(done.contains))
      done.insert(run.id)
    }
    let table13 = try #require(plan.cells["table13"])
    for (row, cells) in table13.enumerated() {
      for case .runs(let ids, _, _) in cells { #expect(ids.count == 5, "row \(row)") }
    }
    // Nothing is planned twice because two files word it differently: a method of a network, seed and fold has one run,
    // but where a table changes single values.
    let cells = try #require(plan.cells["table02"]).joined()
    let table2 = cells.reduce(into: Set<RunID>()) { found, cell in
      if case .runs(let ids, _, _) = cell { found.formUnion(ids) }
    }
    #expect(table2.count == (5 * 4 + 3 * 2) * 3)
  }

  /// Four metrics of one network are the same runs.
  @Test func rowsOfMetricsShareRuns() throws {
    let plan = try PaperTablesTests.mini.get()
    let models = [
      "table01": "DL3-R18", "table02": "DL3-R18", "table03": "SegFormer-B1", "table13": "UNet-R18",
    ]
    for (table, model) in models {
      for column in ["CE", "CE-BLS", "CE-KD", "JML", "JML-BLS", "JML-KD"] {
        let each = try ["Acc", "mIoU", "ECE", "BECE"].map { try runs(plan, table, [model, $0], column) }
        #expect(Set(each).count == 1)
      }
    }
  }

  @Test func tablesShareRuns() throws {
    let plan = try PaperTablesTests.paper.get()
    func same(
      _ left: (String, [String], String), _ right: (String, [String], String),
      _ location: SourceLocation = #_sourceLocation
    ) throws {
      let (one, other) = (
        try runs(plan, left.0, left.1, left.2), try runs(plan, right.0, right.1, right.2)
      )
      #expect(one == other, "\(left) and \(right)", sourceLocation: location)
    }
    for model in ["DL3-R101", "DL3-R18"] {
      try same(("table05", [model], "0.25/0.75"), ("table02", [model, "mIoU"], "JML"))
      try same(("table05", [model], "1.00/0.00"), ("table02", [model, "mIoU"], "CE"))
    }
    let terms = { (row: String) in row.map { $0 == "1" ? "✓" : "–" } }
    for (dataset, table) in [("Cityscapes", "table01"), ("PASCAL VOC", "table02")] {
      let r18 = ["DL3-R18", "mIoU"]
      try same(("table06", terms("10000"), dataset), (table, r18, "CE"))
      try same(("table06", terms("11000"), dataset), (table, r18, "JML"))
      try same(("table06", terms("11111"), dataset), (table, r18, "JML-KD"))
      try same(("table10", [dataset, "JML1"], "Hard"), (table, r18, "JML"))
      try same(("table10", [dataset, "JML1"], "BLS"), (table, r18, "JML-BLS"))
      try same(("table10", [dataset, "JML1"], "KD"), (table, r18, "JML-KD"))
      for loss in ["JML2", "SJL-L1"] {
        try same(("table10", [dataset, loss], "Hard"), ("table10", [dataset, "JML1"], "Hard"))
      }
      for column in ["CE", "CE-BLS", "JML", "JML-BLS"] {
        for metric in ["ECE", "SCE", "BECE", "BSCE"] {
          try same(("table15", [dataset, metric], column), (table, ["DL3-R101", "mIoU"], column))
        }
      }
    }
    try same(("table07", ["JML-KD"], "LABEL"), ("table02", ["DL3-R18", "mIoU"], "JML-KD"))
    try same(("table08", ["S", "ECE"], "T3"), ("table02", ["DL3-R18", "mIoU"], "JML-KD"))
    try same(("table08", ["S", "mIoU"], "T1"), ("table06", terms("11110"), "PASCAL VOC"))
    // Table 4 has the CE runs of Tables 1 and 2; its JML-KD on Cityscapes is another batch in this profile.
    try same(("table04", ["PASCAL VOC", "PSP-R18"], "JML-KD"), ("table02", ["PSP-R18", "mIoU"], "JML-KD"))
    try same(("table04", ["Cityscapes", "DL3-MB2"], "CE"), ("table01", ["DL3-MB2", "mIoU"], "CE"))
    let students = try [("table04", ["Cityscapes", "DL3-R18"]), ("table01", ["DL3-R18", "mIoU"])].map {
      try runs(plan, $0, $1, "JML-KD")
    }
    #expect(students[0] != students[1])
    try same(("table14", ["BLS", "CE"], "μ ± σ"), ("table13", ["UNet-R50", "mIoU"], "CE-BLS"))
    try same(("table14", ["BLS", "JML"], "μ ± σ"), ("table13", ["UNet-R50", "mIoU"], "JML-BLS"))
    try same(("table14", ["KD", "CE"], "μ ± σ"), ("table13", ["UNet-R18", "mIoU"], "CE-KD"))
    try same(("table14", ["KD", "JML"], "μ ± σ"), ("table13", ["UNet-R18", "mIoU"], "JML-KD"))
    for fold in 0..<5 {
      let one = try runs(plan, "table14", ["KD", "JML"], String(fold))
      #expect(one == [try runs(plan, "table14", ["KD", "JML"], "μ ± σ")[fold]])
    }
  }

  /// Table 8 reports the very runs that taught its students.
  @Test func teachersOfTable8() throws {
    let plan = try PaperTablesTests.mini.get()
    var epsilons: [Double] = []
    for column in ["T1", "T2", "T3"] {
      let teachers = try runs(plan, "table08", ["T", "mIoU"], column)
      #expect(teachers.count == 1)
      for student in try runs(plan, "table08", ["S", "BECE"], column) {
        #expect(plan[student]?.spec.inputs["teacher"] == teachers[0])
      }
      let teacher = try #require(plan[teachers[0]])
      switch teacher.spec.label.kind {
      case .hard: epsilons.append(0)
      case .boundarySmoothing(let kernel, let epsilon):
        #expect(kernel == 3)
        epsilons.append(epsilon)
      }
    }
    #expect(epsilons == [0, 0.3, 0.5])
  }

  /// A teacher of another fold has seen the validation images.
  @Test func teachersAreOfTheFoldOfTheirStudent() throws {
    let plan = try PaperTablesTests.paper.get()
    let students = plan.runs.filter { $0.spec.data.name == "deepglobe_land" && $0.spec.distillation != nil }
    #expect(students.count == 2 * 2 * 5)
    for student in students {
      let id = try #require(student.spec.inputs["teacher"])
      let teacher = try #require(plan[id]).spec
      #expect(teacher.fold != nil && teacher.fold == student.spec.fold)
      #expect(teacher.model.name == "unet_resnet50d" && teacher.seed == 0)
    }
    for fold in 0..<5 {
      let teachers = Set(students.filter { $0.spec.fold == fold }.map { $0.spec.inputs["teacher"] })
      #expect(teachers.count == 1)
      let bls = try runs(plan, "table13", ["UNet-R50", "mIoU"], "JML-BLS")[fold]
      #expect(teachers == [bls])
    }
  }

  @Test func methodsOfAblations() throws {
    let plan = try PaperTablesTests.paper.get()
    func spec(_ table: String, _ labels: [String], _ column: String) throws -> RunSpec {
      let id = try runs(plan, table, labels, column)[0]
      return try #require(plan[id]).spec
    }
    for (column, weights) in [
      ("0.10/0.90", (0.1, 0.9)), ("0.25/0.75", (0.25, 0.75)), ("0.90/0.10", (0.9, 0.1)),
    ] {
      let loss = try spec("table05", ["DL3-R18"], column).loss
      #expect(loss.crossEntropyWeight == weights.0 && loss.jaccard?.weight == weights.1)
    }
    for mode in ["ALL", "PRESENT", "PROB", "BOTH", "LABEL"] {
      let term = try spec("table07", ["JML-KD"], mode).distillation?.terms.last
      #expect(term?.parameters["active_classes"] == .string(mode.lowercased()))
    }
    // Active classes of SJL's and JML2's students are those of JML1; the loss alone is another.
    for loss in ["JML1", "JML2", "SJL-L1", "SJL-L2"] {
      let student = try spec("table10", ["PASCAL VOC", loss], "KD")
      let id = try #require(student.inputs["teacher"])
      let teacher = try #require(plan[id]).spec
      #expect(teacher.loss.name == "ce_jml")
      #expect(student.distillation?.name == "jml_kd")
    }
    let losses = try ["JML1", "JML2", "SJL-L1", "SJL-L2"].map {
      try spec("table10", ["Cityscapes", $0], "KD").loss.name
    }
    #expect(Set(losses).count == 4)
    let distilledCrossEntropy = try spec("table06", ["✓", "✓", "✓", "–", "–"], "Cityscapes")
    #expect(distilledCrossEntropy.distillation?.terms.map(\.kind) == ["pixel_wise"])
    #expect(distilledCrossEntropy.distillation?.regionLabelWeight == 1)
  }

  @Test func figuresShareRunsWithTables() throws {
    let plan = try PaperTablesTests.paper.get()
    func point(_ figure: String, _ series: Int, _ at: [String]) throws -> [RunID] {
      let points = try #require(plan.points[figure])[series]
      return try #require(points.first { $0.coordinates == at }).runs
    }
    let r18 = ["DL3-R18", "mIoU"]
    #expect(try point("figure04", 0, ["3", "0.5"]) == runs(plan, "table02", r18, "JML-BLS"))
    #expect(plan.points["figure04"]?.map(\.count) == [25])
    for (series, model) in ["DL3-R101", "DL3-R50", "DL3-R18"].enumerated() {
      #expect(try point("figure05", series, ["0"]) == runs(plan, "table02", [model, "mIoU"], "JML"))
      #expect(try point("figure05", series, ["0.5"]) == runs(plan, "table02", [model, "mIoU"], "JML-BLS"))
    }
    #expect(try point("figure04", 0, ["3", "0.3"]) == point("figure05", 2, ["0.3"]))
    // The teacher T2 of Table 8 is a point of Figure 5.
    #expect(try runs(plan, "table08", ["T", "ECE"], "T2")[0] == point("figure05", 1, ["0.3"])[0])
  }
}
