import Foundation
import TestSupport
import Testing

/// Looking at results touches no data: nothing is drawn, no picture opened, no file written.
@Suite(.serialized)
struct ReadingTests {
  private func ids(_ output: CommandLineTool.Output) throws -> [String] {
    #expect(output.code == 0, "\(output.err)")
    return try #require(try output.json()["runs"] as? [[String: Any]]).compactMap { $0["id"] as? String }
  }

  private func provisional(_ output: CommandLineTool.Output) throws -> [String]? {
    try output.json()["provisional"] as? [String]
  }

  private func withTiny(_ body: (CommandLineTool) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      try body(CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder)))
    }
  }

  /// What is in the folder, without the outputs of the commands themselves.
  private func files(_ tool: CommandLineTool) throws -> Set<String> {
    let names = try FileManager.default.subpathsOfDirectory(atPath: tool.folder.path)
    return Set(
      names.filter { !$0.hasPrefix("experiments") && !$0.hasSuffix(".out") && !$0.hasSuffix(".err") })
  }

  @Test func freshFolderStaysEmpty() throws {
    try withTiny { tool in
      let plan = try tool("plan", "--profile", "tiny", "--json")
      let planned = try ids(plan)
      #expect(try planned.count == 3 && provisional(plan) == [])
      let fingerprints = try #require(try plan.json()["data_fingerprints"] as? [String: String])
      #expect(fingerprints["cityscapes"]?.hasPrefix("embedded-") == true)
      #expect(try ids(try tool("status", "--profile", "tiny", "--json")) == planned)
      let table = try tool("table", "--profile", "tiny", "--dry-run")
      #expect(table.code == 0 && table.out.contains("pending"))
      #expect(try files(tool).isEmpty)
      // The table's own files are all that the command writes.
      #expect(try tool("table", "--profile", "tiny").code == 0)
      #expect(
        try files(tool) == ["results", "results/tiny", "results/tiny/tiny.json", "results/tiny/tiny.md"])

      // A run takes the ids that were planned without data.
      let run = try tool("run", "--profile", "tiny", "--json")
      #expect(run.code == 0, "\(run.err)")
      #expect(Set(try #require(try run.json()["finished"] as? [String])) == Set(planned))
      #expect(try ids(try tool("plan", "--profile", "tiny", "--json")) == planned)
    }
  }

  @Test func alteredEmbeddedDataIsRefused() throws {
    try withTiny { tool in
      #expect(try tool("data", "make", "--profile", "tiny").code == 0)
      let planned = try ids(try tool("plan", "--profile", "tiny", "--json"))
      let folder = tool.folder.appendingPathComponent("data/embedded/tiny/cityscapes")
      let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
      let images = names.filter { $0.hasSuffix("_leftImg8bit.png") }
      // One good picture in the place of another: no check of the pictures themselves would see it.
      let (first, second) = (
        folder.appendingPathComponent(images[0]), folder.appendingPathComponent(images[1])
      )
      let drawn = try Data(contentsOf: first)
      try Data(contentsOf: second).write(to: first)
      for arguments in [
        ["run", "--profile", "tiny"], ["train", planned[0], "--profile", "tiny"],
        ["data", "check", "--profile", "tiny"], ["data", "make", "--profile", "tiny"],
      ] {
        let output = try tool.start(arguments).wait()
        #expect(output.code == 65, "\(arguments): \(output.err)")
        #expect(
          output.err.contains("data/embedded/tiny/cityscapes:") && output.err.contains(images[0]),
          "\(output.err)")
      }
      #expect(
        !FileManager.default.fileExists(atPath: tool.folder.appendingPathComponent("results/tiny/runs").path))
      try drawn.write(to: first)
      #expect(try tool("data", "check", "--profile", "tiny").code == 0)
    }
  }

  @Test func realFoldersAreKnownByTheirCheck() throws {
    try withTiny { tool in
      #expect(try tool("data", "make", "--profile", "tiny", "--output", "made").code == 0)
      let real = ["--profile", "tiny", "--data", "made", "--json"]
      let before = try tool.start(["plan"] + real).wait()
      #expect(try provisional(before) == ["cityscapes"])
      #expect(before.err.contains("jml data check"), "\(before.err)")
      #expect(!(try files(tool).contains { $0.hasPrefix("results") }))
      #expect(try tool.start(["data", "check"] + real).wait().code == 0)
      let after = try tool.start(["plan"] + real).wait()
      let planned = try ids(after)
      #expect(try provisional(after)?.isEmpty == true)
      #expect(Set(planned).isDisjoint(with: try ids(before)))
      // The content of a folder is not the generator's word for it.
      #expect(Set(planned).isDisjoint(with: try ids(try tool("plan", "--profile", "tiny", "--json"))))
      let run = try tool.start(["run"] + real).wait()
      #expect(run.code == 0, "\(run.err)")
      #expect(Set(try #require(try run.json()["finished"] as? [String])) == Set(planned))
      #expect(
        try tool("table", "--profile", "tiny", "--data", "made", "--dry-run").out.contains("pending") == false
      )
      // Without the folder, results are still found by the only check that was made here.
      try FileManager.default.removeItem(at: tool.folder.appendingPathComponent("made"))
      #expect(try ids(try tool.start(["status"] + real).wait()) == planned)
    }
  }

  /// Nobody looks into a picture, so that one that cannot be read is no obstacle.
  @Test func garbagePictures() throws {
    try withTiny { tool in
      let base = tool.folder.appendingPathComponent("town/cityscapes")
      for split in ["train", "val"] {
        for (kind, ending) in [("leftImg8bit", "leftImg8bit"), ("gtFine", "gtFine_labelIds")] {
          let folder = base.appendingPathComponent("\(kind)/\(split)/a")
          try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
          try Data("garbage".utf8).write(to: folder.appendingPathComponent("a_000000_000019_\(ending).png"))
        }
      }
      let before = try files(tool)
      for command in [["plan"], ["status"], ["table", "--dry-run"]] {
        let output = try tool.start(command + ["--profile", "tiny", "--data", "town"]).wait()
        #expect(output.code == 0 && output.err.contains("jml data check"), "\(command): \(output.err)")
      }
      #expect(try files(tool) == before)
      #expect(try tool("run", "--profile", "tiny", "--data", "town").code == 65)
    }
  }

  /// The unit that a scheduler starts reads its own data alone.
  @Test func trainingChecksItsOwnDataAlone() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder)
      let set = [
        "--profile", "smoke", "--table", "4", "--set", "profile.iterations=1", "--set",
        "model.weights=random",
      ]
      let planned = try ids(try tool.start(["plan", "--json"] + set).wait())
      let run = try #require(planned.first { $0.hasPrefix("cityscapes-deeplabv3_mobilenetv2_100-ce-") })
      let trained = try tool.start(["train", run] + set).wait()
      #expect(trained.code == 0, "\(trained.err)")
      let names = try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("data/embedded/smoke").path)
      #expect(names == ["cityscapes"])
      let checks = try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("results/smoke/checks").path)
      #expect(checks.count == 1 && checks[0].hasPrefix("cityscapes-"))
    }
  }
}
