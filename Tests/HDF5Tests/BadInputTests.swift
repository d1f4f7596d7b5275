import Foundation
import HDF5
import TestSupport
import Testing

@Suite(.serialized)
struct BadInputTests {
  private func image() throws -> Data {
    let writer = try HDF5Writer(name: "made")
    try writer.write(floats: [Float](repeating: 1.5, count: 1000), shape: [10, 100], at: "weights/x")
    try writer.write(int64s: [1, 2], shape: [2], at: "eval/tp")
    try writer.write(attribute: "text", named: "note")
    return try writer.image()
  }

  @Test func errorsNameFileAndObject() throws {
    let file = try HDF5File(image: image(), name: "some/file.h5")
    #expect(throws: HDF5Error.missing(path: "some/file.h5", object: "weights/y")) { try file.floats("weights/y") }
    #expect(throws: HDF5Error.missing(path: "some/file.h5", object: "/@absent")) {
      try file.attribute(double: "absent")
    }
    #expect(
      throws: HDF5Error.wrongType(
        path: "some/file.h5", object: "eval/tp", wanted: "floats", found: "64-bit integers")
    ) { try file.floats("eval/tp") }
    #expect(throws: HDF5Error.self) { try file.bytes("eval/tp") }
    #expect(throws: HDF5Error.self) { try file.int32s("eval/tp") }
    #expect(throws: HDF5Error.self) { try file.strings("eval/tp") }
    #expect(throws: HDF5Error.self) { try file.shape("eval") }
    #expect(throws: HDF5Error.self) { try file.attribute(int: "note") }
    #expect(throws: HDF5Error.self) { try file.children(of: "absent") }
  }

  @Test func missingAndForeignFiles() throws {
    #expect {
      try HDF5File(reading: "/nonexistent/x.h5")
    } throws: { error in
      guard case .unreadable("/nonexistent/x.h5", _)? = error as? HDF5Error else { return false }
      return true
    }
    #expect(throws: HDF5Error.self) { try HDF5File(image: Data("not hdf5".utf8), name: "text") }
    #expect(throws: HDF5Error.self) { try HDF5File(image: Data(), name: "empty") }
  }

  /// Every truncation either fails to open or fails to read; none crashes.
  @Test func truncatedFilesAreRefused() throws {
    let whole = try image()
    for length in stride(from: 1, to: whole.count, by: 97) {
      #expect(throws: HDF5Error.self, "cut to \(length) of \(whole.count) bytes") {
        let file = try HDF5File(image: whole.prefix(length), name: "cut")
        _ = try file.floats("weights/x")
        _ = try file.int64s("eval/tp")
        _ = try file.attribute(string: "note")
      }
    }
  }

  @Test func writerRefusesDuplicatesAndZeroCharacters() throws {
    let writer = try HDF5Writer(name: "made")
    try writer.write(floats: [1], shape: [1], at: "a")
    #expect(throws: HDF5Error.self) { try writer.write(floats: [1], shape: [1], at: "a") }
    #expect(throws: HDF5Error.self) { try writer.write(floats: [1], shape: [1], at: "a/below") }
    #expect(throws: HDF5Error.self) { try writer.write(strings: ["x\0y"], at: "s") }
    #expect(throws: HDF5Error.missing(path: "made", object: "absent")) {
      try writer.write(attribute: 1, named: "n", at: "absent")
    }
  }
}
