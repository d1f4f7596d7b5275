import Figures
import Foundation
import Images
import Testing

/// Pictures that pages are too light for.
@Suite struct PreviewTests {
  /// Noise, which no compression makes small.
  private func noise(height: Int, width: Int) throws -> Data {
    var state: UInt32 = 1
    let pixels = (0..<height * width * 3).map { _ -> UInt8 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
    return Data(
      try ImageFile.encodePNG(ImageBuffer(height: height, width: width, pixels: pixels), name: "noise"))
  }

  @Test func aPictureShrinksUntilItIsLight() throws {
    let file = try noise(height: 60, width: 90)
    let half = try #require(try Preview.of(file, name: "noise", atMost: 5000))
    #expect(half.width == 45 && half.height == 30 && half.png.count <= 5000)
    let third = try #require(try Preview.of(file, name: "noise", atMost: 2000))
    #expect(third.width == 30 && third.height == 20 && third.png.count <= 2000)
    #expect(try Preview.of(file, name: "noise", atMost: 100) == nil)
    #expect(try Preview.of(file, name: "noise", atMost: 5000)?.png == half.png)
    #expect(throws: ImageError.self) { try Preview.of(Data("no".utf8), name: "x.png", atMost: 5000) }
  }
}
