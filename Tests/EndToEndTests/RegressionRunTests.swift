import Foundation
import Images
import Tensors
import TestSupport
import Testing

/// `jml regress` as somebody types it: a first reference, quiet nights, and nights with something wrong in them.
@Suite(.serialized)
struct RegressionRunTests {
  private static let subset = """
    tier: smoke
    profile: tiny
    budget_minutes: 5
    threads: 1
    seeds: 1
    tables:
      - table: tiny

    """

  private static let table = """
    number: 99
    title: One small run
    unit: mIoU %
    row_headers: [Model]
    defaults: {metric: miou, label: hard, seeds: [0]}
    columns:
      - {title: JML, kind: run, loss: ce_jml}
    rows:
      - labels: [DL3-MB2]
        dataset: cityscapes
        recipe: sgd_cityscapes
        model: deeplabv3_mobilenetv2_100
        paper: {JML: {mean: 1.0}}
    differences: []
    exceptions: []
    notes: []

    """

  /// One run of three iterations, and its pictures as a folder `good`.
  private func withNight(_ body: (CommandLineTool) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      let files = FileManager.default
      try files.removeItem(at: experiments.appendingPathComponent("regression"))
      try files.createDirectory(
        at: experiments.appendingPathComponent("regression"), withIntermediateDirectories: true)
      try Data(Self.subset.utf8).write(to: experiments.appendingPathComponent("regression/night.yaml"))
      try Data(Self.table.utf8).write(to: experiments.appendingPathComponent("tables/tiny.yaml"))
      let profile = experiments.appendingPathComponent("profiles/tiny.yaml")
      let text = try String(contentsOf: profile, encoding: .utf8)
      #expect(text.contains("iterations: 12"))
      try Data(text.replacingOccurrences(of: "iterations: 12", with: "iterations: 3").utf8).write(to: profile)
      let tool = CommandLineTool(folder: folder, experiments: experiments)
      let made = try tool("data", "make", "--profile", "tiny", "--table", "tiny")
      #expect(made.code == 0, "\(made.err)")
      try files.copyItem(
        at: folder.appendingPathComponent("data/embedded/tiny"), to: folder.appendingPathComponent("good"))
      try body(tool)
    }
  }

  /// A copy of `good` whose training files with the ending have gone through `change`.
  private func altered(
    _ tool: CommandLineTool, _ name: String, ending: String, _ change: (String) throws -> Void
  ) throws {
    let copy = tool.folder.appendingPathComponent(name)
    try FileManager.default.copyItem(at: tool.folder.appendingPathComponent("good"), to: copy)
    let paths = try FileManager.default.subpathsOfDirectory(atPath: copy.path).filter {
      $0.contains("/train/") && $0.hasSuffix(ending)
    }
    #expect(paths.count == 4)
    for path in paths { try change(copy.appendingPathComponent(path).path) }
  }

  @Test func injectedErrorsAreFound() throws {
    try withNight { tool in
      // The first night has nothing to be compared with, and becomes the reference.
      let first = try tool("regress", "night", "--data", "good")
      #expect(first.code == 69 && first.out.isEmpty, "\(first.err)")
      #expect(first.err.contains("night: not compared: 1 cells: 1 not compared; there is no reference"))
      let early = try tool("regress", "accept", "night", "--reason", " ")
      #expect(early.code == 64)
      let accept = try tool("regress", "accept", "night", "--reason", "first")
      #expect(accept.code == 0, "\(accept.err)")

      // Trained anew, with the same bits.
      let quiet = try tool("regress", "night", "--data", "good", "--json")
      #expect(quiet.code == 0, "\(quiet.err)")
      let night = try #require((try quiet.json()["nights"] as? [[String: Any]])?.first)
      #expect(night["verdict"] as? String == "passed")
      #expect((night["cells"] as? [[String: Any]])?.first?["state"] as? String == "same")
      #expect(quiet.err.contains("1 runs"))
      let names = try FileManager.default.contentsOfDirectory(
        atPath: tool.folder.appendingPathComponent(".nightly").path)
      #expect(names == [".night.lock"])

      // The weight of the loss 10 % off.
      let weight = try tool("regress", "night", "--data", "good", "--set", "loss.jaccard_weight=0.675")
      check(weight, "the weight of the loss")
      // Roads are pavements.
      try altered(tool, "shifted", ending: "_labelIds.png") { path in
        let label = try ImageFile.readLabel(path)
        #expect(label.values.contains(7), "\(path)")
        try ImageFile.writeGreyPNG(
          LabelMap(height: label.height, width: label.width, values: label.values.map { $0 == 7 ? 8 : $0 }),
          to: path)
      }
      check(try tool("regress", "night", "--data", "shifted"), "a label")
      // Pictures are flipped, and labels are not.
      try altered(tool, "flipped", ending: "_leftImg8bit.png") { path in
        let image = try ImageFile.readRGB(path)
        var pixels: [UInt8] = []
        for y in 0..<image.height {
          for x in (0..<image.width).reversed() {
            let start: Int = (y * image.width + x) * 3
            pixels += image.pixels[start..<start + 3]
          }
        }
        try ImageFile.writePNG(
          ImageBuffer(height: image.height, width: image.width, pixels: pixels), to: path)
      }
      check(try tool("regress", "night", "--data", "flipped"), "a flip")
      // A loss that is not finite, however sums are rounded: weights of the head grow ten thousandfold a step.
      let diverged = try tool(
        "regress", "night", "--data", "good", "--set", "recipe.optimizer.learning_rate=10", "--set",
        "recipe.optimizer.head_multiplier=1000", "--set", "recipe.schedule.warmup_ratio=0", "--set",
        "recipe.optimizer.weight_decay=1", "--set", "profile.iterations=24")
      check(diverged, "divergence")
      #expect(diverged.out.contains("diverged: "), "\(diverged.out)")

      let history = try tool("regress", "history")
      #expect(history.code == 0 && history.err.contains("6 nights in "), "\(history.err)")
      let lines = history.out.split(separator: "\n").map(String.init)
      #expect(lines.filter { $0.contains("  regressed  ") }.count == 4)
      #expect(lines.filter { $0.contains("  passed  ") }.count == 1)
      #expect(lines.filter { $0.contains("  loss.jaccard_weight=0.675") }.count == 1)
    }
  }

  private func check(_ output: CommandLineTool.Output, _ what: String) {
    #expect(output.code == 1, "\(what): \(output.err)")
    let lines = output.out.split(separator: "\n")
    #expect(lines.count == 1, "\(what): \(output.out)")
    #expect(lines.first?.hasPrefix("regressed: tiny, DL3-MB2, JML: miou ") == true, "\(what): \(output.out)")
  }

  /// What nights leave, and what spoils them.
  @Test func referencesAndHistoryAreLookedAfter() throws {
    try withNight { tool in
      let folder = tool.folder.appendingPathComponent("results/regression")
      let nothing = try tool("regress", "accept", "night", "--reason", "none yet")
      #expect(nothing.code == 1 && nothing.err.contains("has no night of it"), "\(nothing.err)")
      let published = try tool("regress", "accept", "night", "--reason", "x", "--published")
      #expect(published.code == 65 && published.err.contains("compares counts and weights"))

      // What a killed night left is not taken for this one's.
      let left = tool.folder.appendingPathComponent(".nightly/night/tiny/runs/x")
      try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
      let first = try tool("regress", "--data", "good", "--date", "2001-02-03", "--keep")
      #expect(first.code == 69, "\(first.err)")
      let kept = tool.folder.appendingPathComponent(".nightly/2001-02-03-night/tiny/runs")
      #expect(try FileManager.default.contentsOfDirectory(atPath: kept.path).count == 1)
      #expect(try tool("regress", "accept", "night", "--reason", "first").code == 0)

      // A line that was cut is named, and the next night stands after it.
      let file = folder.appendingPathComponent("history/2001-02-03.jsonl")
      let handle = try FileHandle(forWritingTo: file)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(#"{"cells":[{"met"#.utf8))
      try handle.close()
      let cut = try tool("regress", "history")
      #expect(cut.err.contains("2001-02-03.jsonl:2: ignored: the line is cut after 15 bytes"), "\(cut.err)")
      let other = try tool("regress", "--data", "good", "--date", "2001-02-03", "--set", "loss.smooth=2")
      #expect(other.code == 1)
      #expect(try tool("regress", "history", "--json").out.contains("loss.smooth=2"))

      // A night with other values is no reference; that of before is.
      let refused = try tool("regress", "accept", "night", "--reason", "smoother")
      #expect(refused.code == 65 && refused.err.contains("the night had other values: loss.smooth=2"))

      // Of another version nothing is said.
      let reference = folder.appendingPathComponent("night.json")
      let text = try String(contentsOf: reference, encoding: .utf8)
      let numerics = try #require(text.firstMatch(of: /"numerics" : \d+/)).0
      try Data(text.replacingOccurrences(of: numerics, with: "\"numerics\" : 4").utf8).write(to: reference)
      let old = try tool("regress", "--data", "good")
      #expect(old.code == 69 && old.out.isEmpty, "\(old.err)")
      #expect(old.err.contains("the version of the numerics is ") && old.err.contains("the reference's 4"))
      // It is moved, and what it was is kept.
      #expect(try tool("regress", "accept", "night", "--reason", "newer numerics").code == 0)
      let moved = try JSONSerialization.jsonObject(with: Data(contentsOf: reference)) as? [String: Any]
      let former = try #require(moved?["history"] as? [[String: Any]])
      #expect(
        former.count == 1 && former[0]["numerics"] as? Int == 4 && former[0]["reason"] as? String == "first")
      let current = try #require(moved?["current"] as? [String: Any])
      #expect(current["reason"] as? String == "newer numerics")

      try Data(text.replacingOccurrences(of: "\"n\" : 1", with: "\"n\" : 2").utf8).write(to: reference)
      let damaged = try tool("regress", "--data", "good")
      #expect(damaged.code == 65 && damaged.err.contains("night.json: damaged: "), "\(damaged.err)")
      let unknown = try tool("regress", "day")
      #expect(
        unknown.code == 64 && unknown.err.contains("there is no 'day'; allowed: night"), "\(unknown.err)")
    }
  }
}
