import Foundation
import Platform
import TestSupport
import Testing

@Suite(.serialized) struct RegularFileTests {
  @Test func readsWholeFiles() throws {
    try withTemporaryDirectory { folder in
      let file = folder.appendingPathComponent("größe $x.bin")
      let bytes = Data((0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      try bytes.write(to: file)
      #expect(try RegularFile.read(file.path) == bytes)
      try Data().write(to: file)
      #expect(try RegularFile.read(file.path).isEmpty)
      let missing = folder.appendingPathComponent("none").path
      #expect(
        throws: FileFailure(
          path: missing, operation: "opening", code: ENOENT, reason: "No such file or directory")
      ) { try RegularFile.read(missing) }
    }
  }

  /// A pipe without a writer, which opening would wait for; a device; a folder.
  @Test func readsNothingElse() throws {
    try withTemporaryDirectory { folder in
      let pipe = folder.appendingPathComponent("pipe").path
      #expect(mkfifo(pipe, 0o600) == 0)
      for (path, kind) in [(pipe, "a pipe"), ("/dev/null", "a device"), (folder.path, "a folder")] {
        #expect(
          throws: FileFailure(
            path: path, operation: "using it as a file", code: 0, reason: "it is \(kind), not a regular file")
        ) { try RegularFile.read(path) }
        #expect(throws: FileFailure.self) { try RegularFile.checkIsReplaceable(path) }
      }
    }
  }

  @Test func linksAreReadAndNotReplaced() throws {
    try withTemporaryDirectory { folder in
      let (file, link) = (folder.appendingPathComponent("file"), folder.appendingPathComponent("link"))
      try Data("x".utf8).write(to: file)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
      #expect(try RegularFile.read(link.path) == Data("x".utf8))
      #expect(throws: FileFailure.self) { try RegularFile.checkIsReplaceable(link.path) }
      try RegularFile.checkIsReplaceable(file.path)
      try RegularFile.checkIsReplaceable(folder.appendingPathComponent("none").path)
      try RegularFile.checkIsFolder(folder.path)
      try RegularFile.checkIsFolder(folder.appendingPathComponent("none").path)
      #expect(throws: FileFailure.self) { try RegularFile.checkIsFolder(link.path) }
    }
  }
}
