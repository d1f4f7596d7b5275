import Foundation
import HDF5
import TestSupport
import Testing

@Suite(.serialized)
struct RoundTripTests {
  private func sample(compress: Bool, expecting bytes: Int = .max) throws -> Data {
    let writer = try HDF5Writer(name: "sample", expecting: bytes)
    let floats = (0..<3 * 5 * 7).map { Float($0) * 0.5 - 3 }
    try writer.write(floats: floats, shape: [3, 5, 7], at: "a/b/c.weight", compress: compress)
    try writer.write(doubles: [1, -2.5, .pi], shape: [3], at: "a/doubles", compress: compress)
    try writer.write(bytes: [0, 255, 7], shape: [3, 1], at: "bytes", compress: compress)
    try writer.write(int32s: [.min, .max], shape: [2], at: "int32s", compress: compress)
    try writer.write(int64s: [.min, .max, 0, -1], shape: [2, 2], at: "a/int64s", compress: compress)
    try writer.write(strings: ["lindau/000001", "", "Zürich ☂"], at: "names")
    try writer.write(floats: [42], shape: [], at: "scalar", compress: compress)
    try writer.write(floats: [], shape: [0, 4], at: "empty", compress: compress)
    try writer.write(strings: [], at: "nothing")
    try writer.makeGroup("hollow/inner")
    try writer.write(attribute: 2.5, named: "loss")
    try writer.write(attribute: -7, named: "count", at: "a/b/c.weight")
    try writer.write(attribute: String(repeating: "ä", count: 70_000), named: "spec", at: "a/b")
    return try writer.image()
  }

  /// A second name of a dataset and of a group; what it names is there once.
  @Test func links() throws {
    let writer = try HDF5Writer(name: "links")
    let values = (0..<5000).map { Double($0) }
    try writer.write(doubles: values, shape: [50, 100], at: "eval/last/tp")
    let alone = try writer.image().count
    try writer.link("eval/last/tp", as: "eval/tp")
    try writer.link("/eval/last", as: "other/deep/name")
    let file = try HDF5File(image: try writer.image(), name: "links")
    #expect(try file.doubles("eval/tp") == values && file.shape("eval/tp") == [50, 100])
    #expect(try file.doubles("other/deep/name/tp") == values)
    #expect(try file.children(of: "eval") == ["last", "tp"])
    #expect(try writer.image().count < alone + 40_000)
    #expect(throws: HDF5Error.self) { try writer.link("eval/best", as: "eval/fp") }
    #expect(throws: HDF5Error.self) { try writer.link("eval/last/tp", as: "eval/tp") }
  }

  @Test(arguments: [false, true])
  func everythingComesBack(compress: Bool) throws {
    let file = try HDF5File(image: sample(compress: compress), name: "sample")
    #expect(try file.shape("a/b/c.weight") == [3, 5, 7])
    #expect(try file.floats("/a/b/c.weight") == (0..<105).map { Float($0) * 0.5 - 3 })
    #expect(try file.doubles("a/doubles") == [1, -2.5, .pi])
    #expect(try file.bytes("bytes") == [0, 255, 7])
    #expect(try file.int32s("int32s") == [.min, .max])
    #expect(try file.int64s("int32s") == [Int64(Int32.min), Int64(Int32.max)])
    #expect(try file.int64s("a/int64s") == [.min, .max, 0, -1])
    #expect(try file.strings("names") == ["lindau/000001", "", "Zürich ☂"])
    #expect(try file.shape("scalar") == [] && file.floats("scalar") == [42])
    #expect(try file.shape("empty") == [0, 4] && file.floats("empty") == [])
    #expect(try file.strings("nothing") == [])
    #expect(try file.children() == ["a", "bytes", "empty", "hollow", "int32s", "names", "nothing", "scalar"])
    #expect(try file.children(of: "a") == ["b", "doubles", "int64s"])
    #expect(try file.children(of: "hollow/inner") == [])
    #expect(file.exists("a/b/c.weight") && file.exists("/") && !file.exists("a/x/y"))
    #expect(try file.attribute(double: "loss") == 2.5)
    #expect(try file.attribute(int: "count", at: "a/b/c.weight") == -7)
    #expect(try file.attribute(string: "spec", at: "a/b").count == 70_000)
    #expect(try file.attributeNames() == ["loss"])
    #expect(try file.hasAttribute("count", at: "a/b/c.weight") && !file.hasAttribute("count"))
  }

  @Test(arguments: [false, true])
  func equalCallsGiveEqualBytes(compress: Bool) throws {
    let first = try sample(compress: compress)
    // Anything stored with one-second resolution, such as a time stamp, would show.
    Thread.sleep(forTimeInterval: 1.1)
    #expect(try sample(compress: compress) == first)
    // In which steps memory was taken does not show: the sample has 140 KB.
    for bytes in [0, 100_001] { #expect(try sample(compress: compress, expecting: bytes) == first) }
  }

  @Test func chunksOfLargeDatasetsCompress() throws {
    let writer = try HDF5Writer(name: "large")
    let values = (0..<700_001).map { Int64($0 % 5) }
    try writer.write(int64s: values, shape: [700_001], at: "counts", compress: true)
    try writer.write(
      bytes: [UInt8](repeating: 3, count: 3 << 20), shape: [1, 3 << 20], at: "wide", compress: true)
    let image = try writer.image()
    #expect(image.count < 500_000)
    let file = try HDF5File(image: image, name: "large")
    #expect(try file.int64s("counts") == values)
    #expect(try file.bytes("wide").allSatisfy { $0 == 3 })
  }

  @Test func filesOnDiskMayVanishAfterOpening() throws {
    try withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("x.h5")
      try sample(compress: false).write(to: url)
      let file = try HDF5File(reading: url.path)
      try FileManager.default.removeItem(at: url)
      #expect(try file.floats("scalar") == [42])
    }
  }

  @Test func manyFilesAndThreadsAtOnce() async throws {
    let image = try sample(compress: true)
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for index in 0..<16 {
        group.addTask {
          let file = try HDF5File(image: image, name: "file \(index)")
          #expect(throws: HDF5Error.self) { try file.floats("absent") }
          return try file.floats("a/b/c.weight")
        }
      }
      for try await values in group { #expect(values.count == 105) }
    }
  }

  @Test(arguments: [false, true]) func slices(_ compress: Bool) throws {
    let writer = try HDF5Writer(name: "slices")
    let floats = (0..<24).map { Float($0) / 8 }
    try writer.write(floats: floats, shape: [3, 2, 4], at: "a/floats", compress: compress)
    try writer.write(bytes: [7, 8, 9], shape: [3], at: "bytes", compress: compress)
    try writer.write(floats: [1], shape: [], at: "scalar")
    let file = try HDF5File(image: try writer.image(), name: "slices")
    for index in 0..<3 {
      #expect(try file.floats("a/floats", slice: index) == Array(floats[index * 8..<(index + 1) * 8]))
      #expect(try file.bytes("bytes", slice: index) == [UInt8(7 + index)])
    }
    for index in [-1, 3] {
      #expect(throws: HDF5Error.self) { try file.floats("a/floats", slice: index) }
    }
    #expect(throws: HDF5Error.self) { try file.floats("scalar", slice: 0) }
    #expect(throws: HDF5Error.self) { try file.bytes("a/floats", slice: 0) }
  }
}
