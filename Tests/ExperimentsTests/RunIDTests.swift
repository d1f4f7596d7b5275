import Experiments
import Foundation
import JSON
import Methods
import Testing

@Suite(.serialized) struct RunIDTests {
  private func student(_ plan: Plan) throws -> PlannedRun {
    try #require(
      plan.runs.first { $0.spec.distillation?.name == "jml_kd" && $0.spec.data.name == "cityscapes" })
  }

  /// A change here makes every stored result unreachable: it must be wanted. The file holds the student's
  /// canonical JSON, whose `sha256sum` begins with the digits of its id. Without weights, whose files are no part of the
  /// repository.
  @Test func goldenIDs() throws {
    let plan = try Plan(
      registry: try Registry(root: experimentsFolder, methods: Methods.catalogue), tables: ["table04"],
      profile: "paper", overrides: [try Override("recipe.backbone_weights=null")],
      dataFingerprints: fingerprints)
    let ids = plan.runs.filter { $0.spec.data.name == "cityscapes" }.map(\.id.text)
    #expect(ids.first == "cityscapes-deeplabv3_resnet50d-ce_jml-boundary_smoothing-s0-8ab0d0e047f1b7da")
    #expect(ids.contains("cityscapes-deeplabv3_resnet18d-ce-s0-177a62521a79a89d"))
    let student = try student(plan)
    #expect(student.id.text == "cityscapes-deeplabv3_resnet18d-ce_jml-jml_kd-s0-ced6d099591dc830")
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/\(student.id).json")
    if ProcessInfo.processInfo.environment["JML_RECORD_SNAPSHOTS"] == "1" {
      try student.spec.canonicalJSON.write(to: file, atomically: true, encoding: .utf8)
    }
    let golden = try String(contentsOf: file, encoding: .utf8)
    #expect(student.spec.canonicalJSON == golden)
    #expect(try RunSpec(json: golden, source: "Golden").id == student.id)
  }

  @Test func canonicalText() throws {
    let plan = try TemporaryRegistry().plan("paper", ["recipe.backbone_weights=null"])
    let text = try student(plan).spec.canonicalJSON
    #expect(
      text.contains(
        #""distillation":{"label_weights":{"cross_entropy":0.5,"region":0.5},"name":"jml_kd","terms":["#
          + #"{"at":"labels","heads":["main","auxiliary"],"kind":"pixel_wise","temperature":1,"weight":0.5},"#
          + #"{"active_classes":"label","kind":"jaccard","threshold":0.01,"weight":0.5}]},"fold":null,"#))
    #expect(text.contains(#""inputs":{"teacher":"cityscapes-deeplabv3_resnet50d-"#))
    #expect(
      text.contains(
        #""numerics":5,"profile":{"batch":16,"crop_height":512,"crop_width":1024,"evaluate_every":null,"#))
    #expect(text.contains(#""iterations":40000,"#) && text.contains(#""warmup_floor":0.000001"#))
    #expect(
      text.contains(
        #""augmentation":[{"kind":"random_scale","maximum":2,"minimum":0.5},"#
          + #"{"kind":"random_flip","probability":0.5},{"kind":"random_crop"}],"#
          + #""inference":{"boundary_kernel":3,"stride_ratio":0.6667},"#))
    #expect(!text.contains(" "))
  }

  /// float32 is not a value of an id, so that runs keep those that they had before there was bfloat16.
  @Test func precisionOfProducts() throws {
    let files = try TemporaryRegistry()
    let plain = try student(try files.plan()).spec
    let short = try student(try files.plan("mini", ["recipe.precision=bfloat16"])).spec
    #expect(plain.recipe.precision == .float32 && !plain.canonicalJSON.contains("precision"))
    #expect(try student(try files.plan("mini", ["recipe.precision=float32"])).id == plain.id)
    #expect(short.canonicalJSON.contains(#""precision":"bfloat16""#))
    #expect(try RunSpec(json: short.canonicalJSON, source: "run.json").recipe.precision == .bfloat16)
    #expect(plain.numerics == 5 && short.numerics == 7)
    for spec in [plain, short] {
      #expect(RunSpec.hasCurrentNumerics(spec.json) == true)
      let other = spec.canonicalJSON.replacing("\"numerics\":\(spec.numerics)", with: "\"numerics\":4")
      #expect(RunSpec.hasCurrentNumerics(try JSONValue(parsing: other)) == false)
    }
    let error = registryError { _ = try files.plan("mini", ["recipe.precision=half"]) }
    #expect(
      error?.contains("recipe.precision") == true && error?.contains("float32, bfloat16") == true,
      "\(error ?? "")")
  }

  /// Comments, order, layout and another way of writing the same number are not values.
  @Test func sameValuesSameID() throws {
    let plain = try TemporaryRegistry()
    let edited = try TemporaryRegistry()
    try edited.write(
      "labels/boundary_smoothing.yaml",
      "# other words\n{epsilon: 5e-1, kernel: 3,\n kind: boundary_smoothing}\n")
    try edited.replace(
      "recipes/sgd_cityscapes.yaml", "  learning_rate: 0.01\n  head_multiplier: 10\n",
      "  head_multiplier: 1e1\n  learning_rate: 1e-2\n")
    try edited.replace("tables/table04.yaml", "title: Comparing", "title: Compared")
    try edited.replace("datasets/cityscapes.yaml", "folder: cityscapes", "folder: cityscapes_fine")
    try edited.replace("profiles/mini.yaml", "checkpoint_every: 60", "checkpoint_every: 10")
    try edited.replace("profiles/mini.yaml", "threads: null", "threads: 2")
    #expect(try plain.plan().runs.map(\.id) == edited.plan().runs.map(\.id))
  }

  /// A value that a run does not use leaves its id alone.
  @Test func unusedValues() throws {
    let files = try TemporaryRegistry()
    let plain = try files.plan()
    try files.replace("losses/ce_jml.yaml", "smoothed: all", "smoothed: present")
    let edited = try files.plan()
    let baselines = plain.runs.filter { $0.spec.loss.jaccard == nil }.map(\.id)
    #expect(baselines == edited.runs.filter { $0.spec.loss.jaccard == nil }.map(\.id))
    // Teachers train on smoothed labels, and their students name them.
    #expect(Set(plain.runs.map(\.id)).intersection(edited.runs.map(\.id)) == Set(baselines))
  }

  /// Every single value of a resolved run changes its id.
  @Test func everyValueCounts() throws {
    let files = try TemporaryRegistry()
    let plan = try files.plan()
    let run = try student(plan)
    let teacher = try #require(plan.runs.first { $0.id == run.dependencies.first })
    let changes = [
      "model.backbone=resnet50d", "model.output_stride=16", "model.decoder.channels=64",
      "model.decoder.rates=[6, 12, 18]", "model.auxiliary_channels=32", "model.dropout=0.2",
      "loss.cross_entropy_weight=0.5", "loss.main_weight=0.4", "loss.auxiliary_weight=0.4",
      "loss.jaccard_weight=0.5", "loss.smooth=0.5", "loss.alpha=0.5", "loss.beta=0.5",
      "loss.dataset_weight=0.5",
      "loss.image_weight=0.5", "loss.class_weight=0.5", "loss.active_classes=both", "loss.threshold=0.1",
      "distillation.label_weights.cross_entropy=0.4", "distillation.label_weights.region=0.4",
      "distillation.terms.pixel_wise.weight=0.4", "distillation.terms.pixel_wise.temperature=2",
      "distillation.terms.pixel_wise.at=logits", "distillation.terms.pixel_wise.heads=[main]",
      "distillation.terms.jaccard.weight=0.4", "distillation.terms.jaccard.active_classes=all",
      "distillation.terms.jaccard.threshold=0.1",
      "recipe.optimizer.learning_rate=0.05", "recipe.optimizer.momentum=0.8",
      "recipe.optimizer.weight_decay=1e-4", "recipe.optimizer.head_multiplier=2",
      "recipe.schedule.power=1", "recipe.schedule.warmup_ratio=0", "recipe.schedule.warmup_floor=0",
      "recipe.augmentation.random_scale.minimum=0.75", "recipe.augmentation.random_scale.maximum=1.5",
      "recipe.augmentation.random_flip.probability=0", "recipe.normalisation.mean=[0, 0, 0]",
      "recipe.normalisation.std=[1, 1, 1]", "recipe.inference.stride_ratio=1",
      "recipe.inference.boundary_kernel=5", "profile.crop_height=80", "profile.crop_width=80",
      "profile.batch=6", "profile.evaluate_every=30",
      "profile.iterations=20", "profile.working_short_side=48", "profile.maximum_validation_images=null",
      "recipe.precision=bfloat16",
    ]
    var seen: Set<RunID> = [run.id]
    for change in changes {
      let changed = try student(try files.plan("mini", [change]))
      #expect(seen.insert(changed.id).inserted, "\(change) leaves the id alone")
    }
    // Nothing was forgotten; `weights` has one value, and weight files are tested on their own.
    let keys = Set(changes.map { String($0.prefix { $0 != "=" }) })
    #expect(
      Set(run.spec.overridableKeys)
        == keys.union(["recipe.backbone_weights", "model.weights"]))

    // The teacher's values reach the student through the teacher's id.
    let epsilon = try files.plan("mini", ["label.epsilon=0.25"])
    #expect(try student(epsilon).dependencies != [teacher.id])
    #expect(try student(epsilon).id != run.id)
    // Data, seed and profile.
    let other = try Plan(
      registry: try files.load(), tables: ["table04"], profile: "mini",
      dataFingerprints: [
        "cityscapes": "street-2", "pascal_voc": "objects-1", "pretraining_objects": "objects-2",
      ])
    #expect(try student(other).id != run.id)
    #expect(Set(plan.runs.map(\.id)).isDisjoint(with: try files.plan("smoke").runs.map(\.id)))
    // Values in files that no key of an override reaches.
    for (file, old, new) in [
      ("datasets/cityscapes.yaml", "classes: 19", "classes: 11"),
      ("datasets/cityscapes.yaml", "train_split: train", "train_split: trainval"),
      ("datasets/cityscapes.yaml", "validation_split: val", "validation_split: test"),
      ("recipes/sgd_cityscapes.yaml", "  - {kind: random_flip, probability: 0.5}\n", ""),
      ("recipes/sgd_cityscapes.yaml", "  - {kind: random_scale, minimum: 0.5, maximum: 2.0}\n", ""),
    ] {
      let edited = try TemporaryRegistry()
      try edited.replace(file, old, new)
      #expect(try student(try edited.plan()).id != run.id, "\(new) leaves the id alone")
    }
    let official = try TemporaryRegistry()
    try official.replace("datasets/pascal_voc.yaml", "label_source: sbd_first", "label_source: official")
    let objects = try official.plan().runs.filter { $0.spec.data.name == "pascal_voc" }.map(\.id)
    #expect(!objects.isEmpty && Set(objects).isDisjoint(with: plan.runs.map(\.id)))
  }

  @Test func storedSpecsReadBack() throws {
    for profile in ["smoke", "mini", "paper"] {
      for run in try TemporaryRegistry().plan(profile).runs {
        let copy = try RunSpec(json: run.spec.canonicalJSON, source: "run.json")
        #expect(copy == run.spec)
        #expect(copy.id == run.id)
        #expect(try RunSpec(json: run.spec.json.pretty, source: "run.json").id == run.id)
        #expect(RunID(run.id.text) == run.id)
      }
    }
  }

  @Test func spoiledStoredSpecs() throws {
    let text = try student(try TemporaryRegistry().plan()).spec.canonicalJSON
    for (old, new, says) in [
      (
        #""seed":0"#, #""seed":-1"#,
        "run.json: seed: '-1' is out of range; allowed: an integer, 0...2147483647"
      ),
      (#""fold":null,"#, "", "run.json: fold: required key is missing"),
      (#""numerics":5"#, #""numerics":5,"more":2"#, "run.json: more: unknown key"),
      (#""teacher":"cityscapes"#, #""teacher":"City"#, "inputs.teacher"),
    ] {
      let spoiled = text.replacingOccurrences(of: old, with: new)
      #expect(spoiled != text)
      let message = registryError { _ = try RunSpec(json: spoiled, source: "run.json") }
      #expect(message?.contains(says) == true, "\(message ?? "no error")")
    }
  }

  @Test(arguments: [
    "", "-", "a-0123", "a-0123456789abcdeg", "a-0123456789ABCDEF", "A-0123456789abcdef",
    "a--0123456789abcdef",
    "../a-0123456789abcdef", "0123456789abcdef",
  ])
  func notAnID(_ text: String) { #expect(RunID(text) == nil) }
}
