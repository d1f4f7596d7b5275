import Experiments
import Foundation
import HDF5
import JSON
import Results
import TestSupport
import Testing

/// Kinds of runs beside Table 4's, by the command line: semi-supervised, a pretrained backbone, evaluation on the way,
/// frozen runs.
@Suite(.serialized) struct MethodRunTests {
  private static let table = """
    number: 97
    title: Kinds of runs
    row_headers: [Model]
    defaults:
      metric: miou
      label: hard
      loss: ce_jml
      seeds: [0]
      dataset: cityscapes
      recipe: sgd_cityscapes
      inputs:
        teacher: {model: deeplabv3_mobilenetv2_100, loss: ce, label: hard, seed: 1}
        backbone: {model: deeplabv3_mobilenetv2_100, loss: ce, label: hard, seed: 1}
    columns:
      - {title: SSL, kind: run, semi_supervised: half, labelled: half}
      - {title: Best, kind: run, semi_supervised: half, labelled: half, point: best}
      - {title: Student, kind: run, semi_supervised: half, labelled: half, point: best, network: student}
      - {title: KD, kind: run, distillation: low}
    rows:
      - {labels: [DL3-MB2], model: pretrained}

    """
  private static let half = """
    kind: self_training
    unlabelled_batch: 2
    decay: 0.9
    threshold: 0.1
    unlabelled_weight: 1.0

    """
  private static let low = """
    label_weights: {cross_entropy: 1, region: 1}
    terms:
      - {kind: pixel_wise, weight: 1, temperature: 2, at: logits, heads: [main]}

    """

  private func withKinds(_ body: (KindsOfRuns) throws -> Void) throws {
    try KindsOfRuns.with(
      table: Self.table,
      files: [
        "semi_supervised/half.yaml": Self.half, "labelled/half.yaml": "images: 1\nof: 2\nseed: 0\n",
        "distillation/low.yaml": Self.low,
      ], body)
  }

  @Test func everyKindRunsAndIsStored() throws {
    try withKinds { kinds in
      let (tool, folder, runs) = (kinds.tool, kinds.folder, try kinds.runs())
      #expect(runs.map(\.method).sorted() == ["ce", "ce_jml-half", "ce_jml-low"])
      let first = try #require(runs.first { $0.method == "ce" })
      let semi = try #require(runs.first { $0.method == "ce_jml-half" })
      let distilled = try #require(runs.first { $0.method == "ce_jml-low" })
      // Teacher and backbone of the student are one run, which is trained once.
      #expect(semi.inputs == ["backbone": first.id])
      #expect(distilled.inputs == ["backbone": first.id, "teacher": first.id])

      let output = try tool("run", "--profile", "tiny")
      #expect(output.code == 0, "\(output.err)")
      let store = ResultStore(root: folder.appendingPathComponent("results/tiny"))
      let tensors = try store.tensors(semi.id)
      #expect(tensors.evaluations.map(\.point) == ["best", "best_student", "last", "last_student"])
      #expect(tensors.networks.map(\.name) == ["student"])
      #expect(tensors["last"]?.iteration == 12 && [5, 10, 12].contains(tensors["best"]?.iteration))
      func miou(_ point: String) -> Double { tensors[point]?.evaluation.values["miou"] ?? -1 }
      #expect(miou("best") >= miou("last") && miou("best_student") >= miou("last_student"))
      let log = try store.log(semi.id)
      for key in ["cross_entropy", "jaccard", "unlabelled_cross_entropy", "unlabelled_jaccard", "loss"] {
        #expect(log.last?[key]?.double != nil, "the log has no \(key)")
      }
      // The evaluations on the way, of both networks; the last one is in the result.
      let moments = log.compactMap(LoggedEvaluation.init)
      #expect(moments.map(\.iteration) == [5, 5, 10, 10])
      #expect(moments.map(\.network) == [nil, "student", nil, "student"])
      let best = moments.filter { $0.network == nil }.compactMap { $0.metrics["miou"] } + [miou("last")]
      #expect(best.max() == miou("best"))
      #expect(try store.tensors(distilled.id).evaluations.map(\.point) == ["best", "last"])
      for id in runs.map(\.id) {
        let names = try FileManager.default.contentsOfDirectory(atPath: try store.folder(id).path).sorted()
        #expect(names == ["log.jsonl", "run.json", "tensors.h5"])
      }
      let table = try tool("table", "--profile", "tiny", "--json").json()
      let rows = try #require(table["rows"] as? [[String: Any]])
      let cells = try #require(rows.first?["cells"] as? [String: [String: Any]])
      // JSONSerialization does not always read a number back to the bit.
      expectClose(try #require(cells["SSL"]?["mean"] as? Double), miou("last"), tolerance: 1e-12)
      expectClose(try #require(cells["Best"]?["mean"] as? Double), miou("best"), tolerance: 1e-12)
      expectClose(
        try #require(cells["Student"]?["mean"] as? Double), miou("best_student"), tolerance: 1e-12)
    }
  }

  /// A frozen run is trained by its file alone: kill -9 at three places, the same bits in the end.
  @Test func frozenRunsSurviveKills() throws {
    try withKinds { try $0.trainFrozenRunsWithKills() }
  }

  @Test func frozenRunsThatDoNotFit() throws {
    try withKinds { kinds in
      let (tool, folder, runs) = (kinds.tool, kinds.folder, try kinds.runs())
      #expect(try tool("plan", "--profile", "tiny", "--freeze", "frozen").code == 0)
      let semi = try #require(runs.first { $0.method == "ce_jml-half" })
      let file = folder.appendingPathComponent("frozen/\(semi.id).json")
      let text = try String(contentsOf: file, encoding: .utf8)
      func train(_ changed: String, _ profile: String = "tiny") throws -> CommandLineTool.Output {
        try changed.write(
          to: folder.appendingPathComponent("changed.json"), atomically: true, encoding: .utf8)
        return try tool("train", "--spec", "changed.json", "--profile", profile)
      }
      // Its backbone is not trained yet.
      let early = try train(text)
      #expect(early.code == 1 && early.err.contains("(backbone), which is not finished"), "\(early.err)")
      for (old, new, code, says) in [
        (
          "\"threshold\": 0.1", "\"threshold\": 7", Int32(65),
          "semi_supervised.threshold: '7' is out of range"
        ),
        (
          "\"kind\": \"self_training\"", "\"kind\": \"other\"", 65,
          "allowed: one of labelled_only, self_training"
        ),
        (
          "\"fingerprint\": \"embedded-", "\"fingerprint\": \"embedded-1", 65,
          "not those that the run was planned with"
        ),
        ("\"numerics\": \(RunSpec.currentNumerics)", "\"numerics\": 3", 65, "plan the run again"),
      ] {
        let changed = text.replacingOccurrences(of: old, with: new)
        #expect(changed != text, "\(old)")
        let output = try train(changed)
        #expect(output.code == code && output.err.contains(says), "\(output.code) \(output.err)")
        #expect(output.err.split(separator: "\n").count == 1, "\(output.err)")
      }
      let other = try train(text, "smoke")
      #expect(other.code == 64 && other.err.contains("a run of profile 'tiny'"), "\(other.err)")
      #expect(try tool("train", "--profile", "tiny").code == 64)
    }
  }
}
