import Foundation
import HDF5
import TestSupport
import Testing

/// Damaged files: a typed error or some value, never a trap, and never more than the file is worth. What a file of some kilobytes
/// makes the reader visit is counted by the reader, so that these tests end.
@Suite struct HostileFileTests {
  /// Asks every object of a file for everything.
  private func visit(_ image: Data) throws {
    func attempt<Value>(_ body: () throws -> Value) throws -> Value? {
      do { return try body() } catch let error as HDF5Error {
        #expect(!error.description.isEmpty)
        return nil
      }
    }
    guard let file = try attempt({ try HDF5File(image: image, name: "damaged") }) else { return }
    func visit(_ object: String, depth: Int) throws {
      for name in try attempt({ try file.attributeNames(at: object) }) ?? [] {
        _ = try attempt { try file.attribute(doubles: name, at: object) }
        _ = try attempt { try file.attribute(ints: name, at: object) }
        _ = try attempt { try file.attribute(strings: name, at: object) }
      }
      guard depth < 4 else { return }
      for name in try attempt({ try file.children(of: object) }) ?? [] {
        let path = "\(object)/\(name)"
        if let shape = try attempt({ try file.shape(path) }) {
          let count = { shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue } }
          if let values = try attempt({ try file.floats(path) }) { #expect(values.count == count()) }
          if let values = try attempt({ try file.int64s(path) }) { #expect(values.count == count()) }
          if let values = try attempt({ try file.bytes(path) }) { #expect(values.count == count()) }
          if let values = try attempt({ try file.strings(path) }) { #expect(values.count == count()) }
          _ = try attempt { try file.floats(path, slice: 0) }
        }
        try visit(path, depth: depth + 1)
      }
    }
    try visit("", depth: 0)
  }

  private static func image(_ body: (HDF5Writer) throws -> Void) throws -> Data {
    let writer = try HDF5Writer(name: "made", expecting: 0)
    try body(writer)
    return try writer.image()
  }

  /// Small files of the writer, and those that h5py has made.
  private func seed(_ name: String) throws -> Data {
    switch name {
    case "floats": try HostileFileTests.image { try $0.write(floats: [1, 2.5], shape: [2, 1], at: "g/a") }
    case "deflated":
      try HostileFileTests.image {
        try $0.write(int64s: Array(0..<24), shape: [4, 6], at: "a", compress: true)
      }
    case "texts":
      try HostileFileTests.image {
        try $0.write(strings: ["a", "", "bc"], at: "a")
        try $0.write(attribute: "text", named: "note")
        try $0.write(attribute: 7, named: "n")
      }
    default: try Data(contentsOf: Fixture.url("\(name).h5", in: Bundle.module))
    }
  }

  @Test(arguments: ["floats", "deflated", "texts", "formats-sizes4", "formats-userblock"])
  func truncatedAnywhere(_ name: String) throws {
    let whole = try seed(name)
    for length in stride(from: 0, to: whole.count, by: whole.count > 8000 ? 7 : 1) {
      try visit(whole.prefix(length))
      // One that says that it is whole.
      if length % 5 == 0 { try visit(whole.prefix(length) + Data(count: whole.count - length)) }
    }
  }

  @Test(arguments: ["floats", "deflated", "texts", "texts", "formats-sizes4"])
  func eachByteDamaged(_ name: String) throws {
    let whole = try seed(name)
    for index in stride(from: 0, to: whole.count, by: whole.count > 8000 ? 3 : 1) {
      for value: UInt8 in [0xFF, 0, whole[index] ^ 1, whole[index] &+ 8] where value != whole[index] {
        var bytes = whole
        bytes[index] = value
        try visit(bytes)
      }
    }
  }

  /// Without a checksum behind each of them there is little to flip in new files; every byte is one that somebody checks.
  @Test func checksumsAreVerified() throws {
    let whole = try seed("formats-latest")
    let file = try HDF5File(image: whole, name: "whole")
    #expect(try file.children(of: "groups/many").count == 20)
    for signature in ["OHDR", "FRHP", "FHDB", "BTHD", "BTLF", "FAHD", "FADB", "EAHD", "EAIB"] {
      let place = try #require(whole.firstRange(of: Data(signature.utf8)), "\(signature)")
      var bytes = whole
      bytes[place.upperBound + 6] ^= 0x10
      try visit(bytes)
    }
    var bytes = whole
    bytes[12] ^= 1
    #expect(throws: HDF5Error.self) { try HDF5File(image: bytes, name: "damaged") }
  }

  /// Every place that looks like an address made to point at every structure there is: to itself, to the one above it.
  @Test func structuresThatPointAnywhere() throws {
    for name in ["floats", "deflated", "texts"] {
      let whole = try seed(name)
      let targets =
        ["TREE", "HEAP", "SNOD", "GCOL"].compactMap { whole.firstRange(of: Data($0.utf8))?.lowerBound }
        + [0, 96, 800, whole.count - 8, whole.count]
      for place in stride(from: 0, to: whole.count - 8, by: 8) {
        let value = (0..<8).reduce(0) { $0 | UInt64(whole[place + $1]) << UInt64(8 * $1) }
        guard value < UInt64(whole.count), value >= 48 else { continue }
        for target in targets {
          var bytes = whole
          for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: target >> (8 * index)) }
          try visit(bytes)
        }
      }
    }
  }

  /// Texts of variable length lie in places of 16 bytes, whatever their type says.
  @Test func widePlacesOfTexts() throws {
    var image = [UInt8](try seed("texts"))
    for start in image.indices.dropLast(8)
    where image[start] == 0x19 && Array(image[(start + 4)..<(start + 8)]) == [16, 0, 0, 0] {
      image.replaceSubrange((start + 4)..<(start + 8), with: [0x50, 0xD5, 0xC9, 0xED])
    }
    let file = try HDF5File(image: Data(image), name: "damaged")
    let error = #expect(throws: HDF5Error.self) { try file.strings("a") }
    guard case .unstored = error else { throw try #require(error) }
  }

  /// A node of a tree that is its own child, at the level that its parent would have.
  @Test func circularTree() throws {
    var bytes = try seed("floats")
    let tree = try #require(bytes.firstRange(of: Data("TREE".utf8))).lowerBound
    bytes[tree + 5] = 200
    for index in 0..<8 { bytes[tree + 32 + index] = UInt8(truncatingIfNeeded: tree >> (8 * index)) }
    let file = try HDF5File(image: bytes, name: "circle")
    #expect(throws: HDF5Error.self) { try file.children() }
    #expect(!file.exists("g"))
  }

  /// An object header whose continuation is itself.
  @Test func circularHeader() throws {
    let whole = try seed("floats")
    // The root's header, at 96: messages begin 16 bytes behind it.
    var bytes = whole
    bytes.replaceSubrange(
      112..<136, with: [16, 0, 16, 0, 0, 0, 0, 0, 112, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0])
    #expect {
      try HDF5File(image: bytes, name: "circle")
    } throws: { error in
      guard case .notHDF5(_, let reason)? = error as? HDF5Error else { return false }
      return reason == "an object header continues in itself"
    }
  }

  /// A chunk whose bytes become more, or fewer, than its values take; one whose checksum is another.
  @Test func chunksOfAnotherSize() throws {
    let image = try seed("deflated")
    let tree = try #require(image.firstRange(of: Data("TREE".utf8) + [1])).lowerBound
    #expect(try HDF5File(image: image, name: "whole").int64s("a") == Array(0..<24))
    // The chunk's bytes in the file, which its key says.
    for bytes in [0, 1, 20] {
      var cut = image
      cut[tree + 24] = UInt8(bytes)
      let file = try HDF5File(image: cut, name: "cut")
      #expect(throws: HDF5Error.self) { try file.int64s("a") }
    }
    // Filters that were left out.
    var masked = image
    masked[tree + 28] = 2
    #expect(throws: HDF5Error.self) { try HDF5File(image: masked, name: "masked").int64s("a") }
  }

  /// Shared by threads, which read other datasets in between.
  @Test func manyThreadsReadOneFile() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("shared.h5")
      let values = (0..<6000).map { Float($0) }
      try HostileFileTests.image {
        for name in ["a", "b"] { try $0.write(floats: values, shape: [60, 100], at: name, compress: true) }
      }.write(to: url)
      let file = try HDF5File(reading: url.path)
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<64 {
          group.addTask {
            let name = index % 2 == 0 ? "a" : "b"
            let slice = try file.floats(name, slice: index % 60)
            return try file.floats(name) == values
              && slice == Array(values[index % 60 * 100..<(index % 60 + 1) * 100])
          }
        }
        for try await isEqual in group { #expect(isEqual) }
      }
    }
  }

  /// Somebody cuts the file while it is open.
  @Test func filesThatAreCutMeanwhile() throws {
    try withTemporaryDirectory { folder in
      let url = folder.appendingPathComponent("cut.h5")
      let values = (0..<5000).map { Float($0) }
      try HostileFileTests.image { try $0.write(floats: values, shape: [5000], at: "a") }.write(to: url)
      let file = try HDF5File(reading: url.path)
      #expect(try file.floats("a") == values)
      #expect(truncate(url.path, 3000) == 0)
      #expect {
        try file.floats("a")
      } throws: { error in
        guard case .failed(_, "a", "reading", let reason)? = error as? HDF5Error else { return false }
        return reason == "somebody has cut the file while it was read"
      }
    }
  }
}
