import Datasets
import Experiments
import Foundation
import Models
import Runner
import Schemas
import Tensors
import TestSupport
import Testing
import ToyMethods
import Training

/// What a new method touches: a YAML file, a Swift file (in `ToyMethods`), and its line in a catalogue.
@Suite(.serialized) struct NewMethodTests {
  private static var methods: MethodTypes {
    MethodTypes(
      terms: MethodTypes.all.terms + [ToyTerm.self],
      semiSupervised: MethodTypes.all.semiSupervised + [ToyStep.self])
  }

  private static let term = """
    label_weights: {cross_entropy: 1, region: 1}
    terms:
      - {kind: toy, weight: 0.3, margin: 0.5, rounds: 2, strict: true}
      - {kind: pixel_wise, name: low, weight: 1, temperature: 1, at: logits, heads: [main]}
      - {kind: pixel_wise, weight: 0.5, temperature: 1, at: labels, heads: [main, auxiliary]}

    """
  private static let average = """
    kind: toy_average
    unlabelled_batch: 2
    decay: 0.9

    """

  private static let half = "images: 1\nof: 2\nseed: 3\n"

  /// The registry as it is, one file more for each method, and a table that uses them.
  private func registry(_ folder: URL, _ files: [String: String]) throws -> Registry {
    let root = folder.appendingPathComponent("experiments-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: AssemblyTests.experiments, to: root)
    for (name, text) in files {
      try text.write(to: root.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    return try Registry(root: root, methods: Self.methods.catalogue)
  }

  private static let table = """
    number: 98
    title: New methods
    row_headers: [Model]
    defaults:
      metric: miou
      label: hard
      loss: ce_jml
      seeds: [0]
      dataset: cityscapes
      recipe: sgd_cityscapes
      inputs:
        teacher: {model: deeplabv3_resnet18d, loss: ce_jml, label: boundary_smoothing, seed: 0}
    columns:
      - {title: Toy-KD, kind: run, distillation: toy}
      - {title: Toy-SSL, kind: run, semi_supervised: toy_average, labelled: half}
    rows:
      - {labels: [DL3-MB2], model: deeplabv3_mobilenetv2_100}

    """

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func planAndStep() throws {
    try withTemporaryDirectory { folder in
      let files = [
        "distillation/toy.yaml": Self.term, "semi_supervised/toy_average.yaml": Self.average,
        "labelled/half.yaml": Self.half,
        "tables/table98.yaml": Self.table,
      ]
      let registry = try registry(folder, files)
      let plan = try Plan(
        registry: registry, tables: ["table98"], profile: "smoke",
        overrides: [
          try Override("distillation.terms.low.weight=0.25"), try Override("model.weights=random"),
        ],
        dataFingerprints: ["cityscapes": "test"])
      #expect(plan.runs.count == 3)
      let distilled = try #require(plan.runs.first { $0.spec.distillation != nil })
      let semi = try #require(plan.runs.first { $0.spec.semiSupervised != nil })
      #expect(distilled.spec.inputs.all.map(\.role) == ["teacher"] && semi.spec.inputs.all.isEmpty)
      #expect(distilled.spec.distillation?.terms.map(\.weight) == [0.3, 0.25, 0.5])
      #expect(distilled.spec.method == "ce_jml-toy" && semi.spec.method == "ce_jml-toy_average")
      for run in [distilled, semi] {
        let stored = try RunSpec(json: run.spec.canonicalJSON, source: "run.json")
        #expect(stored.id == run.id)
        let checked = try RunSpec(
          json: run.spec.canonicalJSON, source: "run.json", methods: Self.methods.catalogue)
        #expect(checked == run.spec)
      }

      let teacher = SegmentationModel(
        Assembly.architecture(try #require(registry.models["deeplabv3_resnet18d"])), classes: 19, seed: 3)
      for (run, terms) in [
        (distilled, ["cross_entropy", "pixel_wise", "jaccard", "toy", "low"]),
        (semi, ["cross_entropy", "jaccard"]),
      ] {
        let model = SegmentationModel(Assembly.architecture(run.spec.model), classes: 19, seed: 0)
        let step = try Assembly.step(
          run.spec, model: model, teacher: Assembly.TaughtBy(teacher), methods: Self.methods)
        let report = try Assembly.trainer(run.spec, step: step).advance(Self.batches)
        #expect(report.terms.map(\.name) == terms && report.loss.isFinite)
      }
      // A program without the method says so.
      let unknown = message {
        _ = try Assembly.step(
          distilled.spec, model: SegmentationModel(teacher.architecture, classes: 19, seed: 0),
          teacher: Assembly.TaughtBy(teacher))
      }
      #expect(
        semi.spec.canonicalJSON.contains(
          #""labelled":{"images":1,"name":"half","of":2,"seed":3},"name":"toy_average","unlabelled_batch":2}"#
        ))
      let known = MethodTypes.all.terms.map { $0.schema.kind }.joined(separator: ", ")
      #expect(unknown == "method 'toy' is not known; allowed: \(known)")
    }
  }

  private static let batches: TrainingBatch = {
    func batch(_ count: Int) -> Batch {
      Batch(
        images: Tensor(repeating: 0.5, shape: [count, 3, 32, 64]),
        labels: LabelBatch(
          count: count, height: 32, width: 64, values: (0..<count * 2048).map { UInt8($0 / 300 % 19) }),
        ids: (0..<count).map(String.init))
    }
    return TrainingBatch([("labelled", batch(3)), ("unlabelled", batch(2))])
  }()

  @Test(arguments: [
    (
      "margin: 0.5", "margin: 2",
      "distillation/toy.yaml: terms.toy.margin: '2' is out of range; allowed: a number, 0 <= x <= 1"
    ),
    ("rounds: 2", "rounds: 2.5", "terms.toy.rounds"), ("strict: true", "strict: yes", "true or false"),
    ("margin: 0.5, ", "", "terms.toy.margin: required key is missing"),
    ("strict: true}", "strict: true, more: 1}", "terms.toy.more: unknown key"),
    ("kind: toy", "kind: tiny", "correlation, toy"),
    ("name: low, ", "", "two terms are called 'pixel_wise'"),
    ("heads: [main]", "heads: [main, main]", "stands twice"),
    ("heads: [main]", "heads: []", "at least 1"), ("at: logits", "at: pixels", "one of labels, logits"),
  ]) func badValuesAreRefusedByTheTermsOwnSchema(_ old: String, _ new: String, _ says: String) throws {
    try withTemporaryDirectory { folder in
      let text = Self.term.replacingOccurrences(of: old, with: new)
      #expect(text != Self.term)
      let message = message { _ = try registry(folder, ["distillation/toy.yaml": text]) }
      #expect(message.contains(says) && !message.contains("\n"), "\(message)")
    }
  }

  @Test func overridesPassTheTermsOwnSchema() throws {
    try withTemporaryDirectory { folder in
      let registry = try registry(
        folder,
        [
          "distillation/toy.yaml": Self.term, "semi_supervised/toy_average.yaml": Self.average,
          "labelled/half.yaml": Self.half,
          "tables/table98.yaml": Self.table,
        ])
      func plan(_ override: String) throws {
        _ = try Plan(
          registry: registry, tables: ["table98"], profile: "smoke", overrides: [try Override(override)],
          dataFingerprints: ["cityscapes": "test", "pretraining_objects": "test"])
      }
      #expect(message { try plan("distillation.terms.toy.margin=0.25") }.isEmpty)
      #expect(
        message { try plan("distillation.terms.toy.margin=3") }.contains(
          "--set: distillation.terms.toy.margin"))
      #expect(message { try plan("semi_supervised.decay=0.5") }.isEmpty)
      #expect(message { try plan("semi_supervised.decay=1") }.contains("--set: semi_supervised.decay"))
      #expect(message { try plan("distillation.terms.nothing.weight=3") }.contains("unknown key"))
    }
  }

  /// A role that a method needs and no part of the table gives.
  @Test func missingInput() throws {
    try withTemporaryDirectory { folder in
      let text = Self.table.replacingOccurrences(of: "teacher: {", with: "backbone: {")
      let registry = try registry(
        folder,
        [
          "distillation/toy.yaml": Self.term, "semi_supervised/toy_average.yaml": Self.average,
          "labelled/half.yaml": Self.half,
          "tables/table98.yaml": text,
        ])
      let message = message {
        _ = try Plan(
          registry: registry, tables: ["table98"], profile: "smoke",
          dataFingerprints: ["cityscapes": "test", "pretraining_objects": "test"])
      }
      #expect(message.contains("'DL3-MB2' x 'Toy-KD': inputs.teacher: required key is missing"), "\(message)")
    }
  }
}
