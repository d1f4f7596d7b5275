import Foundation
import HDF5
import Images
import TestSupport
import Testing

/// JPEG files as cameras, editors and crawlers leave them, beside Pillow's pixels: recorded by
/// Tests/Oracles/record_jpegs.py.
@Suite struct JPEGTests {
  private func file() throws -> HDF5File { try Fixture.hdf5("jpegs.h5", in: .module) }

  private func decode(_ file: HDF5File, _ group: String, _ name: String) throws -> DecodedRows {
    try ImageFile.decodeRGB(file.bytes("\(group)/files/\(name)"), path: "\(name).jpg") { height, _ in
      0..<height
    }
  }

  private func expectPillows(
    _ decoded: DecodedRows, _ file: HDF5File, _ group: String, _ name: String
  ) throws {
    let path = "\(group)/pixels/\(name)"
    #expect(try file.shape(path) == [decoded.image.height, decoded.image.width, 3], "\(name)")
    let expected = try file.bytes(path)
    let wrong = zip(decoded.image.pixels, expected).filter { $0 != $1 }
    #expect(wrong.isEmpty, "\(name): \(wrong.count) of \(expected.count) bytes, \(wrong.prefix(3))")
  }

  /// All sampling factors that libjpeg knows, 4:1:0, 3x1, 1x4 and 2x4 among them; restarts; a scan for each component.
  @Test func filesInOrder() throws {
    let file = try file()
    let names = try file.children(of: "plain/files")
    #expect(names.count == 20 && names.contains("4x2") && names.contains("4x4 scan each"), "\(names)")
    for name in names {
      let decoded = try decode(file, "plain", name)
      #expect(decoded.remark == nil, "\(name): \(decoded.remark ?? "")")
      try expectPillows(decoded, file, "plain", name)
    }
  }

  /// What should not be there, in pictures that are whole.
  @Test func wholeWithAWarning() throws {
    let file = try file()
    let says = [
      "two bytes before start": "2 extraneous bytes before marker 0xe0",
      "two bytes before DQT": "2 extraneous bytes before marker 0xdb",
      "two bytes before SOS": "2 extraneous bytes before marker 0xda",
      "two bytes before RST1": "2 extraneous bytes before marker 0xd1",
      // A few bytes behind the last code have been read with it, and are not spoken of.
      "two bytes before EOI": "", "forty bytes before EOI": "extraneous bytes before marker 0xd9",
      "stuffed zeros before EOI": "extraneous bytes before marker 0xd9",
      "zeros for the spectrum": "Invalid SOS parameters for sequential JPEG",
      "JFIF 2.1": "unknown JFIF revision number 2.01",
      "Adobe transformation 7": "Unknown Adobe color transform code 7",
      "progressive without last scans": "without its last scans",
    ]
    #expect(try file.children(of: "warned/files").sorted() == says.keys.sorted())
    for (name, text) in says.sorted(by: { $0.key < $1.key }) {
      let decoded = try decode(file, "warned", name)
      #expect(
        text.isEmpty || decoded.remark?.contains(text) == true, "\(name): \(decoded.remark ?? "no remark")")
      try expectPillows(decoded, file, "warned", name)
    }
  }

  /// What would be filled with grey or noise is an error, and not a long one.
  @Test func lostParts() throws {
    let file = try file()
    let says = [
      "cut": "Premature end of JPEG file", "cut and ended": "premature end of data segment",
      "without EOI": "Premature end of JPEG file", "restart missing": "instead of RST1",
      "interval missing": "found marker 0xd2 instead of RST1",
      "restarts exchanged": "found marker 0xd5 instead of RST1", "all ones": "bad Huffman code",
      "no scan of Cr": "no scan has one of its components",
      "progressive cut": "premature end of data segment",
      "3x1 2x1": "Fractional sampling", "more pixels than bytes": "are too few for the 4095 x 32767 pixels",
    ]
    #expect(try file.children(of: "lost/files").sorted() == says.keys.sorted())
    for (name, text) in says.sorted(by: { $0.key < $1.key }) {
      #expect {
        try decode(file, "lost", name)
      } throws: { error in
        let message = "\(error)"
        if !message.contains(text) { Issue.record("\(name): \(message)") }
        return message.contains(text) && message.contains("\(name).jpg") && message.count < 300
      }
    }
  }

  /// Several warnings are the first, and a number.
  @Test func warningsAreCounted() throws {
    let file = try file()
    var bytes = try file.bytes("warned/files/two bytes before DQT")
    bytes.insert(contentsOf: [0x55, 0xAA, 0x11], at: 2)
    let decoded = try ImageFile.decodeRGB(bytes, path: "a.jpg") { height, _ in 0..<height }
    #expect(
      decoded.remark
        == "Corrupt JPEG data: 3 extraneous bytes before marker 0xe0, and 1 more like it")
    try expectPillows(decoded, file, "warned", "two bytes before DQT")
  }

  /// Whatever stands in a file of any kind, nothing crashes, and a picture that comes has the header's size.
  @Test func flippedBytesNeverCrash() throws {
    let file = try file()
    for name in ["4x2", "restarts", "progressive", "4x4 scan each"] {
      let whole = try file.bytes("plain/files/\(name)")
      for index in stride(from: 2, to: whole.count, by: 3) {
        var bytes = whole
        bytes[index] ^= UInt8(truncatingIfNeeded: 1 << (index % 8))
        if let decoded = try? ImageFile.decodeRGB(bytes, path: "a.jpg", rows: { height, _ in 0..<height }) {
          #expect(decoded.image.pixels.count == decoded.height * decoded.image.width * 3)
        }
      }
    }
  }
}
