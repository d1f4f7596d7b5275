import Foundation
import TestSupport
import Testing

/// `jml bench` on work of milliseconds: the keys that a comparison with a peer reads.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct BenchCommandTests {
  private static let once = ["--steps", "1", "--warm-up", "0", "--threads", "1", "--json"]

  private static func ofTheTinyTable(_ verb: String, steps: Int) -> [String] {
    [
      "bench", verb, "--profile", "tiny", "--table", "99", "--model", "deeplabv3_mobilenetv2_100",
      "--steps", "\(steps)", "--warm-up", "1", "--threads", "1", "--json",
    ]
  }

  @Test func stepHasARoofline() throws {
    try withTemporaryDirectory { folder in
      let arguments = [
        "bench", "step", "--model", "deeplabv3_mobilenetv2_100", "--batch", "2", "--crop", "32x48",
        "--classes", "3",
      ]
      let output = try CommandLineTool(folder: folder).start(arguments + BenchCommandTests.once).wait()
      let roofline = try #require(try output.json()["roofline"] as? [String: Any], "\(output.err)")
      let keys = [
        "gflop", "gflop_float32", "gigabytes", "peak_float32_gflops", "peak_gigabytes_per_second",
        "least_seconds",
      ]
      let numbers = keys.map { roofline[$0] as? Double ?? 0 }
      for (key, number) in zip(keys, numbers) { #expect(number > 0, "\(key)") }
      #expect(numbers[1] <= numbers[0] && roofline["gflop_bfloat16"] as? Double == 0)
      let shares = ["arithmetic", "memory"].map { roofline["\($0)_share"] as? Double ?? -1 }
      #expect(shares.allSatisfy { $0 > 0 })
      #expect(roofline["limited_by"] as? String == (shares[0] >= shares[1] ? "arithmetic" : "memory"))
    }
  }

  /// Windows are those of an evaluation: a stride of two thirds, the last one shifted back.
  @Test func frameNamesItsWindows() throws {
    try withTemporaryDirectory { folder in
      let arguments = [
        "bench", "frame", "--model", "deeplabv3_mobilenetv2_100", "--size", "64x96", "--crop", "32x48",
        "--classes", "3",
      ]
      let output = try CommandLineTool(folder: folder).start(arguments + BenchCommandTests.once).wait()
      let report = try output.json()
      #expect(report["rows"] as? String == "0,22,32" && report["columns"] as? String == "0,33,48")
      #expect(report["counted"] as? [String] == ["accuracy", "iou", "ece", "sce", "bece"])
      #expect((report["parameters"] as? Int ?? 0) > 1_000_000)
      #expect((report["roofline"] as? [String: Any])?["gflop"] as? Double ?? 0 > 0)
    }
  }

  @Test func waitSaysWhereTheFilesWere() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder))
      let output = try tool.start(BenchCommandTests.ofTheTinyTable("wait", steps: 3)).wait()
      let report = try output.json()
      #expect((report["seconds"] as? [Double])?.count == 3)
      for key in ["waited_share", "page_cache_found", "page_cache_before"] {
        #expect((0...1).contains(report[key] as? Double ?? -1), "\(key)")
      }
      #expect((report["seconds_per_step_alone"] as? Double ?? 0) > 0)
      #expect((report["first_wait_seconds"] as? Double ?? -1) >= 0)
      let other = try tool(
        "bench", "wait", "--profile", "tiny", "--table", "99", "--model", "pspnet_resnet18d")
      #expect(
        other.code == 64 && other.err.contains("deeplabv3_mobilenetv2_100 on cityscapes"), "\(other.err)")
    }
  }

  /// Processes that begin the run anew; what they wrote is gone afterwards.
  @Test func startHasItsPhases() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder))
      let output = try tool.start(BenchCommandTests.ofTheTinyTable("start", steps: 2)).wait()
      let report = try output.json()
      let phases = try #require(report["by_kind"] as? [String: Double], "\(output.err)")
      #expect(Set(phases.keys) == ["load", "spec and data", "network", "first batch", "first step"])
      let seconds = try #require(report["seconds"] as? [Double])
      #expect(seconds.count == 2 && seconds.allSatisfy { $0 > 0 })
      let sum = phases.values.reduce(0, +)
      #expect(abs(sum - seconds.reduce(0, +) / 2) < 1e-6, "phases \(phases) of \(seconds)")
      #expect(
        !FileManager.default.fileExists(atPath: folder.appendingPathComponent("results/tiny/runs").path))
    }
  }

  @Test func suiteHasTablesAndCompares() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder))
      let arguments = ["bench", "suite", "--profile", "tiny"] + BenchCommandTests.once
      let output = try tool.start(arguments).wait()
      let profile = try #require(
        (try output.json()["profiles"] as? [String: [String: Any]])?["tiny"], "\(output.err)")
      let table = try #require((profile["tables"] as? [String: [String: Any]])?["tiny"])
      #expect(table["runs"] as? Int == 3)
      let (hours, all) = (table["hours"] as? Double ?? -1, profile["hours"] as? Double ?? 0)
      #expect(all > 0 && abs(hours - all) < 1e-9 * all, "the only table has \(hours) h of \(all)")
      let file = folder.appendingPathComponent("before.json")
      try Data(output.out.utf8).write(to: file)
      let same = try tool("bench", "suite", "--before", "before.json", "--after", "before.json", "--json")
      let lines = try #require(try same.json()["comparison"] as? [[String: Any]], "\(same.err)")
      #expect(lines.count == 2 && lines.allSatisfy { $0["ratio"] as? Double == 1 })
      let bad = try tool("bench", "suite", "--before", "none.json", "--after", "before.json")
      #expect(bad.code == 65 && bad.err.contains("none.json"), "\(bad.err)")
    }
  }
}
