import HDF5
import Images
import TestSupport
import Testing

/// Picture operations beside Pillow's bytes, recorded by Tests/Oracles/record_pictures.py: noise, slopes, few
/// levels, one colour, rows and columns of one pixel.
@Suite struct PictureOperationTests {
  /// Of a recorded name, such as `contrast 0.05`.
  private func operation(_ name: String) throws -> PictureOperation {
    let words = name.split(separator: " ")
    let text = words.count == 2 ? words[1] : "0"
    let number = try #require(Double(text), "\(name)")
    switch words[0] {
    case "identity": return .identity
    case "autocontrast": return .autocontrast
    case "equalize": return .equalize
    case "invert": return .invert
    case "grayscale": return .grayscale
    case "gaussianBlur": return .gaussianBlur(sigma: number)
    case "contrast": return .contrast(number)
    case "brightness": return .brightness(number)
    case "color": return .color(number)
    case "sharpness": return .sharpness(number)
    case "posterize": return .posterize(bits: Int(number))
    case "solarize": return .solarize(threshold: Int(number))
    default:
      try #require(words[0] == "hue", "\(name)")
      return .hue(number)
    }
  }

  private func picture(_ file: HDF5File, _ name: String) throws -> ImageBuffer {
    let shape = try file.shape("\(name)/picture")
    return ImageBuffer(height: shape[0], width: shape[1], pixels: try file.bytes("\(name)/picture"))
  }

  static let names = ["noise", "smooth", "levels", "constant", "column", "row", "square", "pixel"]

  @Test(arguments: names) func bytesArePillows(_ name: String) throws {
    let file = try Fixture.hdf5("pictures.h5", in: .module)
    #expect(try file.children().sorted() == (PictureOperationTests.names + ["operations"]).sorted())
    let recorded = try file.strings("operations")
    #expect(recorded.count == 53)
    let source = try picture(file, name)
    #expect(try file.shape("\(name)/results") == [recorded.count, source.height, source.width, 3])
    for (index, text) in recorded.enumerated() {
      var result = source
      result.apply(try operation(text))
      let expected = try file.bytes("\(name)/results", slice: index)
      let wrong = zip(result.pixels, expected).filter { $0 != $1 }
      #expect(wrong.isEmpty && result.pixels.count == expected.count, "\(text): \(wrong.prefix(5))")
    }
  }

  private func applied(_ operations: PictureOperation..., to picture: ImageBuffer) -> ImageBuffer {
    var result = picture
    for operation in operations { result.apply(operation) }
    return result
  }

  @Test func operationsThatChangeNothing() {
    let picture = noiseImage(height: 19, width: 31)
    let unchanging: [PictureOperation] = [
      .identity, .contrast(1), .brightness(1), .color(1), .sharpness(1), .posterize(bits: 8),
      .solarize(threshold: 256), .gaussianBlur(sigma: 0),
    ]
    for operation in unchanging { #expect(applied(operation, to: picture) == picture, "\(operation)") }
  }

  @Test func operationsThatUndoThemselves() {
    let picture = noiseImage(height: 19, width: 31)
    #expect(applied(.invert, to: picture) != picture)
    #expect(applied(.invert, .invert, to: picture) == picture)
    #expect(applied(.solarize(threshold: 0), to: picture) == applied(.invert, to: picture))
    let grey = applied(.grayscale, to: picture)
    #expect(applied(.grayscale, to: grey) == grey)
    #expect(applied(.color(0), to: picture) == grey)
    #expect(Set(applied(.brightness(0), to: picture).pixels) == [0])
    #expect(Set(applied(.contrast(0), to: picture).pixels).count == 1)
  }

  /// A turn by 0 goes through 8-bit hues, which cost a few levels; so does less than one of their 255 levels, forth
  /// or back. Greys have no hue.
  @Test func hues() {
    let picture = noiseImage(height: 19, width: 31)
    let still = applied(.hue(0), to: picture)
    #expect(zip(still.pixels, picture.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 6 })
    #expect(applied(.hue(0.0039), to: picture) == still)
    #expect(applied(.hue(-0.0039), to: picture) == still)
    #expect(applied(.hue(0.25), to: picture) != still)
    let grey = applied(.grayscale, to: picture)
    #expect(applied(.hue(0.37), to: grey) == grey)
  }

  /// A third of a turn takes red to green, green to blue, blue to red.
  @Test func aThirdOfATurn() {
    let picture = ImageBuffer(height: 1, width: 3, pixels: [200, 0, 0, 0, 200, 0, 0, 0, 200])
    let turned = applied(.hue(1.0 / 3), to: picture)
    #expect(turned.pixels == [0, 200, 0, 0, 0, 200, 200, 0, 0])
  }

  /// Edges go on with their outermost pixels, so that a picture of one colour stays one, whatever the box.
  @Test func blursOfOneColour() {
    let pixels = (0..<11 * 7 * 3).map { [UInt8(3), 255, 128][$0 % 3] }
    let picture = ImageBuffer(height: 11, width: 7, pixels: pixels)
    for sigma in [0.3, 1, 2, 3.3, 9, 200] {
      #expect(applied(.gaussianBlur(sigma: sigma), to: picture) == picture, "\(sigma)")
    }
  }

  /// What is applied to a copy leaves the original alone.
  @Test func copiesAreTheirOwn() {
    let picture = noiseImage(height: 5, width: 3)
    let before = picture.pixels
    _ = applied(.invert, .sharpness(0.3), .hue(0.2), .gaussianBlur(sigma: 1), to: picture)
    #expect(picture.pixels == before)
  }
}
