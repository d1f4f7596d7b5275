import CImageCodec
import Foundation
import Images
import Tensors

extension Target {
  /// A PNG as a photograph and as a label, whole and by rows. Checksums that a mutation has broken are mended, so that it
  /// gets past them.
  static let png = Target(name: "png", longest: 4096, memory: 64 << 20, seconds: 2, seeds: PNG.seeds) {
    bytes in
    PNG.check(bytes)
    let mended = PNG.mended(bytes)
    if mended != bytes { PNG.check(mended) }
  }
}

private enum PNG {
  static func check(_ bytes: [UInt8]) {
    let image = Pictures.whole(bytes)
    let label = label(bytes)
    guard let header = Header(bytes) else {
      return Broken.unless(image == nil && label == nil, "a picture without a header")
    }
    if let image {
      Broken.unless(
        image.height == header.height && image.width == header.width,
        "decoded \(image.height)x\(image.width), the header says \(header.height)x\(header.width)")
      checkRows(bytes, of: image)
      checkRoundTrip(image)
      if let label, header.isGrey { checkGrey(image, label) }
    }
    if let label {
      Broken.unless(label.height == header.height && label.width == header.width, "a label of another size")
      Broken.unless(image != nil, "a label that is no picture")
    }
  }

  private static func label(_ bytes: [UInt8]) -> LabelMap? {
    Pictures.attempt {
      try ImageFile.decodeLabel(bytes, path: "input") { height, width in
        guard height * width <= Pictures.largestArea else { throw Pictures.TooLarge() }
        return 0..<height
      }.label
    }
  }

  /// Some rows are those of the whole picture.
  private static func checkRows(_ bytes: [UInt8], of whole: ImageBuffer) {
    let wanted = whole.height / 3..<whole.height / 3 + (whole.height + 1) / 2
    let some = Pictures.attempt { try ImageFile.decodeRGB(bytes, path: "input") { _, _ in wanted } }
    guard let some else { Broken.stop("rows of a whole picture are refused") }
    Broken.unless(
      some.rows.lowerBound <= wanted.lowerBound && wanted.upperBound <= some.rows.upperBound
        && some.height == whole.height, "rows \(some.rows), wanted \(wanted)")
    let line = whole.width * 3
    Broken.unless(
      some.image.pixels[...] == whole.pixels[some.rows.lowerBound * line..<some.rows.upperBound * line],
      "rows differ from the whole picture's")
  }

  /// A grey picture and its label are the same bytes.
  private static func checkGrey(_ image: ImageBuffer, _ label: LabelMap) {
    for (index, value) in label.values.enumerated() {
      Broken.unless(image.pixels[3 * index..<3 * index + 3].allSatisfy { $0 == value }, "grey is not grey")
    }
  }

  private static func checkRoundTrip(_ image: ImageBuffer) {
    guard let encoded = encode(image.pixels, image.height, image.width, JML_PNG_RGB) else {
      Broken.stop("a decoded picture is not encoded")
    }
    let again = Pictures.attempt { try ImageFile.decodeRGB(encoded, path: "encoded") }
    Broken.unless(again == image, "encoded and decoded, a picture is another one")
  }

  private static func encode(
    _ pixels: [UInt8], _ height: Int, _ width: Int, _ color: jml_png_color_type, palette: [UInt8] = []
  ) -> [UInt8]? {
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: Int(JML_IMAGE_ERROR_SIZE))
    let status = jml_png_encode(
      pixels, Int32(width), Int32(height), Int32(color.rawValue), palette, Int32(palette.count / 3), 1,
      &encoded,
      &count, &message)
    guard status == 0 else { return nil }
    defer { jml_image_free(encoded) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: count))
  }

  /// Kinds that the encoder writes, and by another header some that it does not: 16 bits, alpha, interlaced.
  @Sendable static func seeds(_: URL) throws -> [(name: String, bytes: [UInt8])] {
    var palette: [UInt8] = []
    for index: UInt8 in 0..<16 {
      palette.append(index &* 16)
      palette.append(255 - index)
      palette.append(index)
    }
    return Pictures.samples().flatMap { name, image -> [(name: String, bytes: [UInt8])] in
      let values = image.pixels.indices.filter { $0 % 3 == 0 }.map { image.pixels[$0] % 16 }
      let kinds: [(String, [UInt8]?)] = [
        ("rgb", encode(image.pixels, image.height, image.width, JML_PNG_RGB)),
        ("grey", encode(values, image.height, image.width, JML_PNG_GREY)),
        ("palette", encode(values, image.height, image.width, JML_PNG_PALETTE, palette: palette)),
      ]
      return kinds.flatMap { kind, bytes -> [(name: String, bytes: [UInt8])] in
        guard let bytes else { return [] }
        var seeds: [(name: String, bytes: [UInt8])] = [("\(kind)-\(name)", bytes)]
        for (what, place, value) in [("16", 24, 16), ("interlaced", 28, 1), ("alpha", 25, 6)] {
          var other = bytes
          other[place] = UInt8(value)
          seeds.append(("\(kind)-\(what)-\(name)", mended(other)))
        }
        return seeds
      }
    }
  }

  struct Header {
    let height: Int
    let width: Int
    let isGrey: Bool

    init?(_ bytes: [UInt8]) {
      guard bytes.count >= 33 else { return nil }
      width = PNG.number(bytes, 16)
      height = PNG.number(bytes, 20)
      isGrey = bytes[24] == 8 && bytes[25] == 0
    }
  }

  private static func number(_ bytes: [UInt8], _ place: Int) -> Int {
    bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  /// With the right checksum behind every whole chunk.
  static func mended(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var place = 8
    while place + 12 <= bytes.count {
      let end = place + 8 + number(bytes, place)
      guard end + 4 <= bytes.count else { break }
      var sum: UInt32 = .max
      for byte in bytes[place + 4..<end] {
        sum = table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8
      }
      for shift in 0..<4 { bytes[end + shift] = UInt8(truncatingIfNeeded: ~sum >> UInt32(24 - 8 * shift)) }
      place = end + 4
    }
    return bytes
  }

  /// CRC-32 of ISO 3309, the polynomial of the PNG specification.
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
  }
}
