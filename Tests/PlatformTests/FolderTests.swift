import Foundation
import Platform
import TestSupport
import Testing

@Suite(.serialized) struct FolderTests {
  @Test func contents() throws {
    try withTemporaryDirectory { folder in
      let path = folder.path
      // An accent in one code point and in two: two names.
      for name in ["b", "a", ".h", "caf\u{E9}", "cafe\u{301}", "x y"] {
        try Data().write(to: URL(fileURLWithPath: "\(path)/\(name)"))
      }
      #expect(mkdir("\(path)/f", 0o755) == 0 && mkfifo("\(path)/p", 0o600) == 0)
      #expect(symlink("f", "\(path)/to f") == 0 && symlink("b", "\(path)/to b") == 0)
      #expect(symlink("none", "\(path)/to none") == 0 && symlink("circle", "\(path)/circle") == 0)
      let contents = try Folder.contents(path)
      #expect(
        contents.entries.map { Array($0.name.utf8) }
          == [
            ".h", "a", "b", "cafe\u{301}", "caf\u{E9}", "circle", "f", "p", "to b", "to f", "to none", "x y",
          ].map { Array($0.utf8) })
      #expect(
        contents.entries.map(\.kind) == [
          .file, .file, .file, .file, .file, .unreachable("Too many levels of symbolic links"), .folder,
          .special,
          .file, .folder, .unreachable("it is a link to nothing"), .file,
        ])
      #expect(contents.undecodable.isEmpty)
      #expect(try Folder.Identity("\(path)/f") == Folder.Identity("\(path)/to f"))
      #expect(try Folder.Identity("\(path)/f") != Folder.Identity(path))
    }
  }

  @Test func namesThatAreNoText() throws {
    try withTemporaryDirectory { folder in
      let bytes = Array("\(folder.path)/caf".utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
      let descriptor = open(bytes, O_CREAT | O_WRONLY, 0o600)
      #expect(descriptor >= 0)
      close(descriptor)
      let contents = try Folder.contents(folder.path)
      #expect(contents.entries.isEmpty && contents.undecodable == ["caf\u{FFFD}"])
    }
  }

  @Test func whatIsNoFolder() throws {
    try withTemporaryDirectory { folder in
      let file = folder.appendingPathComponent("file").path
      try Data().write(to: URL(fileURLWithPath: file))
      for (path, code) in [(file, ENOTDIR), ("\(folder.path)/none", ENOENT)] {
        #expect {
          try Folder.contents(path)
        } throws: { ($0 as? FileFailure)?.path == path && ($0 as? FileFailure)?.code == code }
      }
      #expect(try Folder.kind(file) == .file && Folder.kind(folder.path) == .folder)
      #expect(try Folder.kind("\(folder.path)/none") == nil && Folder.kind("\(file)/below") == nil)
      #expect(Folder.isFolder(folder.path) && !Folder.isFolder(file))
    }
  }
}
