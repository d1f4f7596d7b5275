import Experiments
import Foundation
import Methods
import Testing

/// Tables 11 and 12: splits, networks of methods, iterations by split.
@Suite(.serialized) struct SemiSupervisedTests {
  private static func plan(
    _ registry: Registry, _ profile: String, _ overrides: [String] = [],
    tables: [String] = ["table11", "table12"]
  ) throws -> Plan {
    try Plan(
      registry: registry, tables: tables, profile: profile, overrides: try overrides.map { try Override($0) },
      dataFingerprints: ["pascal_voc_semi_supervised": "objects-4", "pretraining_objects": "objects-2"])
  }

  private func cell(_ plan: Plan, _ table: String, _ row: String, _ column: String) throws -> PlannedCell {
    let spec = try #require(plan.tables.first { $0.name == table })
    let place = try #require(spec.rows.firstIndex { $0.labels == [row] }, "\(row)")
    let other = try #require(spec.columns.firstIndex { $0.title == column })
    return try #require(plan.cells[table])[place][other]
  }

  private func runs(_ plan: Plan, _ table: String, _ row: String, _ column: String) throws -> [RunSpec] {
    guard case .runs(let ids, .miou, _) = try cell(plan, table, row, column) else { return [] }
    return try ids.map { try #require(plan[$0]).spec }
  }

  /// Six methods on five splits; Table 12 adds two steps on two of them. One seed in the paper's profile, as there.
  @Test(arguments: [("smoke", 3), ("mini", 3), ("paper", 1)]) func counts(_ profile: String, _ seeds: Int)
    throws
  {
    let registry = try TemporaryRegistry().load()
    let both = try Self.plan(registry, profile)
    #expect(both.runs.count == (6 * 5 + 2 * 2) * seeds)
    #expect(try Self.plan(registry, profile, tables: ["table11"]).runs.count == 6 * 5 * seeds)
    #expect(try Self.plan(registry, profile, tables: ["table12"]).runs.count == 5 * 2 * seeds)
    for (step, method) in [("L_CE_S", "Supervise"), ("+L_CE_U", "AugSeg"), ("+BLS", "JML-SSL")] {
      for split in ["92", "183"] {
        #expect(try cell(both, "table12", step, split) == cell(both, "table11", method, split))
        #expect(
          try cell(both, "table12", "\(step), last", split) == cell(both, "table11", "\(method), last", split)
        )
      }
    }
  }

  /// Rows of one method are evaluations of the same runs.
  @Test func rowsAreEvaluations() throws {
    let plan = try Self.plan(try TemporaryRegistry().load(), "mini")
    for method in ["Supervise", "U2PL", "iMAS", "UniMatch", "AugSeg", "JML-SSL"] {
      guard case .runs(let ids, .miou, .best) = try cell(plan, "table11", method, "366") else {
        Issue.record("\(method)")
        continue
      }
      #expect(
        try cell(plan, "table11", "\(method), last", "366") == .runs(ids, metric: .miou, evaluation: .last))
      if method == "Supervise" || method == "UniMatch" { continue }
      let student = CellSpec.Evaluation(.best, network: "student")
      #expect(
        try cell(plan, "table11", "\(method), student", "366")
          == .runs(ids, metric: .miou, evaluation: student))
    }
    #expect(CellSpec.Evaluation(.last, network: "student").name == "last_student")
    #expect(CellSpec.Evaluation.best.name == "best")
  }

  /// 80 epochs of the unlabelled images, or for supervised training of the labelled ones; 16 images a batch.
  @Test func iterationsOfThePaper() throws {
    let plan = try Self.plan(try TemporaryRegistry().load(), "paper", ["recipe.backbone_weights=null"])
    let epochs: [(split: String, labelled: Int, unlabelled: Int)] = [
      ("92", 6, 655), ("183", 12, 649), ("366", 23, 638), ("732", 46, 615), ("1464", 92, 569),
    ]
    for (split, labelled, unlabelled) in epochs {
      for method in ["Supervise", "U2PL", "iMAS", "UniMatch", "AugSeg", "JML-SSL"] {
        let run = try #require(try runs(plan, "table11", method, split).first)
        let epoch = method == "Supervise" ? labelled : unlabelled
        #expect(run.scale.iterations == 80 * epoch && run.scale.evaluateEvery == epoch, "\(method) \(split)")
        #expect(run.scale.batch == 16 && run.scale.cropHeight == 513 && run.seed == 0)
        #expect(run.semiSupervised?.unlabelledBatch == (method == "Supervise" ? nil : 16))
        #expect(run.labelled?.images == Int(split) && run.labelled?.of == 10582)
        #expect(run.labelled?.list?.path == "labelled/\(split).txt")
      }
    }
    let jml = try #require(try runs(plan, "table11", "JML-SSL", "92").first)
    #expect(jml.loss.crossEntropyWeight == 0.25 && jml.loss.jaccard?.weight == 0.75)
    #expect(jml.loss.jaccard?.activeClasses == .all && jml.loss.auxiliaryWeight == 0)
    #expect(
      jml.canonicalJSON.contains(
        #""labelled":{"images":92,"list":"labelled/92.txt","name":"voc_92","of":10582,"seed":0,"#
          + #""sha1":"396eafdf7467"},"labelled_region":true"#))
    #expect(try RunSpec(json: jml.canonicalJSON, source: "stored", methods: Methods.catalogue) == jml)
  }

  /// Averages follow a student of a few iterations, and batches are the profile's.
  @Test func smallProfiles() throws {
    for (profile, batch) in [("smoke", 2), ("mini", 8)] {
      let plan = try Self.plan(try TemporaryRegistry().load(), profile)
      for method in ["U2PL", "iMAS", "AugSeg", "JML-SSL", "UniMatch"] {
        let all = try runs(plan, "table11", method, "1464")
        #expect(all.map(\.seed) == [0, 1, 2])
        for run in all {
          #expect(run.scale.batch == batch && run.semiSupervised?.unlabelledBatch == batch)
          #expect(run.semiSupervised?.parameters["decay"] == (method == "UniMatch" ? nil : .number(0.9)))
        }
      }
      // The smallest split fills a batch.
      let images = try #require(
        try TemporaryRegistry().load().profiles[profile]?.dataset("pascal_voc_semi_supervised")?.embedded)
      #expect(Int((92.0 / 10582 * Double(images.trainImages)).rounded()) >= batch)
    }
  }

  @Test func overrides() throws {
    let registry = try TemporaryRegistry().load()
    let plain = try Self.plan(registry, "mini")
    let changed = try Self.plan(
      registry, "mini", ["semi_supervised.labelled.images=50", "semi_supervised.threshold=0.5"])
    #expect(Set(plain.runs.map(\.id)).isDisjoint(with: changed.runs.map(\.id)))
    // The five splits differ by their names still.
    #expect(changed.runs.count == plain.runs.count)
    #expect(changed.runs.allSatisfy { $0.spec.labelled?.images == 50 })
    let seeded = try Self.plan(registry, "mini", ["semi_supervised.labelled.seed=7"])
    #expect(seeded.runs.allSatisfy { $0.spec.labelled?.seed == 7 })
    for (override, says) in [
      ("semi_supervised.labelled.images=10582", "'10582' is out of range; allowed: an integer, 1...10581"),
      ("semi_supervised.labelled.sha1=396eafdf746", "12 to 40 lower-case hexadecimal digits"),
      ("semi_supervised.labelled.sha1=396EAFDF7467", "12 to 40 lower-case hexadecimal digits"),
      ("semi_supervised.labelled.name=other", "unknown key"),
    ] {
      let message = try #require(
        registryError { _ = try Self.plan(registry, "mini", [override]) }, "\(override)")
      #expect(message.contains(says), "\(message)")
    }
  }

  private static let bad: [BadFile] = [
    BadFile(
      file: "labelled/voc_92.yaml", old: "sha1: \"396eafdf7467\"", new: "",
      says: ["labelled/voc_92.yaml: sha1: required key is missing"]),
    BadFile(
      file: "labelled/voc_92.yaml", old: "list: labelled/92.txt", new: "",
      says: ["labelled/voc_92.yaml: list: required key is missing"]),
    BadFile(
      file: "labelled/voc_92.yaml", old: "396eafdf7467", new: "396eafdf746g",
      says: ["labelled/voc_92.yaml: sha1: \"396eafdf746g\" is out of range", "hexadecimal"]),
    BadFile(
      file: "labelled/voc_92.yaml", old: "list: labelled/92.txt", new: "list: ../92.txt",
      says: ["labelled/voc_92.yaml: list", "below the data root"]),
    BadFile(
      file: "labelled/voc_92.yaml", old: "images: 92", new: "images: 0",
      says: ["labelled/voc_92.yaml: images: '0'", "1...10581"]),
    BadFile(
      file: "labelled/voc_92.yaml", old: "images: 92", new: "share: 0.01",
      says: ["labelled/voc_92.yaml: share: unknown key; allowed: images, of, seed, list, sha1"]),
    BadFile(
      file: "semi_supervised/augseg.yaml", old: "unlabelled_batch: 16", new: "",
      says: ["semi_supervised/augseg.yaml: unlabelled_batch: required key is missing"]),
    BadFile(
      file: "semi_supervised/augseg.yaml", old: "unlabelled_batch: 16",
      new: "unlabelled_batch: 16\nlabelled: {share: 0.5, seed: 0}",
      says: ["semi_supervised/augseg.yaml: labelled: unknown key"]),
    BadFile(
      file: "semi_supervised/supervised.yaml", old: "kind: labelled_only",
      new: "kind: labelled_only\nunlabelled_batch: 16",
      says: ["semi_supervised/supervised.yaml: unlabelled_batch: '16'", "sees labelled images alone"]),
    BadFile(
      file: "tables/table11.yaml", old: "labelled: voc_92}", new: "labelled: voc_93}",
      says: ["tables/table11.yaml: columns[0].labelled", "'voc_93'", "voc_92"]),
    BadFile(
      file: "tables/table11.yaml", old: "labelled: voc_92}", new: "seeds: [0]}",
      says: ["tables/table11.yaml: rows[0] 'Supervise' x '92': labelled: required key is missing"]),
    BadFile(
      file: "tables/table11.yaml", old: "    semi_supervised: supervised\n", new: "",
      says: ["tables/table11.yaml: rows[0] 'Supervise' x '92': labelled: voc_92", "has no semi_supervised"]),
    BadFile(
      file: "tables/table11.yaml", old: "    network: student", new: "    network: teacher",
      says: [
        "tables/table11.yaml: rows[14] 'U2PL, student' x '92': network: there is no 'teacher'; allowed: student"
      ]),
    BadFile(
      file: "tables/table11.yaml", old: "    semi_supervised: supervised\n",
      new: "    semi_supervised: supervised\n    network: student\n",
      says: ["'Supervise' x '92': network: student: the run's method has no network besides its own"]),
    BadFile(
      file: "tables/table11.yaml", old: "    rows: [[\"U2PL\"]", new: "    rows: [[\"U3PL\"]",
      says: ["tables/table11.yaml: exceptions[0].rows[0]", "U3PL", "U2PL"]),
  ]

  @Test(arguments: bad) func refused(_ bad: BadFile) throws {
    let files = try TemporaryRegistry()
    try files.replace(bad.file, bad.old, bad.new)
    let message = try #require(
      registryError { _ = try Self.plan(try files.load(), "mini", tables: ["table11"]) })
    for part in bad.says { #expect(message.contains(part), "'\(part)' is not in: \(message)") }
    #expect(!message.contains("\n"))
  }

  /// A run that distils has no networks besides its own.
  @Test func networkOfAnotherMethod() throws {
    let files = try TemporaryRegistry()
    try files.replace(
      "tables/table04.yaml", "    distillation: jml_kd\n", "    distillation: jml_kd\n    network: student\n")
    let message = try #require(registryError { _ = try files.plan() })
    #expect(message.contains("x 'JML-KD': network: student: the run's method has no network"), "\(message)")
  }
}
