import Foundation
import Images
import TestSupport
import Tensors
import Testing

/// The worked example of experiments/README.md, word for word: its files are written, its commands are run.
@Suite(.serialized) struct OwnDataExampleTests {
  private struct Block {
    let language: String
    let text: String
  }

  /// The fenced blocks of the section, in order.
  private func blocks() throws -> [Block] {
    let path = CommandLineTool.package.appendingPathComponent("experiments/README.md")
    let text = try String(contentsOf: path, encoding: .utf8)
    let start = try #require(text.range(of: "\n### Data of your own\n"))
    let end = try #require(text.range(of: "\n## ", range: start.upperBound..<text.endIndex))
    var blocks: [Block] = []
    var (language, lines): (String?, [String]) = (nil, [])
    for line in text[start.upperBound..<end.lowerBound].components(separatedBy: "\n") {
      if let open = language {
        guard line == "```" else {
          lines.append(line)
          continue
        }
        blocks.append(Block(language: open, text: lines.map { $0 + "\n" }.joined()))
        (language, lines) = (nil, [])
      } else if line.hasPrefix("```") {
        language = String(line.dropFirst(3))
      }
    }
    #expect(language == nil, "a block without end")
    return blocks
  }

  /// Writes what a block says to the file that its first line names: a new file, or, with ", under <key>", an addition
  /// below that key's line.
  private func write(_ block: Block, in folder: URL) throws {
    let first = try #require(block.text.components(separatedBy: "\n").first)
    let parts = first.dropFirst(2).components(separatedBy: ", under ")
    let file = folder.appendingPathComponent(parts[0])
    guard parts.count == 2 else {
      #expect(!FileManager.default.fileExists(atPath: file.path), "\(first)")
      return try block.text.write(to: file, atomically: true, encoding: .utf8)
    }
    var text = try String(contentsOf: file, encoding: .utf8)
    let place = try #require(text.range(of: "\n\(parts[1]):\n"), "\(first)")
    text.insert(contentsOf: block.text.dropFirst(first.count + 1), at: place.upperBound)
    try text.write(to: file, atomically: true, encoding: .utf8)
  }

  /// Eight photographs of different sizes, and masks of three classes and none.
  private func makePictures(in folder: URL) throws {
    for name in ["photos", "masks"] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    for number in 1...8 {
      let (height, width) = (50 + number, 70)
      try ImageFile.writeJPEG(
        noiseImage(height: height, width: width, seed: UInt64(number)), quality: 90,
        to: folder.appendingPathComponent("photos/\(number).jpg").path)
      let kinds: [UInt8] = [0, 1, 2, LabelMap.ignore]
      let values: [UInt8] = (0..<height * width).map { kinds[($0 / 40 + number) % 4] }
      try ImageFile.writeGreyPNG(
        LabelMap(height: height, width: width, values: values),
        to: folder.appendingPathComponent("masks/\(number)_label.png").path)
    }
  }

  /// As one would type it, `jml` being on the path.
  private func shell(_ text: String, in folder: URL) throws -> CommandLineTool.Output {
    let path = CommandLineTool.executable.deletingLastPathComponent().path
    return try CommandLineTool.Running(
      ["/usr/bin/env", "PATH=\(path):/usr/bin:/bin", "/bin/sh", "-ec", text], in: folder
    ).wait()
  }

  @Test func filesAndCommandsOfTheExample() throws {
    try withTemporaryDirectory { folder in
      try FileManager.default.copyItem(
        at: CommandLineTool.package.appendingPathComponent("experiments"),
        to: folder.appendingPathComponent("experiments"))
      try makePictures(in: folder.appendingPathComponent("data/tiles"))
      let blocks = try blocks()
      #expect(blocks.map(\.language) == ["yaml", "sh", "sh", "yaml", "yaml", "sh"])
      var said = ""
      for block in blocks {
        guard block.language == "sh" else {
          try write(block, in: folder)
          continue
        }
        let output = try shell(block.text, in: folder)
        #expect(output.code == 0, "\(block.text)\(output.err)")
        said += output.out
      }
      // Both splits are checked, without anything to say against them.
      #expect(
        said.contains("tiles/train: 6 images") && said.contains("tiles/validation: 2 images"), "\(said)")
      #expect(!said.contains("error") && !said.contains("warning"), "\(said)")
      #expect(
        try FileManager.default.contentsOfDirectory(
          atPath: folder.appendingPathComponent("preview/tiles").path
        ).count == 5)
      // The profile's entry and --set reach the runs, which are in the cells.
      let table = try String(
        contentsOf: folder.appendingPathComponent("results-data/smoke/tiles.md"), encoding: .utf8)
      #expect(said.contains("# Table 99. Tiles") && table.contains("# Table 99. Tiles"))
      #expect(table.contains("crop 32 x 48, batch 2, iterations 3"), "\(table)")
      let row = try #require(table.components(separatedBy: "\n").first { $0.hasPrefix("| DL3-MB2") })
      #expect(row.components(separatedBy: "(n=1)").count == 3, "\(row)")
    }
  }
}
