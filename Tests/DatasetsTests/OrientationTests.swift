import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

/// EXIF orientations: found in files of either byte order, named by the data check, never applied.
@Suite struct OrientationTests {
  /// A TIFF directory with two entries, the second of them the orientation.
  static func tiff(_ value: Int, isLittle: Bool, type: Int = 3, entries: Int = 2) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return isLittle ? bytes : bytes.reversed()
    }
    let short = number(value, type == 3 ? 2 : 4) + (type == 3 ? [0, 0] : [])
    return Array((isLittle ? "II" : "MM").utf8) + number(42, 2) + number(8, 4) + number(entries, 2)
      + number(0x0100, 2) + number(3, 2) + number(1, 4) + number(20, 2) + [0, 0]
      + number(0x0112, 2) + number(type, 2) + number(1, 4) + short + number(0, 4)
  }

  static func segment(_ content: [UInt8]) -> [UInt8] {
    let length = content.count + 2
    return [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + content
  }

  /// A JPEG of noise with segments behind its first marker.
  static func jpeg(height: Int, width: Int, _ segments: [UInt8]) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    try folder.write(noiseImage(height: height, width: width), "a.jpg")
    var bytes = try FileBytes.read("\(folder.path)/a.jpg")
    bytes.insert(contentsOf: segments, at: 2)
    return bytes
  }

  static func exif(_ tiff: [UInt8]) -> [UInt8] { segment(Array("Exif\0\0".utf8) + tiff) }

  @Test(arguments: ImageOrientation.allCases) func everyValue(_ orientation: ImageOrientation) throws {
    for isLittle in [true, false] {
      for type in [3, 4] {
        let tiff = OrientationTests.tiff(orientation.rawValue, isLittle: isLittle, type: type)
        let xmp = OrientationTests.segment(Array("http://ns.adobe.com/xap/1.0/\0<x/>".utf8))
        let file = try OrientationTests.jpeg(height: 5, width: 7, xmp + OrientationTests.exif(tiff))
        #expect(ImageOrientation(of: file) == orientation)
        let image = try ImageFile.decodeRGB(file, path: "a.jpg")
        // As it is stored.
        #expect((image.height, image.width) == (5, 7))
      }
    }
    #expect(orientation.exchangesSides == (orientation.rawValue > 4))
  }

  @Test func files() throws {
    #expect(ImageOrientation(of: try OrientationTests.jpeg(height: 5, width: 7, [])) == nil)
    #expect(ImageOrientation(of: []) == nil && ImageOrientation(of: [0xFF, 0xD8]) == nil)
    for value in [0, 9, 255, 65535] {
      let exif = OrientationTests.exif(OrientationTests.tiff(value, isLittle: true))
      #expect(ImageOrientation(of: [0xFF, 0xD8] + exif) == nil)
    }
    // A PNG has a chunk for it.
    let folder = try TemporaryFolder()
    try folder.write(noiseImage(height: 4, width: 6), "a.png")
    var png = try FileBytes.read("\(folder.path)/a.png")
    let tiff = OrientationTests.tiff(6, isLittle: false)
    png.insert(contentsOf: [0, 0, 0, UInt8(tiff.count)] + Array("eXIf".utf8) + tiff + [0, 0, 0, 0], at: 33)
    #expect(ImageOrientation(of: png) == .clockwise)
    // Behind stray bytes and fill bytes.
    let exif = OrientationTests.exif(tiff)
    #expect(ImageOrientation(of: [0xFF, 0xD8, 0x00, 0x11, 0xFF, 0xFF] + exif) == .clockwise)
  }

  /// Lengths and offsets that point out of the file, and files that end anywhere.
  @Test func hostileLengths() throws {
    let tiff = OrientationTests.tiff(6, isLittle: true)
    let whole = [0xFF, 0xD8] + OrientationTests.exif(tiff)
    for count in 0..<whole.count { _ = ImageOrientation(of: Array(whole[..<count])) }
    // The value is the last but six of the bytes.
    #expect(ImageOrientation(of: Array(whole.dropLast(6))) == .clockwise)
    #expect(ImageOrientation(of: Array(whole.dropLast(8))) == nil)
    for index in whole.indices {
      for value in [UInt8(0), 1, 0x7F, 0x80, 0xFF] {
        var bytes = whole
        bytes[index] = value
        _ = ImageOrientation(of: bytes)
      }
    }
    let many = OrientationTests.tiff(6, isLittle: true, entries: 65535)
    #expect(ImageOrientation(of: [0xFF, 0xD8] + OrientationTests.exif(many)) == .clockwise)
    var far = tiff
    far.replaceSubrange(4..<8, with: [0xFF, 0xFF, 0xFF, 0xFF])
    #expect(ImageOrientation(of: [0xFF, 0xD8] + OrientationTests.exif(far)) == nil)
    #expect(ImageOrientation(of: [0xFF, 0xD8, 0xFF, 0xE1, 0, 1]) == nil)
    #expect(ImageOrientation(of: [0xFF, 0xD8] + [UInt8](repeating: 0xFF, count: 100)) == nil)
  }

  private func check(_ folder: TemporaryFolder) throws -> DataReport {
    DataCheck.run(
      try FolderDataset(
        name: "own/train", root: folder.path, images: "i", labels: "l", classNames: ["a", "b"],
        mapping: .values(classCount: 2, offset: 0, ignored: [255]))
    ) { _, _ in }
  }

  /// A label that was drawn over what a viewer shows does not fit, and the message says why; one that fits, by its size, is
  /// a warning for every value that turns or mirrors.
  @Test func dataCheckNamesIt() throws {
    for orientation in ImageOrientation.allCases {
      let folder = try TemporaryFolder()
      let exif = OrientationTests.exif(OrientationTests.tiff(orientation.rawValue, isLittle: false))
      try folder.write(try OrientationTests.jpeg(height: 6, width: 10, exif), "i/1.jpg")
      let exchanges = orientation.exchangesSides
      try folder.write(
        LabelMap(
          height: exchanges ? 10 : 6, width: exchanges ? 6 : 10, values: (0..<60).map { UInt8($0 % 2) }),
        "l/1.png")
      let report = try check(folder)
      let name = "EXIF orientation"
      let words = "\(orientation.rawValue) (\(orientation.words))"
      if exchanges {
        let message = "\(try #require(report.errors.first))"
        #expect(message.contains("label is 10x6") && message.contains("\(name) is \(words)"), "\(message)")
      } else if orientation == .upright {
        #expect(report.errors.isEmpty && report.warnings.isEmpty)
      } else {
        #expect(report.errors.isEmpty && report.warnings.count == 1)
        let warning = try #require(report.warnings.first)
        #expect(
          warning.hasPrefix("own/train: 1 of 1 images have an \(name)")
            && warning.contains("\(words): 1, '1'"))
      }
      // Of equal sides nothing but the warning tells.
      try folder.write(try OrientationTests.jpeg(height: 6, width: 6, exif), "i/1.jpg")
      try folder.write(LabelMap(height: 6, width: 6, values: (0..<36).map { UInt8($0 % 2) }), "l/1.png")
      #expect(try check(folder).warnings.count == (orientation == .upright ? 0 : 1))
    }
  }

  /// One line for all files with a warning of the decoder, one for all orientations.
  @Test func warningsAreCountedAndNamed() throws {
    let folder = try TemporaryFolder()
    for number in 1...7 {
      var file = try OrientationTests.jpeg(
        height: 6, width: 10,
        OrientationTests.exif(OrientationTests.tiff(number > 5 ? 3 : 1, isLittle: true)))
      if number > 1 { file.insert(contentsOf: [0x12, 0x34], at: 2) }
      try folder.write(file, "i/\(number).jpg")
      try folder.write(
        LabelMap(height: 6, width: 10, values: (0..<60).map { UInt8($0 % 2) }), "l/\(number).png")
    }
    let report = try check(folder)
    #expect(report.errors.isEmpty && report.warnings.count == 2)
    guard report.warnings.count == 2 else { return }
    let stray = "(Corrupt JPEG data: 2 extraneous bytes before marker 0xe1)"
    #expect(
      report.warnings[0].hasPrefix(
        "own/train: 6 of 7 images are whole, and were written wrongly: '2' \(stray), ")
        && report.warnings[0].hasSuffix("'6' \(stray) and 1 more"), "\(report.warnings[0])")
    #expect(report.warnings[1].hasSuffix("orientation 3 (shown turned by 180 degrees): 2, '6', '7'"))
  }
}
