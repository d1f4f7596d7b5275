import EventFiles
import Experiments
import Foundation
import JSON
import Metrics
import Results
import Tensors
import TestSupport
import Testing

/// What of a stored run becomes events.
@Suite(.serialized) struct RunEventsTests {
  private func record(_ state: RunOutcome, error: String? = nil) -> RunRecord {
    RunRecord(
      runID: "r", state: state, spec: .object(["half": .bool(true), "smooth": .number(0.5)]), seed: 3,
      commit: "0123abc", dirty: true, versions: ["swift": "6.3", "hdf5": "1.10.8"], threads: 2,
      cpu: "Some CPU", wallSeconds: 12.25, peakMemoryBytes: 1, iterations: 12, dataFingerprint: "feed",
      dataDescription: "embedded", error: error)
  }

  /// One image of 3 classes, a part of whose pixels is wrong.
  private func evaluation(_ wrong: Int) throws -> StoredEvaluation {
    var evaluation = Evaluation(classes: 3)
    let truth = (0..<35).map { UInt8($0 % 3) }
    let scores = (0..<3 * 35).map { place -> Float in
      let (channel, pixel) = (place / 35, place % 35)
      return channel == (pixel < wrong ? (Int(truth[pixel]) + 1) % 3 : Int(truth[pixel])) ? 2 : 0
    }
    try evaluation.add(
      scores: Tensor(scores, shape: [3, 5, 7]), label: LabelMap(height: 5, width: 7, values: truth),
      boundary: [UInt8](repeating: 1, count: 35))
    return StoredEvaluation(imageIDs: ["a"], classNames: ["x", "y", "z"], evaluation: evaluation)
  }

  private func withStore(_ body: (ResultStore, RunClaim) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let store = ResultStore(root: folder)
      guard case .claimed(let claim) = try store.claim("r") else {
        Issue.record("the run is not free")
        return
      }
      try body(store, claim)
    }
  }

  private func log(_ claim: RunClaim, _ iterations: [Int]) throws {
    for iteration in iterations {
      try claim.log(
        iteration: iteration,
        [
          "loss": .number(4 / Double(iteration)), "learning_rate": .number(0.125), "seconds": .number(0.5),
          "cross_entropy": .number(1), "jaccard": .int(2),
        ])
    }
  }

  private func scalars(_ events: [Event], _ tag: String) -> [[Double]] {
    events.flatMap { event -> [[Double]] in
      guard case .values(let values) = event.content else { return [] }
      return values.compactMap { value in
        guard case .scalar(tag, let number) = value else { return nil }
        return [Double(event.step), event.wallTime, Double(number)]
      }
    }
  }

  private func texts(_ events: [Event]) -> [String: String] {
    var found: [String: String] = [:]
    for event in events {
      guard case .values(let values) = event.content else { continue }
      for case .text(let tag, let text) in values { found[tag] = text }
    }
    return found
  }

  @Test func finishedRun() throws {
    try withStore { store, claim in
      try log(claim, [4, 8, 12])
      let points = [("last", 12, 9), ("best", 8, 5), ("last_student", 12, 10), ("best_student", 12, 10)]
      let evaluations = try points.map { name, iteration, wrong in
        EvaluationPoint(point: name, iteration: iteration, evaluation: try evaluation(wrong))
      }
      try claim.finish(
        record(.done),
        RunTensors(
          runID: "r", spec: record(.done).spec, model: StoredModel(weights: [], buffers: []),
          evaluations: evaluations, curves: Curves()))
      let events = try RunEvents("r", in: store).events
      // Four iterations of half a second between two lines.
      #expect(scalars(events, "loss/total") == [[4, 2, 1], [8, 4, 0.5], [12, 6, Double(Float(1.0 / 3))]])
      #expect(scalars(events, "loss_terms/jaccard") == [[4, 2, 2], [8, 4, 2], [12, 6, 2]])
      #expect(scalars(events, "learning_rate").map { $0[2] } == [0.125, 0.125, 0.125])
      #expect(scalars(events, "seconds_per_iteration").count == 3)
      func miou(_ wrong: Int) throws -> Double {
        Double(Float(try #require(try evaluation(wrong).values["miou"])))
      }
      #expect(try scalars(events, "evaluation/miou") == [[8, 4, miou(5)], [12, 6, miou(9)]])
      // One iteration was both the best and the last.
      #expect(try scalars(events, "evaluation_student/miou") == [[12, 6, miou(10)]])
      #expect(events.map(\.step) == events.map(\.step).sorted())
      #expect(texts(events)["spec"] == "    {\n      \"half\": true,\n      \"smooth\": 0.5\n    }\n")
      #expect(texts(events)["run"]?.contains("- state: done\n- iterations: 12") == true)
      #expect(try EventFile.bytes(RunEvents("r", in: store).events) == EventFile.bytes(events))
    }
  }

  /// mIoU over iterations: what the log has of evaluations on the way, and the counts of the points where there
  /// are some.
  @Test func evaluationsOnTheWay() throws {
    try withStore { store, claim in
      func point(_ name: String, _ iteration: Int, _ wrong: Int) throws -> EvaluationPoint {
        EvaluationPoint(point: name, iteration: iteration, evaluation: try evaluation(wrong))
      }
      for (iteration, wrong) in [(4, 11), (8, 5)] {
        try log(claim, [iteration])
        try claim.log(LoggedEvaluation(point("last", iteration, wrong), of: nil))
        try claim.log(LoggedEvaluation(point("last_student", iteration, wrong + 2), of: "student"))
      }
      func miou(_ wrong: Int) throws -> Double {
        Double(Float(try #require(try evaluation(wrong).values["miou"])))
      }
      let running = try RunEvents("r", in: store)
      #expect(running.logged == 2)
      #expect(try scalars(running.events, "evaluation/miou") == [[4, 2, miou(11)], [8, 4, miou(5)]])
      #expect(
        try scalars(running.events, "evaluation_student/miou") == [[4, 2, miou(13)], [8, 4, miou(7)]])
      try log(claim, [12])
      try claim.finish(
        record(.done),
        RunTensors(
          runID: "r", spec: record(.done).spec, model: StoredModel(weights: [], buffers: []),
          evaluations: [point("last", 12, 9), point("best", 8, 5)], curves: Curves()))
      let events = try RunEvents("r", in: store).events
      #expect(
        try scalars(events, "evaluation/miou") == [[4, 2, miou(11)], [8, 4, miou(5)], [12, 6, miou(9)]])
      #expect(scalars(events, "evaluation/ece").count == 3 && scalars(events, "loss/total").count == 3)
    }
  }

  /// What an unfinished run has said so far, and why it ended.
  @Test func unfinishedRuns() throws {
    try withStore { store, claim in
      #expect(try RunEvents("r", in: store).events.isEmpty)
      try log(claim, [1, 2])
      #expect(try scalars(RunEvents("r", in: store).events, "loss/total") == [[1, 0.5, 4], [2, 1, 2]])
      #expect(try texts(RunEvents("r", in: store).events).isEmpty)
      try claim.close(record(.diverged, error: "loss is NaN\nat iteration 3"))
      let events = try RunEvents("r", in: store).events
      #expect(
        texts(events)["run"]?.contains("- state: diverged\n- reason: loss is NaN at iteration 3\n") == true)
      #expect(scalars(events, "loss_terms/cross_entropy").count == 2)
    }
  }

  @Test func damagedLogsAreNamed() throws {
    for (line, problem) in [
      (#"{"iteration": 1.5, "loss": 1, "learning_rate": 1, "seconds": 1}"#, "'iteration' is no count"),
      (#"{"iteration": 1, "learning_rate": 1, "seconds": 1}"#, "'loss' is no number"),
      (#"{"iteration": 1, "loss": 1, "learning_rate": 1, "seconds": 1, "kl": "x"}"#, "'kl' is no number"),
      (#"{"iteration": 1, "evaluation": {"miou": "x"}}"#, "'evaluation' has no metrics"),
      (#"{"iteration": 0.5, "evaluation": {}}"#, "'evaluation' has no metrics"),
      ("[1]", "it is no JSON object"), ("{", "log.jsonl: not readable"),
    ] {
      try withStore { store, claim in
        try Data((line + "\n").utf8).write(to: claim.folder.appendingPathComponent("log.jsonl"))
        do {
          _ = try RunEvents("r", in: store)
          Issue.record("\(line) was taken")
        } catch let error as ResultsError {
          #expect(error.isDamage && error.description.contains(problem), "\(error)")
          #expect(error.description.contains("log.jsonl"))
        }
      }
    }
  }
}
