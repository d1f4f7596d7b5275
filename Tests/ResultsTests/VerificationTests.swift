import Foundation
import HDF5
import JSON
import Metrics
import Results
import Tensors
import TestSupport
import Testing

/// Results that somebody, or a disk, has changed since they were written.
@Suite(.serialized)
struct VerificationTests {
  private let id = Samples.runID

  private func withResult(_ body: (ResultStore) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      try store.take(id).finish(Samples.record(id), Samples.tensors(id, more: true))
      try body(store)
    }
  }

  private func record(_ store: ResultStore) throws -> URL {
    try store.folder(id).appendingPathComponent("run.json")
  }

  /// Replaces the first `old` in a file.
  private func replace(_ url: URL, _ old: String, _ new: String) throws {
    let text = try String(contentsOf: url, encoding: .utf8)
    let range = try #require(text.range(of: old), "\(old) is not in \(text)")
    try text.replacingCharacters(in: range, with: new).write(to: url, atomically: false, encoding: .utf8)
  }

  /// A file made from the sample with other counts, but whose record was written for the sample's.
  private func write(_ store: ResultStore, _ change: (HDF5Writer, RunTensors) throws -> Void) throws {
    let writer = try HDF5Writer(name: "spoilt")
    try writer.write(attribute: RunTensors.schemaVersion, named: "schema_version")
    try writer.write(attribute: id, named: "run_id")
    try change(writer, try Samples.tensors(id, more: true))
    try AtomicFile.write(writer.image(), to: try store.tensorsFile(id))
  }

  private func expectDamaged(
    _ store: ResultStore, _ parts: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let reason = try #require(try store.damage(id), "nothing found", sourceLocation: sourceLocation)
    for part in parts {
      #expect(reason.contains(part), "'\(part)' in \(reason)", sourceLocation: sourceLocation)
    }
    #expect(!reason.contains("\n"), sourceLocation: sourceLocation)
    #expect(try store.verifiedState(id) == .damaged(reason), sourceLocation: sourceLocation)
    #expect(throws: ResultsError.self, sourceLocation: sourceLocation) { try store.evaluation(id) }
    // Nobody is told that it is done, and nothing is lost by looking.
    guard case .claimed = try store.claim(id) else {
      Issue.record("a damaged result was taken for a good one", sourceLocation: sourceLocation)
      return
    }
    #expect(FileManager.default.fileExists(atPath: try record(store).path), sourceLocation: sourceLocation)
    #expect(
      FileManager.default.fileExists(atPath: try store.tensorsFile(id).path), sourceLocation: sourceLocation)
  }

  @Test func goodResults() throws {
    try withResult { store in
      #expect(try store.damage(id, model: true) == nil)
      #expect(try store.verifiedState(id, model: true) == .done)
      let result = try store.result(id)
      #expect(result.evaluations.map(\.point) == ["best", "last"])
      #expect(result.record.metrics == result["last"]?.evaluation.values)
      #expect(try store.evaluation(id) == Samples.evaluation())
      #expect(try store.evaluation(id, point: "best") == Samples.evaluation(seed: 8))
      #expect(try store.models(id).networks.map(\.name) == ["mean_teacher"])
      #expect { try store.evaluation(id, point: "middle") } throws: { "\($0)".contains("/eval/middle") }
    }
  }

  /// One digit of one metric.
  @Test func changedMetrics() throws {
    try withResult { store in
      let miou = try #require(try store.record(id)?.metrics["miou"])
      let text = "\"miou\" : \(miou)"
      try replace(try record(store), text, text.dropLast() + (text.hasSuffix("7") ? "8" : "7"))
      try expectDamaged(
        store, ["run.json: damaged: metrics.miou is ", "the counts in tensors.h5 give \(miou)"])
    }
    try withResult { store in
      try replace(try record(store), "\"iou.class_0\"", "\"iou.class_9\"")
      try expectDamaged(store, ["run.json", "metrics.iou.class_9", "give no value"])
    }
  }

  /// A record that lacks a metric, as of a version that did not compute it and wrote no checksum, is not wrong; one that
  /// lost it is.
  @Test func fewerMetrics() throws {
    try withResult { store in
      let url = try record(store)
      let miou = try #require(try store.record(id)?.metrics["miou"])
      try replace(url, "\"miou\" : \(miou),", "")
      try expectDamaged(store, ["run.json", "recordChecksum"])
      let text = try String(contentsOf: url, encoding: .utf8)
      let line = try #require(text.split(separator: "\n").first { $0.contains("recordChecksum") })
      try replace(url, "\(line)\n", "")
      #expect(try store.damage(id) == nil)
    }
  }

  @Test func changedSpec() throws {
    try withResult { store in
      try replace(
        try record(store), "\"iterations\" : 40,\n    \"learning_rate\"",
        "\"iterations\" : 41,\n    \"learning_rate\"")
      try expectDamaged(store, ["run.json: damaged: its spec has the hash ", String(id.suffix(16))])
    }
  }

  /// What no count proves: seconds, seeds, machines, times, and what somebody adds.
  @Test(arguments: [
    ("\"wallSeconds\" : 12.25", "\"wallSeconds\" : 12.26", "recordChecksum"),
    ("\"peakMemoryBytes\" : 8589934592", "\"peakMemoryBytes\" : 8589934593", "recordChecksum"),
    ("\"threads\" : 2", "\"threads\" : 3", "recordChecksum"),
    ("\"iterations\" : 40,\n  \"metrics\"", "\"iterations\" : 50,\n  \"metrics\"", "recordChecksum"),
    ("0123abc", "0123abd", "recordChecksum"), ("Some CPU", "Some GPU", "recordChecksum"),
    ("\"dirty\" : true", "\"dirty\" : false", "recordChecksum"), ("2.6.3", "2.7.3", "recordChecksum"),
    ("\"feed\"", "\"food\"", "recordChecksum"),
    ("\"dirty\" : true", "\"dirty\" : true, \"more\" : 1", "recordChecksum"),
    ("\"recordChecksum\" : \"", "\"recordChecksum\" : \"0", "recordChecksum"),
    ("\"wallSeconds\" : 12.25", "\"wallSeconds\" : -12.25", "wallSeconds is -12.25"),
    ("\"threads\" : 2", "\"threads\" : -2", "threads is -2"),
    ("\"wallSeconds\" : 12.25", "\"wallSeconds\" : NaN", "not readable"),
    ("\"state\" : \"done\"", "\"state\" : \"failed\"", "its state is 'failed', and it has the checksums"),
    ("\"state\" : \"done\"", "\"state\" : \"interrupted\"", "its state is 'interrupted'"),
    ("\"state\" : \"done\"", "\"state\" : \"fine\"", "not readable"),
  ]) func changedFields(_ old: String, _ new: String, _ reason: String) throws {
    try withResult { store in
      try replace(try record(store), old, new)
      try expectDamaged(store, ["run.json", reason])
      #expect(throws: ResultsError.self) { try store.model(id) }
    }
  }

  /// Values that no evaluation gives, and one that some other would.
  @Test(arguments: ["-5", "1.5", "101", "NaN", "null", "\"28\""]) func metricsOutOfReach(_ value: String)
    throws
  {
    try withResult { store in
      let miou = try #require(try store.record(id)?.metrics["miou"])
      try replace(try record(store), "\"miou\" : \(miou)", "\"miou\" : \(value)")
      try expectDamaged(store, ["run.json"])
    }
  }

  /// The layout of the text is nobody's business, and records of before there was a checksum are read.
  @Test func recordsThatAreRight() throws {
    try withResult { store in
      let url = try record(store)
      let text = try String(contentsOf: url, encoding: .utf8)
      let line = try #require(text.split(separator: "\n").first { $0.contains("recordChecksum") })
      try text.replacingOccurrences(of: "  ", with: "\t").write(to: url, atomically: false, encoding: .utf8)
      #expect(try store.damage(id, model: true) == nil)
      try text.replacingOccurrences(of: line + "\n", with: "").write(
        to: url, atomically: false, encoding: .utf8)
      #expect(try store.damage(id, model: true) == nil)
    }
  }

  /// Other weights of the same shapes, in a file that says it is this run's.
  @Test func weightsOfAnotherRun() throws {
    try withResult { store in
      let good = try Samples.tensors(id, more: true)
      let other = StoredModel(
        weights: good.model.weights.map { Samples.tensor($0.name, $0.tensor.shape, 3) },
        buffers: good.model.buffers)
      let tensors = RunTensors(
        runID: id, spec: Samples.spec, model: other, networks: good.networks, evaluations: good.evaluations,
        curves: good.curves)
      try AtomicFile.write(tensors.image(), to: try store.tensorsFile(id))
      #expect(try store.evaluation(id) == Samples.evaluation())
      let reason = try #require(try store.damage(id, model: true))
      #expect(reason.contains("tensors.h5: damaged: its model has the checksum"))
      #expect(throws: ResultsError.self) { try store.model(id) }
    }
  }

  @Test func recordsOfOtherRunsAndVersions() throws {
    try withResult { store in
      try replace(try record(store), id, "other-run-0123456789abcdef")
      try expectDamaged(store, ["run.json", "record of run other-run-0123456789abcdef"])
    }
    try withResult { store in
      try replace(try record(store), "\"schemaVersion\" : 2", "\"schemaVersion\" : 1")
      try expectDamaged(store, ["run.json: schema version 1, this program reads 2", "train the run again"])
    }
    try withResult { store in
      try replace(try record(store), "\"checksums\"", "\"checksum\"")
      try expectDamaged(store, ["run.json", "lacks the checksums"])
    }
    try withResult { store in
      try Data("{".utf8).write(to: try record(store))
      try expectDamaged(store, ["run.json: not readable"])
    }
  }

  @Test func changedCounts() throws {
    // A good file of other counts.
    try withResult { store in
      let other = EvaluationPoint(point: "last", iteration: 40, evaluation: try Samples.evaluation(seed: 99))
      let tensors = RunTensors(
        runID: id, spec: Samples.spec, model: Samples.model, evaluations: [other], curves: Curves())
      try AtomicFile.write(tensors.image(), to: try store.tensorsFile(id))
      try expectDamaged(store, ["tensors.h5: damaged: its evaluation has the checksum", "run.json says"])
    }
    // The best evaluation alone.
    try withResult { store in
      let good = try Samples.tensors(id, more: true)
      let other = EvaluationPoint(point: "best", iteration: 31, evaluation: try Samples.evaluation(seed: 8))
      let tensors = RunTensors(
        runID: id, spec: Samples.spec, model: good.model, networks: good.networks,
        evaluations: [good.last, other],
        curves: good.curves)
      try AtomicFile.write(tensors.image(), to: try store.tensorsFile(id))
      try expectDamaged(store, ["its evaluation has the checksum"])
    }
    try withResult { store in
      try AtomicFile.write(try Samples.tensors("other", more: true).image(), to: try store.tensorsFile(id))
      try expectDamaged(store, ["tensors.h5", "belongs to run other"])
    }
  }

  @Test func countsThatNoEvaluationGives() throws {
    func spoilt(_ name: String, _ change: (inout [Int64]) -> Void, _ part: String) throws {
      try withResult { store in
        try write(store) { writer, tensors in try writer.copy(tensors, name, change) }
        try expectDamaged(store, ["tensors.h5", "/eval/last", part])
      }
    }
    try spoilt("tp", { $0[0] = -1 }, "tp has a negative count")
    // Sums of these would overflow.
    try spoilt(
      "tp", { counts in for index in 0..<5 { counts[index] = .max } },
      "tp has a count of 9223372036854775807 pixels")
    try spoilt("calibration/ece/count", { $0[0] = 1 << 62 }, "calibration ece: count has a count of")
    try spoilt("classwise/count", { $0[0] = .max }, "classwise count has a count of")
    try spoilt("fp", { $0[1] += 1 }, "false positives and false negatives differ")
    try spoilt("calibration/ece/count", { $0[9] += 1 }, "the bins of ECE hold")
    try spoilt(
      "calibration/bece/correct", { $0[3] = 1 << 40 }, "calibration bece: more correct pixels than pixels")
    try spoilt("classwise/labelled", { $0[2] += 1 }, "classwise bins of class 0")
    try spoilt("classwise/probability", { $0[2] = -5 }, "classwise probability has a negative count")
    for value in [Double.nan, .infinity, -1, 1e9] {
      try withResult { store in
        try write(store) { writer, tensors in
          try writer.copy(tensors, "", confidence: { $0[4] = value }) { _ in }
        }
        try expectDamaged(store, ["calibration ece: a sum of confidence is \(value)"])
      }
    }
  }

  /// What names a group in a file need not name anything else.
  @Test func namesThatNoNetworkHas() throws {
    try withResult { store in
      try write(store) { writer, tensors in
        try writer.copy(tensors)
        for group in ["weights", "buffers", "networks/mean-teacher/weights"] { try writer.makeGroup(group) }
      }
      let path = try store.tensorsFile(id).path
      #expect(
        throws: ResultsError.damaged(path: path, reason: "/networks/mean-teacher is no name of a network")
      ) { try store.model(id) }
    }
    // Composed and decomposed.
    try withResult { store in
      try write(store) { writer, tensors in
        try writer.copy(tensors)
        try writer.makeGroup("buffers")
        for name in ["\u{E9}", "e\u{301}"] {
          try writer.write(floats: [1], shape: [1], at: "weights/\(name)")
        }
      }
      let path = try store.tensorsFile(id).path
      #expect(throws: ResultsError.damaged(path: path, reason: "/weights has '\u{E9}' twice")) {
        try store.model(id)
      }
    }
  }

  @Test func missingGroups() throws {
    for name in [
      "tp", "ids", "class_names", "calibration/bece/confidence", "classwise/count", "classwise/has_ignored",
    ] {
      try withResult { store in
        try write(store) { writer, tensors in try writer.copy(tensors, without: name) }
        try expectDamaged(store, ["tensors.h5: damaged: has no 'eval/last/\(name)'"])
      }
    }
    try withResult { store in
      try write(store) { writer, _ in try writer.makeGroup("eval/best") }
      try expectDamaged(store, ["tensors.h5", "no evaluation /eval/last"])
    }
    try withResult { store in
      try Data("not HDF5".utf8).write(to: try store.tensorsFile(id))
      try expectDamaged(store, ["tensors.h5: damaged: not a readable HDF5 file"])
    }
  }

  /// Counts are believed without the model, the model only with its checksum.
  @Test func changedWeights() throws {
    for (name, value) in [("head.1.weight", Float(0.5)), ("mean_teacher", Float(9))] {
      try withResult { store in
        let url = try store.tensorsFile(id)
        var data = try Data(contentsOf: url)
        let pattern = [value, value + 1, value + 2].withUnsafeBytes { Data($0) }
        let place = try #require(data.range(of: pattern), "\(name) is not in the file").lowerBound
        data[place + 5] ^= 0x20
        try data.write(to: url)
        #expect(try store.verifiedState(id) == .done)
        #expect(try store.evaluation(id) == Samples.evaluation())
        let reason = try #require(try store.damage(id, model: true))
        #expect(reason.contains("tensors.h5: damaged: its model has the checksum"))
        #expect(throws: ResultsError.self) { try store.model(id) }
      }
    }
  }

  @Test func damagedResultsCanBeReplaced() throws {
    try withResult { store in
      try Data("{".utf8).write(to: try record(store))
      let claim = try store.take(id)
      try claim.reset()
      try claim.finish(Samples.record(id), Samples.tensors(id))
      #expect(try store.verifiedState(id, model: true) == .done)
    }
  }
}

extension HDF5Writer {
  /// Writes the last evaluation of `tensors` as /eval/last, with changed integers of the dataset `name`, changed
  /// confidences, or without the dataset `without`.
  fileprivate func copy(
    _ tensors: RunTensors, _ name: String = "", without: String = "",
    confidence: (inout [Double]) -> Void = { _ in },
    _ change: (inout [Int64]) -> Void = { _ in }
  ) throws {
    let stored = tensors.last.evaluation
    let evaluation = stored.evaluation
    func write(_ values: [Int64], _ shape: [Int], _ dataset: String) throws {
      guard dataset != without else { return }
      var values = values
      if dataset == name { change(&values) }
      try self.write(int64s: values, shape: shape, at: "eval/last/\(dataset)")
    }
    let shape = [evaluation.images, evaluation.classes]
    try write(evaluation.confusion.truePositives, shape, "tp")
    try write(evaluation.confusion.falsePositives, shape, "fp")
    try write(evaluation.confusion.falseNegatives, shape, "fn")
    if without != "ids" { try self.write(strings: stored.imageIDs, at: "eval/last/ids") }
    if without != "class_names" { try self.write(strings: stored.classNames, at: "eval/last/class_names") }
    for (group, bins) in [("ece", evaluation.calibration), ("bece", evaluation.boundaryCalibration)] {
      let shape = [evaluation.images, CalibrationBins.bins]
      try write(bins.count, shape, "calibration/\(group)/count")
      try write(bins.correct, shape, "calibration/\(group)/correct")
      var sums = bins.confidence
      if group == "ece" { confidence(&sums) }
      if without != "calibration/\(group)/confidence" {
        try self.write(doubles: sums, shape: shape, at: "eval/last/calibration/\(group)/confidence")
      }
    }
    for field in ClasswiseCalibration.Field.allCases {
      try write(
        evaluation.classwise.values(of: field),
        [evaluation.images, 2, evaluation.classes, CalibrationBins.bins],
        "classwise/\(field)")
    }
    if without != "classwise/has_ignored" {
      try self.write(
        bytes: evaluation.classwise.hasIgnored.map { $0 ? 1 : 0 }, shape: [evaluation.images],
        at: "eval/last/classwise/has_ignored")
    }
    try self.write(attribute: 40, named: "iteration", at: "eval/last")
  }
}
