import Experiments
import Foundation
import Methods
import Metrics
import Results
import Tables
import Tensors
import TestSupport
import Testing

/// From the store to summaries: numbers of counts, and nothing that was changed.
@Suite(.serialized) struct SummaryTests {
  private func plan() throws -> Plan {
    try Plan(
      registry: try Registry(
        root: TableTests.package.appendingPathComponent("experiments"), methods: Methods.catalogue),
      tables: ["table04"],
      profile: "smoke", overrides: [try Override("model.weights=random")],
      dataFingerprints: ["cityscapes": "street-1", "pascal_voc": "objects-1"])
  }

  private func evaluation(_ seed: UInt64) throws -> StoredEvaluation {
    var random = RandomSource(seed: seed, purpose: "summary")
    var evaluation = Evaluation(classes: 3)
    for _ in 0..<2 {
      try evaluation.add(
        scores: Tensor((0..<3 * 35).map { _ in Float(random.uniform(-2, 2)) }, shape: [3, 5, 7]),
        label: LabelMap(height: 5, width: 7, values: (0..<35).map { _ in UInt8(random.below(3)) }))
    }
    return StoredEvaluation(imageIDs: ["a", "b"], classNames: ["x", "y", "z"], evaluation: evaluation)
  }

  private func record(_ run: PlannedRun, _ state: RunOutcome, error: String? = nil) -> RunRecord {
    RunRecord(
      runID: run.id.text, state: state, spec: run.spec.json, seed: UInt64(run.spec.seed), commit: "c",
      dirty: false,
      versions: [:], threads: 2, cpu: "Test CPU", wallSeconds: 1, peakMemoryBytes: 1, iterations: 4,
      dataFingerprint: "f", dataDescription: "embedded", error: error)
  }

  private func write(_ run: PlannedRun, _ store: ResultStore) throws {
    guard case .claimed(let claim) = try store.claim(run.id.text) else {
      Issue.record("\(run.id) is not free")
      return
    }
    try claim.finish(
      record(run, .done),
      RunTensors(
        runID: run.id.text, spec: run.spec.json, model: StoredModel(weights: [], buffers: []),
        evaluations: [
          EvaluationPoint(point: "last", iteration: 4, evaluation: try evaluation(1)),
          EvaluationPoint(point: "best", iteration: 2, evaluation: try evaluation(2)),
        ], curves: Curves()))
  }

  @Test func summariesAreOfCounts() throws {
    try withTemporaryDirectory { folder in
      let (plan, store) = (try plan(), ResultStore(root: folder))
      #expect(try RunSummary.all(of: plan, in: store).values.allSatisfy { $0 == .pending })
      let student = try #require(plan.runs.first { $0.spec.distillation != nil })
      let plain = try #require(plan.runs.first { $0.spec.loss.jaccard == nil && $0.dependencies.isEmpty })
      let teacher = try #require(plan[student.dependencies[0]])
      try write(plain, store)
      if case .claimed(let claim) = try store.claim(teacher.id.text) {
        try claim.close(record(teacher, .failed, error: "no memory"))
      }
      let summaries = try RunSummary.all(of: plan, in: store)
      #expect(summaries.count == 124)
      let done = try #require(summaries[plain.id])
      #expect(done.state == .done && done.hardware == "Test CPU" && done.threads == 2)
      #expect(
        try done.metrics["last"] == evaluation(1).values && done.metrics["best"] == evaluation(2).values)
      #expect(done.value(.miou) == done.metrics["last"]?["miou"])
      #expect(done.value(.miou, at: .best) == done.metrics["best"]?["miou"])
      #expect(summaries[teacher.id]?.state == .failed(reason: "no memory"))
      #expect(
        summaries[student.id]?.state == .failed(reason: "\(teacher.id), which it needs, gave no result"))
    }
  }

  /// A digit of a metric, a spec, a file of other counts: refused by name.
  @Test func changedResultsAreRefused() throws {
    let plan = try plan()
    let run = try #require(plan.runs.last)
    func expectRefused(_ part: String, _ change: (URL, URL) throws -> Void) throws {
      try withTemporaryDirectory { folder in
        let store = ResultStore(root: folder)
        try write(run, store)
        #expect(try RunSummary.all(of: plan, in: store)[run.id]?.state == .done)
        try change(
          try store.folder(run.id.text).appendingPathComponent("run.json"), try store.tensorsFile(run.id.text)
        )
        #expect {
          try RunSummary.all(of: plan, in: store)
        } throws: { error in
          let text = "\(error)"
          return (error as? ResultsError)?.isDamage == true && text.contains(run.id.text)
            && text.contains(part)
        }
      }
    }
    func replace(_ url: URL, _ old: String, _ new: String) throws {
      let text = try String(contentsOf: url, encoding: .utf8)
      let range = try #require(text.range(of: old), "\(old) in \(text)")
      try text.replacingCharacters(in: range, with: new).write(to: url, atomically: true, encoding: .utf8)
    }
    try expectRefused("metrics.accuracy") { record, _ in
      try replace(record, "\"accuracy\" : ", "\"accuracy\" : 1")
    }
    try expectRefused("its spec has the hash") { record, _ in
      try replace(record, "\"warmup_ratio\" : ", "\"warmup_ratio\" : 1")
    }
    try expectRefused("not readable") { record, _ in try replace(record, "\"state\"", "\"stat\"") }
    try expectRefused("not a readable HDF5 file") { _, tensors in try Data("x".utf8).write(to: tensors) }
  }

  /// Numbers outlive the folders that they were counted from, to the last bit, and say that they did.
  @Test func publishedRunsStandInForRunsThatAreNotHere() throws {
    try withTemporaryDirectory { folder in
      let (plan, store) = (try plan(), ResultStore(root: folder.appendingPathComponent("runs")))
      let (first, other) = (plan.runs[0], plan.runs[1])
      try write(first, store)
      var published = try PublishedRuns(reading: folder)
      #expect(published.count == 0)
      #expect(try published.update(from: plan, in: store) == 1)
      #expect(published.count == 1)
      let file = try published.write(to: folder)
      let bytes = try Data(contentsOf: file)

      let elsewhere = ResultStore(root: folder.appendingPathComponent("elsewhere"))
      try write(other, elsewhere)
      published = try PublishedRuns(reading: folder)
      let summaries = try RunSummary.all(of: plan, in: elsewhere, else: published)
      let (here, there) = (
        try #require(try RunSummary.all(of: plan, in: store)[first.id]), try #require(summaries[first.id])
      )
      #expect(there.isPublished && !here.isPublished && there.state == .done)
      for metric in Metric.all {
        #expect(here.value(metric)?.bitPattern == there.value(metric)?.bitPattern, "\(metric.name)")
      }
      #expect(there.hardware == here.hardware && there.dataDescription == here.dataDescription)
      #expect(summaries[other.id]?.isPublished == false)
      #expect(published[first.id]?.seconds == 1 && published[other.id]?.seconds == nil)
      #expect(try RunSummary.all(of: plan, in: elsewhere, else: nil)[first.id] == .pending)

      // Lines of planned runs stay, others go; the same runs give the same bytes.
      #expect(try published.update(from: plan, in: elsewhere) == 1)
      #expect(published.count == 2)
      _ = try published.write(to: folder)
      #expect(try String(contentsOf: file, encoding: .utf8).contains(String(decoding: bytes, as: UTF8.self)))
      try (Data(contentsOf: file) + bytes).write(to: file)
      #expect(throws: ResultsError.self) { try PublishedRuns(reading: folder) }
      try checkChangedLine(bytes, file)
      try Data("{}\n".utf8).write(to: file)
      #expect { try PublishedRuns(reading: folder) } throws: { "\($0)".contains("runs.jsonl:1") }
    }
  }

  /// A line that is not what was published is refused by its place, whoever reads it.
  private func checkChangedLine(_ good: Data, _ file: URL) throws {
    let folder = file.deletingLastPathComponent()
    let text = String(decoding: good, as: UTF8.self)
    let miou = try Regex(#""miou":[0-9.]+"#)
    let place = try #require(text.firstMatch(of: miou)).range
    func expectRefused(_ line: String, _ reason: String, unsealed: Bool) throws {
      try line.write(to: file, atomically: false, encoding: .utf8)
      #expect {
        try PublishedRuns(reading: folder, unsealed: unsealed)
      } throws: { "\($0)".contains("runs.jsonl:1") && "\($0)".contains(reason) }
    }
    for value in ["-5", "1.5", "101"] {
      let changed = text.replacingCharacters(in: place, with: "\"miou\":\(value)")
      for unsealed in [false, true] { try expectRefused(changed, "it was changed", unsealed: unsealed) }
    }
    try expectRefused(
      text.replacing("\"seconds\":1", with: "\"seconds\":2"), "it was changed", unsealed: false)
    // Without a checksum lines are good for publishing them again alone, and that within reason.
    let bare = "{" + String(text.drop { $0 != "," }.dropFirst())
    let score = String(bare[try #require(bare.firstMatch(of: miou)).range])
    try expectRefused(bare, "no checksum", unsealed: false)
    try bare.write(to: file, atomically: false, encoding: .utf8)
    _ = try PublishedRuns(reading: folder, unsealed: true).write(to: folder)
    #expect(try Data(contentsOf: file) == good)
    for (old, new, reason) in [
      (score, "\"miou\":-5", "miou is -5"),
      ("\"seconds\":1", "\"seconds\":-1", "seconds is -1"), ("\"threads\":", "\"threads\":-", "threads is -"),
      ("\"seconds\":1", "\"seconds\":NaN", "not readable"),
    ] { try expectRefused(bare.replacing(old, with: new), reason, unsealed: true) }
    try good.write(to: file)
    #expect(try PublishedRuns(reading: folder).count == 1)
  }

  /// What the experiment files may ask for is what the counts give.
  @Test func everyMetricHasAValue() throws {
    let values = try evaluation(1).values
    for metric in Metric.all {
      #expect(values[metric.name] != nil || metric.name.hasPrefix("b"), "\(metric.name)")
    }
    #expect(values[try #require(Metric("iou.y")).name] != nil)
    #expect(Metric("iou.") == nil && Metric("mIoU") == nil)
    #expect(Metric.all.filter { !$0.higherIsBetter }.allSatisfy { $0.title.contains("CE") })
    #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
  }
}
