/// How a camera was held, as a picture's EXIF data says it (tag 0x0112 of CIPA DC-008): how the stored pixels are
/// to be turned for a viewer. The raw value is EXIF's.
///
/// Nothing here turns a picture: pixels are read as they are stored, and labels lie over these. Readers differ:
/// Pillow's `Image.open` keeps the stored pixels, unless `ImageOps.exif_transpose` is asked for; OpenCV's `imread`
/// turns them, unless it is told not to, and so do many programs in which people draw labels.
public enum ImageOrientation: Int, Sendable, CaseIterable {
  case upright = 1
  case mirrored, turnedAround, upsideDown, transposed, clockwise, transversed, counterclockwise

  /// Whether viewers show the picture with height and width exchanged.
  public var exchangesSides: Bool { rawValue >= 5 }

  /// What a viewer does with the stored pixels.
  public var words: String {
    switch self {
    case .upright: "shown as it is stored"
    case .mirrored: "shown mirrored left to right"
    case .turnedAround: "shown turned by 180 degrees"
    case .upsideDown: "shown mirrored top to bottom"
    case .transposed: "shown mirrored along its diagonal"
    case .clockwise: "shown turned by 90 degrees clockwise"
    case .transversed: "shown mirrored along its other diagonal"
    case .counterclockwise: "shown turned by 90 degrees counterclockwise"
    }
  }

  /// The orientation that the bytes of a JPEG or PNG file give; nil where they give none, or one that does not exist.
  /// Reads nothing beyond the bytes, whatever lengths they declare.
  public init?(of file: [UInt8]) {
    let exif: ArraySlice<UInt8>?
    if file.starts(with: [0xFF, 0xD8]) {
      exif = ImageOrientation.application1(file)
    } else if file.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      exif = PNGChunks.content(of: "eXIf", in: file)
    } else {
      exif = nil
    }
    guard let exif, let value = ImageOrientation.value(inTIFF: exif) else { return nil }
    self.init(rawValue: value)
  }

  /// What follows "Exif\0\0" in the first APP1 segment that begins so, before the first scan. Others hold XMP.
  private static func application1(_ file: [UInt8]) -> ArraySlice<UInt8>? {
    let exif = Array("Exif\0\0".utf8)
    var place = 2
    while let start = file[place...].firstIndex(of: 0xFF) {
      // Any number of 0xFF may stand before a marker.
      guard let marker = file[start...].firstIndex(where: { $0 != 0xFF }) else { return nil }
      place = marker + 1
      switch file[marker] {
      // No marker; markers without a segment.
      case 0x00, 0x01, 0xD0...0xD8: continue
      // The end; a scan.
      case 0xD9, 0xDA: return nil
      default: break
      }
      guard place + 2 <= file.count else { return nil }
      let length = Int(file[place]) << 8 | Int(file[place + 1])
      guard length >= 2 else { return nil }
      let end = min(place + length, file.count)
      let content = file[place + 2..<end]
      if file[marker] == 0xE1, content.starts(with: exif) { return content.dropFirst(exif.count) }
      place = end
    }
    return nil
  }

  /// Tag 0x0112 of the first directory: 12 bytes an entry, tag, type, count, value.
  private static func value(inTIFF tiff: ArraySlice<UInt8>) -> Int? {
    let isLittle = tiff.starts(with: [0x49, 0x49, 0x2A, 0x00])
    guard isLittle || tiff.starts(with: [0x4D, 0x4D, 0x00, 0x2A]) else { return nil }
    func number(at offset: Int, bytes count: Int) -> Int? {
      guard offset >= 0, offset + count <= tiff.count else { return nil }
      let bytes = tiff.dropFirst(offset).prefix(count)
      return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(at: 4, bytes: 4), let entries = number(at: directory, bytes: 2) else {
      return nil
    }
    for entry in 0..<entries {
      let place = directory + 2 + 12 * entry
      guard let tag = number(at: place, bytes: 2), let type = number(at: place + 2, bytes: 2) else {
        return nil
      }
      guard tag == 0x0112 else { continue }
      switch type {
      case 3: return number(at: place + 8, bytes: 2)
      // Not what the standard says, and written all the same.
      case 1: return number(at: place + 8, bytes: 1)
      case 4: return number(at: place + 8, bytes: 4)
      default: return nil
      }
    }
    return nil
  }
}
