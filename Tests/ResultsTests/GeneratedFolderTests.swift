import Foundation
import Results
import TestSupport
import Testing

/// A generated folder replaces its own files and touches no other.
@Suite struct GeneratedFolderTests {
  private func file(_ path: String, _ text: String) -> GeneratedFolder.File {
    GeneratedFolder.File(path: path, data: Data(text.utf8))
  }

  private func text(_ path: String, in folder: URL) -> String? {
    try? String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
  }

  @Test func replacesAndRemovesItsOwn() throws {
    try withTemporaryDirectory { root in
      let folder = root.appendingPathComponent("a/site")
      let site = GeneratedFolder(folder)
      var done = try site.replace(with: [file("x.html", "1"), file("deep/er/y.html", "2")])
      #expect(done.written == 2 && done.removed == 0)
      done = try site.replace(with: [file("x.html", "1"), file("z.html", "3")])
      #expect(done.written == 1 && done.removed == 1)
      #expect(text("x.html", in: folder) == "1" && text("z.html", in: folder) == "3")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("deep").path))
      #expect(text("manifest.json", in: folder)?.contains("x.html") == true)
    }
  }

  @Test func leavesForeignFilesAlone() throws {
    try withTemporaryDirectory { folder in
      try Data("mine".utf8).write(to: folder.appendingPathComponent("index.html"))
      #expect(throws: ResultsError.self) {
        _ = try GeneratedFolder(folder).replace(with: [file("a.html", "1"), file("index.html", "2")])
      }
      // Nothing was written before everything was looked at.
      #expect(text("index.html", in: folder) == "mine" && text("a.html", in: folder) == nil)
      _ = try GeneratedFolder(folder).replace(with: [file("a.html", "1")])
      _ = try GeneratedFolder(folder).replace(with: [])
      #expect(text("index.html", in: folder) == "mine" && text("a.html", in: folder) == nil)
    }
  }

  @Test func writesThroughNoLink() throws {
    try withTemporaryDirectory { root in
      let outside = root.appendingPathComponent("outside")
      let folder = root.appendingPathComponent("site")
      for made in [outside, folder] {
        try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
      }
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent("runs"), withDestinationURL: outside)
      #expect(throws: ResultsError.self) {
        _ = try GeneratedFolder(folder).replace(with: [file("runs/a.html", "1")])
      }
      try FileManager.default.createSymbolicLink(
        at: root.appendingPathComponent("link"), withDestinationURL: outside)
      #expect(throws: ResultsError.self) {
        _ = try GeneratedFolder(root.appendingPathComponent("link")).replace(with: [file("a.html", "1")])
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path).isEmpty)
    }
  }

  @Test(arguments: ["../victim", "/etc/passwd", "a/../../victim", ".hidden", "manifest.json", "a//b", ""])
  func aListThatLeavesTheFolderIsDamaged(_ path: String) throws {
    try withTemporaryDirectory { root in
      let folder = root.appendingPathComponent("site")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data("kept".utf8).write(to: root.appendingPathComponent("victim"))
      try Data(#"{"files": ["\#(path)"]}"#.utf8).write(to: folder.appendingPathComponent("manifest.json"))
      #expect(throws: ResultsError.self) { _ = try GeneratedFolder(folder).replace(with: []) }
      #expect(text("victim", in: root) == "kept")
    }
  }
}
