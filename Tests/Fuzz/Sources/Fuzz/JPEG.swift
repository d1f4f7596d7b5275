import CImageCodec
import Foundation
import Images

extension Target {
  static let jpeg = Target(name: "jpeg", longest: 4096, memory: 64 << 20, seconds: 4, seeds: JPEG.seeds) {
    bytes in
    guard let image = Pictures.whole(bytes) else { return }
    var height: Int32 = 0
    var width: Int32 = 0
    var message = [CChar](repeating: 0, count: Int(JML_IMAGE_ERROR_SIZE))
    guard jml_image_sniff(bytes, bytes.count) == JML_IMAGE_JPEG else { return }
    Broken.unless(
      jml_jpeg_probe(bytes, bytes.count, &width, &height, &message) == 0,
      "decoded, and its header is not read")
    Broken.unless(
      image.height == Int(height) && image.width == Int(width),
      "decoded \(image.height)x\(image.width), the header says \(height)x\(width)")
    guard let encoded = JPEG.encode(image, quality: 90, grey: false) else {
      Broken.stop("a decoded picture is not encoded")
    }
    let again = Pictures.attempt { try ImageFile.decodeRGB(encoded, path: "encoded") }
    Broken.unless(
      again?.height == image.height && again?.width == image.width, "encoded and decoded, the size is another"
    )
  }
}

private enum JPEG {
  static func encode(_ image: ImageBuffer, quality: Int32, grey: Bool) -> [UInt8]? {
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: Int(JML_IMAGE_ERROR_SIZE))
    let status = jml_jpeg_encode(
      image.pixels, Int32(image.width), Int32(image.height), quality, grey ? 1 : 0, &encoded, &count, &message
    )
    guard status == 0 else { return nil }
    defer { jml_image_free(encoded) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: count))
  }

  /// Baseline, in colour and grey; and with stray bytes, restart intervals and an orientation put in.
  @Sendable static func seeds(_: URL) throws -> [(name: String, bytes: [UInt8])] {
    Pictures.samples().flatMap { name, image -> [(name: String, bytes: [UInt8])] in
      [("colour", false, 75), ("grey", true, 75), ("fine", false, 100)].flatMap {
        kind, grey, quality -> [(name: String, bytes: [UInt8])] in
        guard let bytes = encode(image, quality: Int32(quality), grey: grey) else { return [] }
        func with(_ inserted: [UInt8]) -> [UInt8] { Array(bytes[..<2]) + inserted + Array(bytes[2...]) }
        // APP1 with the one entry 0x112, orientation, of the value 6.
        let orientation: [UInt8] = [
          0xFF, 0xE1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3,
          0, 0,
          0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
        ]
        return [
          ("\(kind)-\(name)", bytes), ("\(kind)-stray-\(name)", with([0x00, 0x01])),
          ("\(kind)-restart-\(name)", with([0xFF, 0xDD, 0, 4, 0, 1])),
          ("\(kind)-turned-\(name)", with(orientation)), ("\(kind)-cut-\(name)", Array(bytes.dropLast(9))),
        ]
      }
    }
  }
}
