import Foundation
import TestSupport
import Testing

@Suite(.serialized)
struct DataTests {
  /// Makes the data of profile smoke, and hands on its folder.
  private func withData(_ body: (CommandLineTool, URL) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder)
      let made = try tool("data", "make", "--table", "4", "--profile", "smoke", "--output", "made", "--json")
      #expect(made.code == 0)
      try body(tool, folder.appendingPathComponent("made"))
    }
  }

  private func check(_ tool: CommandLineTool) throws -> CommandLineTool.Output {
    try tool("data", "check", "--table", "4", "--profile", "smoke", "--data", "made", "--json")
  }

  private func firstFile(_ folder: URL, _ suffix: String) throws -> URL {
    let names = try #require(FileManager.default.enumerator(atPath: folder.path)).compactMap { $0 as? String }
    return folder.appendingPathComponent(try #require(names.filter { $0.hasSuffix(suffix) }.min()))
  }

  @Test func goodData() throws {
    try withData { tool, _ in
      let output = try check(tool)
      #expect(output.code == 0, "\(output.err)")
      let reports = try #require(
        try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [[String: Any]])
      #expect(
        reports.compactMap { $0["dataset"] as? String } == [
          "cityscapes/train", "cityscapes/val", "voc/trainaug", "voc/val",
        ])
      #expect(reports.allSatisfy { ($0["errors"] as? [String])?.isEmpty == true })
      let again = try tool("data", "make", "--table", "4", "--profile", "smoke", "--output", "made")
      #expect(again.err.contains("is there already"))
    }
  }

  @Test func truncatedImage() throws {
    try withData { tool, data in
      let file = try firstFile(data, "_leftImg8bit.png")
      let bytes = try Data(contentsOf: file)
      try bytes.prefix(bytes.count / 2).write(to: file)
      try expectRefusal(tool, file)
    }
  }

  @Test func missingLabel() throws {
    try withData { tool, data in
      let images = data.appendingPathComponent("cityscapes/gtFine/train")
      let file = try firstFile(images, ".png")
      try FileManager.default.removeItem(at: file)
      try expectRefusal(tool, file)
    }
  }

  @Test func notAnImage() throws {
    try withData { tool, data in
      let file = try firstFile(data.appendingPathComponent("VOCdevkit/VOC2012/JPEGImages"), ".jpg")
      try Data("no picture".utf8).write(to: file)
      try expectRefusal(tool, file)
    }
  }

  /// The check and a run name the file and end with 65; no run begins.
  private func expectRefusal(_ tool: CommandLineTool, _ file: URL) throws {
    let checked = try check(tool)
    #expect(checked.code == 65)
    #expect(checked.out.contains(file.lastPathComponent))
    let run = try tool("run", "--table", "4", "--profile", "smoke", "--data", "made")
    #expect(run.code == 65)
    #expect(run.err.contains(file.lastPathComponent), "\(run.err)")
    let runs = tool.folder.appendingPathComponent("results-made/smoke/runs")
    #expect(!FileManager.default.fileExists(atPath: runs.path))
  }
}
