import Foundation
import Images

/// A picture made smaller until its file is light.
public enum Preview {
  public struct Picture: Sendable {
    public let png: Data
    public let width: Int
    public let height: Int
  }

  /// Half, a third, ... of the size, by the mean of each square of pixels; a quarter is the smallest. Equal
  /// files give equal bytes.
  /// - Parameters:
  ///   - file: a PNG or JPEG.
  ///   - name: of the file, for errors.
  ///   - bytes: what the preview may have at most.
  /// - Returns: nil where a quarter of the size is still too heavy.
  /// - Throws: `ImageError` for a file that is none.
  public static func of(_ file: Data, name: String, atMost bytes: Int) throws -> Picture? {
    let picture = try ImageFile.decodeRGB([UInt8](file), path: name)
    for divisor in 2...4 {
      let small = Shrink.box(
        picture, height: max(1, picture.height / divisor), width: max(1, picture.width / divisor))
      let png = try ImageFile.encodePNG(small, name: name)
      if png.count <= bytes { return Picture(png: Data(png), width: small.width, height: small.height) }
    }
    return nil
  }
}
