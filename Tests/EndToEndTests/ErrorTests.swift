import Foundation
import TestSupport
import Testing

/// Wrong input: one clear line, the promised exit code, nothing trained.
@Suite(.serialized)
struct ErrorTests {
  @Test(arguments: [
    (["plan", "--table", "98"], ["table04"]),
    (["plan", "--figure", "98"], ["--figure", "98"]),
    (["plan", "--profile", "huge"], ["huge", "mini, paper, paper_published, smoke"]),
    (
      ["plan", "--profile", "smoke", "--set", "recipe.speed=1"],
      ["recipe.speed", "recipe.optimizer.learning_rate"]
    ),
    (
      ["plan", "--profile", "smoke", "--set", "recipe.optimizer.learning_rate=fast"],
      ["recipe.optimizer.learning_rate", "fast"]
    ),
    (["plan", "--profile", "smoke", "--set", "nonsense"], ["key=value"]),
    (["run", "--profile", "paper", "--table", "4"], ["--data"]),
    (["run", "--jobs", "0"], ["--jobs 0"]),
    (["train", "feedfeed", "--table", "4", "--profile", "smoke"], ["feedfeed", "jml plan"]),
    (["plan", "--experiments", "/nonexistent"], ["/nonexistent", "--experiments"]),
    (["bench", "step", "--crop", "7"], ["--crop 7"]),
    (["bench", "frame", "--size", "32x32", "--crop", "64x64"], ["--crop 64x64", "--size 32x32"]),
    (["bench", "suite", "--after", "a.json"], ["--after", "--before"]),
    (["frobnicate"], ["frobnicate"]),
    (["loss", "jml9", "--input", "a.h5", "--output", "b.h5"], ["jml9", "lovasz"]),
    (["loss", "ce", "--input", "a.h5", "--output", "b.h5", "--smooth", "1"], ["--smooth", "ce"]),
    (
      ["loss", "jml1", "--input", "a.h5", "--output", "b.h5", "--weights", "1,0"], ["--weights 1,0", "d,i,c"]
    ),
    (["loss", "jml1", "--input", "a.h5", "--output", "b.h5", "--alpha=-1"], ["--alpha -1"]),
    (["loss", "jml1", "--input", "a.h5"], ["--output"]),
    (["metrics", "--input", "a.h5", "--boundary-kernel", "4"], ["--boundary-kernel 4", "odd"]),
    (["figure", "99", "--output", "."], ["figure 99", "1, 2 and 3"]),
  ])
  func wrongCommandLine(_ arguments: [String], _ mentioned: [String]) throws {
    try withTemporaryDirectory { folder in
      let output = try CommandLineTool(folder: folder).start(arguments).wait()
      #expect(output.code == 64, "\(output.err)")
      #expect(output.out.isEmpty)
      let lines = output.err.split(separator: "\n").filter { $0.hasPrefix("jml: error: ") }
      #expect(lines.count == 1, "\(output.err)")
      for word in mentioned { #expect(output.err.contains(word), "\(word) in \(output.err)") }
    }
  }

  @Test(arguments: [
    ("power: 0.9", "power: 0.9\n  speed: 3", ["sgd_cityscapes.yaml", "speed"]),
    ("power: 0.9", "power: lots", ["sgd_cityscapes.yaml", "power", "lots"]),
    ("power: 0.9", "power: [0.9", ["sgd_cityscapes.yaml", "YAML"]),
    ("momentum: 0.9", "momentum: 7", ["sgd_cityscapes.yaml", "momentum", "7"]),
  ])
  func wrongExperimentFile(_ old: String, _ new: String, _ mentioned: [String]) throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      let file = experiments.appendingPathComponent("recipes/sgd_cityscapes.yaml")
      let text = try String(contentsOf: file, encoding: .utf8)
      try text.replacingOccurrences(of: old, with: new).write(to: file, atomically: true, encoding: .utf8)
      let tool = CommandLineTool(folder: folder, experiments: experiments)
      let output = try tool("run", "--profile", "tiny")
      #expect(output.code == 65)
      #expect(output.err.split(separator: "\n").count == 1, "\(output.err)")
      for word in mentioned { #expect(output.err.contains(word), "\(word) in \(output.err)") }
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("results").path))
    }
  }

  @Test(arguments: [
    [], ["plan"], ["run"], ["table"], ["status"], ["doctor"], ["data", "make"], ["data", "check"],
    ["train"], ["bench", "step"], ["bench", "frame"], ["bench", "wait"], ["bench", "start"],
    ["bench", "suite"], ["loss"], ["metrics"], ["figure"],
  ])
  func helpHasAnExample(_ command: [String]) throws {
    try withTemporaryDirectory { folder in
      let output = try CommandLineTool(folder: folder).start(command + ["--help"]).wait()
      #expect(output.code == 0)
      #expect(output.out.contains("Example"))
    }
  }

  @Test func version() throws {
    try withTemporaryDirectory { folder in
      let output = try CommandLineTool(folder: folder)("--version")
      #expect(output.code == 0 && output.err.isEmpty)
      let line = /^jml of commit ([0-9a-f]+|unknown)( with changes)?, numerics [0-9]+\n$/
      #expect(output.out.contains(line), "\(output.out)")
    }
  }

  @Test func doctorLooksAtEverything() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder))
      let output = try tool("doctor", "--profile", "tiny", "--json")
      #expect(output.code == 0)
      let report = try output.json()
      #expect(report["ok"] as? Bool == true)
      let names = try #require(report["findings"] as? [[String: String]]).compactMap { $0["name"] }
      for name in [
        "cpu", "dnnl", "openblas", "hdf5", "swift", "experiments", "cityscapes", "results", "disk",
      ] {
        #expect(names.contains(name))
      }
      let broken = try tool("doctor", "--profile", "tiny", "--results", "/proc/results")
      #expect(broken.code == 1 && broken.out.contains("failure"))
    }
  }
}
