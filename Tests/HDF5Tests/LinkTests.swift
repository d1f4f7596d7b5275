import Foundation
import HDF5
import TestSupport
import Testing

/// Files that point elsewhere (Tests/Oracles/record_links.py): nothing outside the file is ever read.
@Suite(.serialized) struct LinkTests {
  private func file(_ name: String = "links") throws -> HDF5File {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "h5", subdirectory: "Fixtures"))
    return try HDF5File(reading: url.path)
  }

  @Test(arguments: ["group/values", "near", "group/beside"]) func linksWithinTheFile(_ name: String) throws {
    #expect(try file().shape(name) == [2, 3])
    #expect(try file().floats(name) == [0, 1, 2, 3, 4, 5])
    #expect(try file().exists(name))
  }

  @Test(
    arguments: [
      ("far", "a link to another file"), ("far_behind_near", "a link to another file"),
      ("far/values", "a link to another file"), ("circle", "a circle of links"),
      ("itself", "a circle of links"),
      ("outside", "stored in another file"), ("view", "a view of other files"),
    ]) func elsewhere(_ name: String, _ what: String) throws
  {
    let file = try file()
    let refused = HDF5Error.elsewhere(path: file.path, object: name, what: what)
    #expect(throws: refused) { try file.shape(name) }
    #expect(throws: refused) { try file.bytes(name) }
    #expect(throws: refused) { try file.floats(name, slice: 0) }
    // Attributes of a data set lie in the file, wherever its values are.
    if !["outside", "view"].contains(name) { #expect(throws: refused) { try file.attributeNames(at: name) } }
  }

  @Test func nothingThere() throws {
    let file = try file()
    #expect(throws: HDF5Error.missing(path: file.path, object: "dangling")) { try file.floats("dangling") }
    #expect(!file.exists("dangling") && !file.exists("far") && !file.exists("circle"))
  }

  /// 6.4 GB of zeros that nobody stored; 32 MB that are stored compressed are read.
  @Test func promises() throws {
    let file = try file()
    #expect(
      throws: HDF5Error.unstored(path: file.path, object: "promised", shape: [1, 3, 32768, 16384], stored: 0)
    ) { try file.floats("promised") }
    #expect(throws: HDF5Error.self) { try file.floats("promised", slice: 0) }
    #expect(try file.floats("zeros").allSatisfy { $0 == 0 })
  }

  /// A chunk of 4 GB for four values; one text of 4 KB at 262144 places, 1 GB for a reader.
  @Test func chunksAndTextsBeyondTheFile() throws {
    let file = try file()
    let vast = HDF5Error.unstored(path: file.path, object: "vast", shape: [32767, 32768], stored: 0)
    #expect(throws: vast) { try file.floats("vast") }
    #expect(throws: vast) { try file.floats("vast", slice: 1) }
    #expect {
      try file.strings("texts")
    } throws: { error in
      guard case .unstored(_, "texts", let shape, _)? = error as? HDF5Error else { return false }
      // Refused at the first text that is too much.
      return shape.count == 1 && shape[0] > 1 << 24 && shape[0] < 1 << 27
    }
  }

  /// Whoever wants another shape says so before a value is read.
  @Test func shapesAreCheckedFirst() throws {
    struct Unwanted: Error, Equatable { let shape: [Int] }
    let file = try file()
    #expect(throws: Unwanted(shape: [1, 3, 32768, 16384])) {
      try file.floats("promised") { throw Unwanted(shape: $0) }
    }
    var seen: [Int] = []
    let values = try file.doubles("near") { seen = $0 }
    #expect(values == [0, 1, 2, 3, 4, 5] && seen == [2, 3])
  }

  /// The library's own measuring of a text without axes writes past the end of its memory.
  @Test func textsWithoutAxes() throws {
    let file = try file("texts")
    for (name, text) in [("written", "text \u{E9}"), ("unwritten", ""), ("fixed", "four")] {
      #expect(try file.shape(name) == [])
      #expect(try file.strings(name) == [text])
    }
  }

  /// A chunk's entry that says 4 GB, which the library would ask for before it read a byte.
  @Test func chunksThatSayTheyAreLarger() throws {
    try withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("chunks.h5")
      let writer = try HDF5Writer(name: "chunks")
      let values = [Float](repeating: 1, count: 64 * 96)
      try writer.write(floats: values, shape: [64, 96], at: "values", compress: true)
      var bytes = Data(try writer.image())
      try bytes.write(to: url)
      #expect(try HDF5File(reading: url.path).floats("values") == values)
      // The tree of the chunks: signature, type 1; its first key, behind 24 bytes, begins with the chunk's size.
      let tree = try #require(bytes.firstRange(of: Data("TREE".utf8) + [1]))
      bytes.replaceSubrange(tree.lowerBound + 24..<tree.lowerBound + 28, with: [0xff, 0xff, 0xff, 0xff])
      try bytes.write(to: url)
      let file = try HDF5File(reading: url.path)
      #expect {
        try file.floats("values")
      } throws: { error in
        guard case .failed(_, "values", "measuring", let reason)? = error as? HDF5Error else { return false }
        return reason.hasPrefix("4294967295 bytes are said to be stored in a file of ")
      }
    }
  }

  @Test func pipesAreNotWaitedFor() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pipe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let pipe = folder.appendingPathComponent("pipe.h5").path
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: HDF5Error.unreadable(path: pipe, reason: "it is a pipe, not a regular file")) {
      try HDF5File(reading: pipe)
    }
    #expect(throws: HDF5Error.unreadable(path: "/dev/null", reason: "it is a device, not a regular file")) {
      try HDF5File(reading: "/dev/null")
    }
  }
}
