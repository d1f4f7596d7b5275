import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct ImageFileTests {
  private func bytes(_ base64: String) throws -> [UInt8] {
    [UInt8](try #require(Data(base64Encoded: base64)))
  }

  /// The 7 x 5 pattern of the small files.
  private func pattern(_ count: Int) -> [UInt8] { (0..<35).map { UInt8($0 % count) } }

  @Test func pngRoundTrips() throws {
    let folder = try TemporaryFolder()
    let image = noiseImage(height: 13, width: 29)
    try ImageFile.writePNG(image, to: "\(folder.path)/a.png")
    #expect(try ImageFile.readRGB("\(folder.path)/a.png") == image)

    let label = LabelMap(height: 16, width: 16, values: (0...255).map { UInt8($0) })
    try ImageFile.writeGreyPNG(label, to: "\(folder.path)/grey.png")
    #expect(try ImageFile.readLabel("\(folder.path)/grey.png") == label)
    let palette = (0..<256).map { [UInt8(255 - $0), UInt8($0 / 2), 7] }
    try ImageFile.writePalettePNG(label, palette: palette, to: "\(folder.path)/palette.png")
    #expect(try ImageFile.readLabel("\(folder.path)/palette.png") == label)
    // As a photograph, a palette file is its colours.
    let colors = try ImageFile.readRGB("\(folder.path)/palette.png")
    #expect(Array(colors.pixels[(3 * 200)..<(3 * 201)]) == [55, 100, 7])
  }

  /// One component: the luminance, without the colour; all three channels of what is read are equal.
  @Test func greyJPEG() throws {
    let folder = try TemporaryFolder()
    let (height, width) = (24, 40)
    // Smooth, so that quality 100 loses little.
    let image = ImageBuffer(
      height: height, width: width,
      pixels: (0..<height * width).flatMap { index -> [UInt8] in
        [UInt8(4 * (index % width)), UInt8(8 * (index / width)), 200]
      })
    let (grey, color) = ("\(folder.path)/grey.jpg", "\(folder.path)/color.jpg")
    try ImageFile.writeJPEG(image, quality: 100, grey: true, to: grey)
    try ImageFile.writeJPEG(image, quality: 100, to: color)
    for (path, components) in [(grey, 1), (color, 3)] {
      let bytes = try FileBytes.read(path)
      let frame = try #require(
        bytes.indices.dropLast(9).first { (index: Int) -> Bool in
          bytes[index] == 0xFF && bytes[index + 1] == 0xC0
        })
      #expect(Int(bytes[frame + 9]) == components)
    }
    let read = try ImageFile.readRGB(grey)
    #expect((read.height, read.width) == (height, width))
    for index in 0..<height * width {
      let found = Array(read.pixels[3 * index..<3 * index + 3])
      let given = image.pixels[3 * index..<3 * index + 3].map { Double($0) }
      #expect(Set(found).count == 1)
      // ITU-R BT.601, as JFIF has it.
      let luminance = 0.299 * given[0] + 0.587 * given[1] + 0.114 * given[2]
      #expect(abs(Double(found[0]) - luminance) < 3)
    }
    #expect(try Set(ImageFile.readRGB(color).pixels.prefix(3)).count > 1)
  }

  /// Rows of a file are the rows of the whole, and what lies after them is not looked at.
  @Test func rowsAreThoseOfTheWhole() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.png"
    let image = noiseImage(height: 200, width: 31)
    try ImageFile.writePNG(image, to: path)
    let file = try FileBytes.read(path)
    for rows in [0..<200, 0..<1, 199..<200, 7..<23] {
      let part = try ImageFile.decodeRGB(file, path: path) { height, width in
        #expect(height == 200 && width == 31)
        return rows
      }
      #expect(part.rows == rows && part.height == 200)
      #expect(part.image.pixels == Array(image.pixels[rows.lowerBound * 93..<rows.upperBound * 93]))
    }
    let damaged = Array(file.prefix(file.count * 3 / 4))
    #expect(throws: ImageError.self) { try ImageFile.decodeRGB(damaged, path: path) }
    let upper = try ImageFile.decodeRGB(damaged, path: path) { _, _ in 0..<5 }
    #expect(upper.image.pixels == Array(image.pixels.prefix(5 * 93)))

    let label = noiseLabel(height: 12, width: 9)
    try ImageFile.writeGreyPNG(label, to: path)
    let cut = try ImageFile.decodeLabel(FileBytes.read(path), path: path) { _, _ in 4..<11 }
    #expect(cut.label.values == Array(label.values[36..<99]))
    // An interlaced file has no rows before its last pass.
    let interlaced = try ImageFile.decodeLabel(bytes(Samples.interlacedGrey), path: "i.png") { _, _ in 1..<2 }
    #expect(interlaced.rows == 0..<2 && interlaced.label.values == [11, 22, 33, 44])
  }

  @Test(arguments: [(Samples.palette1, 2), (Samples.palette2, 4), (Samples.palette4, 4)])
  func packedPalettesKeepIndices(_ sample: (String, Int)) throws {
    let label = try ImageFile.decodeLabel(bytes(sample.0), path: "p.png")
    #expect(label == LabelMap(height: 5, width: 7, values: pattern(sample.1)))
    let image = try ImageFile.decodeRGB(bytes(sample.0), path: "p.png")
    #expect(Array(image.pixels.prefix(6)) == [10, 20, 30, 200, 100, 50])
  }

  @Test func otherKindsBecomeRGB() throws {
    let alpha = try ImageFile.decodeRGB(bytes(Samples.rgba), path: "a.png")
    #expect(alpha.pixels == pattern(4).flatMap { [$0 * 10, $0 * 20, $0 * 30] })
    let greyAlpha = try ImageFile.decodeRGB(bytes(Samples.greyAlpha), path: "a.png")
    #expect(greyAlpha.pixels == pattern(4).flatMap { [$0, $0, $0] })
    let bilevel = try ImageFile.decodeRGB(bytes(Samples.bilevel), path: "a.png")
    #expect(bilevel.pixels == pattern(2).flatMap { [UInt8](repeating: $0 * 255, count: 3) })
    let grey16 = try ImageFile.decodeRGB(bytes(Samples.grey16), path: "a.png")
    #expect(grey16.pixels == pattern(4).flatMap { [UInt8](repeating: $0 * 20, count: 3) })
    let rgb16 = try ImageFile.decodeRGB(bytes(Samples.rgb16), path: "a.png")
    #expect(rgb16.pixels == [0, 255, 7, 0, 0, 0, 100, 200, 1, 255, 0, 255])
    let interlaced = try ImageFile.decodeLabel(bytes(Samples.interlacedGrey), path: "a.png")
    #expect(interlaced.values == [11, 22, 33, 44])
  }

  @Test(arguments: [
    (Samples.bilevel, "1-bit grey"), (Samples.greyAlpha, "8-bit grey with alpha"),
    (Samples.rgba, "8-bit RGB with alpha"),
    (Samples.grey16, "16-bit grey"), (Samples.rgb16, "16-bit RGB"), (Samples.greyJPEG, "JPEG"),
  ])
  func labelsOfOtherModesAreRefused(_ sample: (String, String)) throws {
    #expect(throws: ImageError.wrongMode(path: "dir/x.png", found: sample.1)) {
      try ImageFile.decodeLabel(bytes(sample.0), path: "dir/x.png")
    }
  }

  @Test func jpegKinds() throws {
    // Grey becomes three equal channels, near the ramp that was encoded.
    let grey = try ImageFile.decodeRGB(bytes(Samples.greyJPEG), path: "g.jpg")
    #expect((grey.height, grey.width) == (8, 8))
    for index in 0..<64 {
      let pixel = grey.pixels[(3 * index)..<(3 * index + 3)]
      #expect(Set(pixel).count == 1)
      #expect(abs(Int(pixel[3 * index]) - 4 * index) <= 3)
    }
    #expect(try ImageFile.decodeRGB(bytes(Samples.progressiveJPEG), path: "p.jpg").width == 8)
    #expect {
      try ImageFile.decodeRGB(bytes(Samples.cmykJPEG), path: "c.jpg")
    } throws: { "\($0)".contains("c.jpg") && "\($0)".contains("CMYK") }
  }

  @Test func formatIsToldByContent() throws {
    let folder = try TemporaryFolder()
    let image = noiseImage(height: 4, width: 6)
    try ImageFile.writePNG(image, to: "\(folder.path)/really-a-png.jpg")
    #expect(try ImageFile.readRGB("\(folder.path)/really-a-png.jpg") == image)
    #expect(throws: ImageError.unknownFormat(path: "x.png", found: "a GIF; allowed: PNG and JPEG")) {
      try ImageFile.decodeRGB(bytes(Samples.gif), path: "x.png")
    }
  }

  /// What is no picture is called by its name.
  @Test(
    arguments: [
      ("", "the file is empty"),
      ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "git lfs pull"),
      ("<!DOCTYPE html><html>", "a web page"), ("\u{1}\u{2}\u{3}", "neither a PNG nor a JPEG"),
      ("2008_000003\n2008_000007\n", "a text file in the place of a picture, which begins with '2008_000003"),
      ("PK\u{3}\u{4}", "a zip archive"),
    ]) func otherContent(_ text: String, _ says: String) throws
  {
    #expect {
      try ImageFile.decodeRGB(Array(text.utf8), path: "x.png")
    } throws: { "\($0)".contains("x.png: ") && "\($0)".contains(says) }
  }

  /// A chunk that declares what is not there: the library would take memory for it.
  @Test(arguments: [UInt32(0x7FFF_FFFE), 0xFFFF_FFFF, 65]) func chunksAreAsLongAsTheyAre(_ length: UInt32)
    throws
  {
    let folder = try TemporaryFolder()
    try ImageFile.writePNG(noiseImage(height: 4, width: 6), to: "\(folder.path)/a.png")
    let whole = try FileBytes.read("\(folder.path)/a.png")
    // Behind the signature and IHDR.
    let chunk = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + Array("tEXt".utf8)
    // With its checksum, and cut off before or in it.
    for rest in [4, 1, 0] {
      let hostile = Array(whole[..<33]) + chunk + [UInt8](repeating: 0, count: rest)
      #expect {
        try ImageFile.decodeRGB(hostile, path: "a.png")
      } throws: { "\($0)".contains("chunk 'tEXt' at byte 33 declares \(length) bytes, and 0 are there") }
    }
  }

  @Test func pipesAreNotWaitedFor() throws {
    let folder = try TemporaryFolder()
    let pipe = "\(folder.path)/pipe.png"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: ImageError.file(path: pipe, reason: "it is a pipe, not a regular file")) {
      try ImageFile.readRGB(pipe)
    }
    let link = "\(folder.path)/link.png"
    #expect(symlink("\(folder.path)/elsewhere.png", link) == 0)
    #expect(throws: ImageError.writing(path: link, reason: "it is a link, not a regular file")) {
      try ImageFile.writePNG(noiseImage(height: 4, width: 6), to: link)
    }
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/elsewhere.png"))
  }

  @Test func emptyFiles() throws {
    #expect(throws: ImageError.self) { try ImageFile.decodeRGB([], path: "x.png") }
  }

  @Test func filesThatCannotBeRead() throws {
    let folder = try TemporaryFolder()
    let missing = "\(folder.path)/none.png"
    #expect(throws: ImageError.file(path: missing, reason: "No such file or directory")) {
      try ImageFile.readRGB(missing)
    }
    #expect(throws: ImageError.self) { try ImageFile.readRGB(folder.path) }
    #expect(throws: ImageError.self) {
      try ImageFile.writePNG(noiseImage(height: 2, width: 2), to: "\(folder.path)/none/a.png")
    }
  }

  /// Every prefix of a file is an error, never a crash and never a half-grey image.
  @Test func everyTruncationIsAnError() throws {
    let folder = try TemporaryFolder()
    let image = noiseImage(height: 24, width: 20)
    try folder.write(image, "a.png")
    try folder.write(image, "a.jpg")
    try folder.write(noiseLabel(height: 24, width: 20), "l.png")
    for name in ["a.png", "a.jpg", "l.png"] {
      let whole = try FileBytes.read("\(folder.path)/\(name)")
      for count in 0..<whole.count {
        #expect(throws: ImageError.self, "\(name) cut to \(count) of \(whole.count) bytes") {
          try ImageFile.decodeRGB(Array(whole[..<count]), path: name)
        }
        if name == "l.png" {
          #expect(throws: ImageError.self) { try ImageFile.decodeLabel(Array(whole[..<count]), path: name) }
        }
      }
    }
    for sample in [Samples.progressiveJPEG, Samples.greyJPEG, Samples.palette2, Samples.interlacedGrey] {
      let whole = try bytes(sample)
      for count in 0..<whole.count {
        #expect(throws: ImageError.self) { try ImageFile.decodeRGB(Array(whole[..<count]), path: "s") }
      }
    }
  }

  /// Flipped bytes may still decode (a JPEG has no checksum), but nothing crashes, and a PNG's pixels are
  /// never wrong.
  @Test func flippedBytesNeverCrash() throws {
    let folder = try TemporaryFolder()
    let image = noiseImage(height: 24, width: 20)
    try folder.write(image, "a.png")
    try folder.write(image, "a.jpg")
    let png = try FileBytes.read("\(folder.path)/a.png")
    let jpeg = try FileBytes.read("\(folder.path)/a.jpg")
    for index in png.indices {
      var bytes = png
      bytes[index] ^= 0x5A
      if let decoded = try? ImageFile.decodeRGB(bytes, path: "a.png") {
        #expect(decoded == image, "byte \(index)")
      }
    }
    for index in jpeg.indices {
      var bytes = jpeg
      bytes[index] ^= 0x5A
      _ = try? ImageFile.decodeRGB(bytes, path: "a.jpg")
    }
  }

  @Test func sizeCaps() throws {
    // The header of a PNG that claims 40000 x 40000 pixels.
    var bytes = try bytes(Samples.interlacedGrey)
    bytes.replaceSubrange(16..<24, with: [0, 0, 0x9C, 0x40, 0, 0, 0x9C, 0x40])
    #expect(throws: ImageError.self) { try ImageFile.decodeRGB(bytes, path: "big.png") }
  }
}
