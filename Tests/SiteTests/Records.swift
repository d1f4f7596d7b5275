import Experiments
import Foundation
import JSON
import Metrics
import Results
import Site
import Tensors

/// A small folder of results: two tables, two claims, published runs, nights, a benchmark and a figure.
enum Records {
  static let hostile = #"<script>alert("x")</script>"#

  static func id(_ method: String, seed: Int) -> String {
    "cityscapes-net_a-\(method)-s\(seed)-" + SHA256.hexDigest(of: spec(method, seed).canonical).prefix(16)
  }

  static func spec(_ method: String, _ seed: Int) -> JSONValue {
    .object(["method": .string(method), "seed": .int(seed), "inputs": .object([:])])
  }

  static func write(_ text: String, _ path: String, in folder: URL) throws {
    let file = folder.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// - Returns: the folder above the profiles'.
  static func results(in folder: URL) throws -> URL {
    let runs = [("ce", 0), ("ce", 1), ("ce-kd", 0)].map { method, seed in
      """
      {"commit":"0123456789abcdef","cpu":"\(quoted(hostile))","data":"embedded, 4 images","metrics":{"last":\
      {"miou":\(20 + seed).5,"accuracy":50.25,"ece":3}},"peak_memory_bytes":1000000,"run":"\(id(method, seed: seed))",\
      "seconds":12.5,"threads":1}

      """
    }
    try write(runs.joined(), "mini/runs.jsonl", in: folder)
    try seal(folder)
    try write(table, "mini/table01.json", in: folder)
    try write(claims, "mini/claims.json", in: folder)
    try write(bench, "bench/bench.json", in: folder)
    try write(#"{"number": 2, "title": "Curves & more"}"#, "figures/figure2.json", in: folder)
    try write(
      #"<svg xmlns="http://www.w3.org/2000/svg" width="430" height="340.5"></svg>"#, "figures/figure2.svg",
      in: folder)
    try write(nights, "regression/history/2026-01-02.jsonl", in: folder)
    return folder
  }

  /// Gives the published lines of a folder their checksums anew.
  static func seal(_ results: URL) throws {
    let folder = results.appendingPathComponent("mini")
    let file = folder.appendingPathComponent(PublishedRuns.fileName)
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(text.replacing(try Regex(#""checksum":"[0-9a-f]*","#), with: "").utf8).write(to: file)
    _ = try PublishedRuns(reading: folder, unsealed: true).write(to: folder)
  }

  static func records(_ results: URL, title: String = "A site") throws -> SiteRecords {
    let published = try PublishedRuns(reading: results.appendingPathComponent("mini"))
    return try SiteRecords(
      reading: results, profile: "mini", title: title,
      tables: [("table01", true, { "" }), ("table02", true, { pending })],
      runs: published.all.map { RunEntry($0) })
  }

  /// The pages by path.
  static func site(_ records: SiteRecords) throws -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: try Site(records).files.map {
        ($0.path, String(decoding: $0.data, as: UTF8.self))
      })
  }

  private static func quoted(_ text: String) -> String {
    String(JSONValue.quoted(text).dropFirst().dropLast())
  }

  private static var table: String {
    """
    {"table": "table01", "number": 1, "title": "Two \(quoted(hostile)) methods", "unit": "%",
     "row_headers": ["Model", "Metric"], "columns": ["CE", "KD"], "profile": "mini", "comparable_with_paper": false,
     "rows": [
      {"labels": ["\(quoted(hostile))", "mIoU"],
       "cells": {
        "CE": {"state": "value", "mean": 21, "std": 0.5, "n": 2, "planned": 2, "values": [20.5, 21.5],
         "runs": ["\(id("ce", seed: 0))", "\(id("ce", seed: 1))"], "metric": "miou", "best": true,
         "paper": {"mean": "72.88", "std": "0.44"}, "footnotes": ["a"]},
        "KD": {"state": "value", "mean": 20.5, "std": 0, "n": 1, "planned": 3, "values": [20.5],
         "runs": ["\(id("ce-kd", seed: 0))", "\(id("ce-kd", seed: 1))", "\(id("ce-kd", seed: 2))"], "metric": "miou"}},
       "differences": {"KD - CE": {"state": "value", "mean": -0.5, "std": 0, "n": 1, "planned": 1, "values": [-0.5],
        "metric": "miou", "paper": {"mean": "+1.10", "std": null}}}},
      {"labels": ["Net B", "mIoU"],
       "cells": {"CE": {"state": "pending", "planned": 3, "metric": "miou", "runs": []}, "KD": {"state": "absent"}},
       "differences": {"KD - CE": {"state": "not_yet_run", "quoted": {"mean": "1.00", "std": null}}}}],
     "notes": ["A `note` & more."], "footnotes": {"a": "Of \(quoted(hostile))."}, "seeds": [0, 1], "folds": [],
     "hardware": ["CPU"], "threads": [1], "overrides": [], "failures": {"\(id("ce", seed: 1))": "diverged: <nan>"},
     "data": {"cityscapes": {"fingerprint": "embedded-1", "description": ["embedded, 4 images"]}}}
    """
  }

  private static let pending = """
    {"table": "table02", "number": 2, "title": "Not run", "unit": null, "row_headers": ["Model"], "columns": ["CE"],
     "rows": [{"labels": ["Net"], "cells": {"CE": {"state": "pending", "planned": 3, "runs": []}}, "differences": {}}],
     "notes": []}
    """

  private static var claims: String {
    let side = """
      {"verdict": "holds", "holds": 1, "of": 1, "reason": null, "towards": 0.5, "effect": 1.5, "tests": ["paired"],
       "comparisons": [{"check": "\(quoted(hostile))", "contrast": false, "place": "Table 1: Net", "difference": 0.5,
        "holds": true, "left": {"name": "CE", "mean": 21, "std": 0.5, "n": 2}, "test": {"kind": "paired", "p": 0.0123},
        "right": {"name": "KD", "mean": 20.5, "std": null, "n": 0}}]}
      """
    let open = """
      {"verdict": "not decidable", "holds": 0, "of": 0, "reason": "3 runs are not finished", "towards": null,
       "effect": null, "tests": [], "comparisons": []}
      """
    return """
      {"claims": [
       {"id": "A01-first", "section": "4.1", "text": "CE <b>beats</b> KD", "quantifier": "most", "paper": \(side),
        "ours": \(open), "p": null, "p_holm": null},
       {"id": "A02-second", "section": "4.2", "text": "Another", "quantifier": "all", "paper": \(side), "ours": \(side),
        "p": 0.0123, "p_holm": 0.0246}]}
      """
  }

  private static let bench = """
    {"threads": 2, "rows": [{"name": "step_a", "notes": ["A <note>."], "pairs": [
      {"ours": {"seconds_per_step": 2, "peak_memory_bytes": 1000000, "cpu": "CPU", "versions": {"b": "2", "a": "1"}},
       "peers": {"float32": {"seconds_per_step": 5, "peak_memory_bytes": 3000000},
                 "channels_last": {"seconds_per_step": 4, "peak_memory_bytes": 3500000}}}]}]}
    """

  private static var nights: String {
    """
    {"date": "2026-01-02", "name": "smoke", "verdict": "passed", "commit": "0123456789abcdef", "lines": [], "more": 1, \
    "cells": [{"place": {"table": "table01", "row": ["\(quoted(hostile))", "mIoU"], "column": "CE"}, "mean": 21.5, \
    "n": 2}]}
    {"date": "2026-01-02", "name": "other", "profile": "smoke", "verdict": "passed", "cells": [\
    {"place": {"table": "table01", "row": ["\(quoted(hostile))", "mIoU"], "column": "CE"}, "mean": 1, "n": 1}]}
    {"date": "2026-01-03", "name": "smoke", "cell": "table01, Net, CE", "value": 20, "reference": 21, \
    "verdict": "regressed"}
    {"date": "2026-01-04", "na
    """
  }

  /// A finished run in a store, with counts of five classes.
  static func finish(_ method: String, seed: Int, in root: URL) throws {
    let id = id(method, seed: seed)
    var random = RandomSource(seed: 3, purpose: "site tests")
    var evaluation = Evaluation(classes: 5)
    for _ in 0..<2 {
      let scores = (0..<5 * 7 * 11).map { _ in Float(random.uniform(-3, 3)) }
      let label = LabelMap(height: 7, width: 11, values: (0..<77).map { _ in UInt8(random.below(4)) })
      try evaluation.add(
        scores: Tensor(scores, shape: [5, 7, 11]), label: label,
        boundary: (0..<77).map { _ in UInt8(random.below(2)) })
    }
    let stored = StoredEvaluation(
      imageIDs: ["a", "b"], classNames: ["road", "sky & air", hostile, "car", "person"],
      evaluation: evaluation)
    let tensors = RunTensors(
      runID: id, spec: spec(method, seed), model: StoredModel(weights: [], buffers: []),
      evaluations: [EvaluationPoint(point: "last", iteration: 20, evaluation: stored)],
      curves: Curves(iteration: [0, 10], loss: [3, 2], learningRate: [0.1, 0.05]))
    let record = RunRecord(
      runID: id, state: .done, spec: spec(method, seed), seed: UInt64(seed), commit: "0123456789abcdef",
      dirty: true, versions: ["swift": "6.3", "dnnl": "2.6"], threads: 1, cpu: "CPU", wallSeconds: 3,
      peakMemoryBytes: 5_000_000, iterations: 20, dataFingerprint: "feed", dataDescription: "embedded")
    guard case .claimed(let claim) = try ResultStore(root: root).claim(id) else { return }
    for iteration in [0, 10, 20] {
      try claim.log(iteration: iteration, ["loss": .number(3 - Double(iteration) / 20)])
    }
    _ = try claim.finish(record, tensors)
  }
}
