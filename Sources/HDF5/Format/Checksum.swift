/// The two checksums of the format. Sums wrap around by definition.
enum Checksum {
  /// What is built for fuzzing takes any checksum, or no mutation would get past one (libFuzzer's own name for that).
  static func isEqual(_ sum: UInt32, _ stored: UInt32) -> Bool {
    #if FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
      return true
    #else
      return sum == stored
    #endif
  }

  /// Bob Jenkins' hash lookup3 (hashlittle, initial value 0) of the first `count` bytes: of metadata, and of names.
  static func lookup3(_ bytes: [UInt8], count: Int) -> UInt32 {
    bytes.withUnsafeBytes { lookup3(UnsafeRawBufferPointer(rebasing: $0[..<min(count, $0.count)])) }
  }

  private static func lookup3(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
    var a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
    var (b, c) = (a, a)
    var (start, left) = (0, bytes.count)
    func word(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt32.self))
    }
    while left > 12 {
      a &+= word(0)
      b &+= word(4)
      c &+= word(8)
      a = (a &- c) ^ rotated(c, 4)
      c &+= b
      b = (b &- a) ^ rotated(a, 6)
      a &+= c
      c = (c &- b) ^ rotated(b, 8)
      b &+= a
      a = (a &- c) ^ rotated(c, 16)
      c &+= b
      b = (b &- a) ^ rotated(a, 19)
      a &+= c
      c = (c &- b) ^ rotated(b, 4)
      b &+= a
      start += 12
      left -= 12
    }
    guard left > 0 else { return c }
    for index in 0..<left {
      let value = UInt32(bytes[start + index]) << UInt32(8 * (index % 4))
      switch index / 4 {
      case 0: a &+= value
      case 1: b &+= value
      default: c &+= value
      }
    }
    c = (c ^ b) &- rotated(b, 14)
    a = (a ^ c) &- rotated(c, 11)
    b = (b ^ a) &- rotated(a, 25)
    c = (c ^ b) &- rotated(b, 16)
    a = (a ^ c) &- rotated(c, 4)
    b = (b ^ a) &- rotated(a, 14)
    c = (c ^ b) &- rotated(b, 24)
    return c
  }

  /// Fletcher's checksum over words of two bytes, the most significant one first, as the filter of that name stores it.
  static func fletcher32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var (first, second): (UInt32, UInt32) = (0, 0)
    var start = 0
    var words = bytes.count / 2
    while words > 0 {
      // So many that no sum overflows.
      let several = min(words, 360)
      for _ in 0..<several {
        first &+= UInt32(bytes[start]) << 8 | UInt32(bytes[start + 1])
        second &+= first
        start += 2
      }
      words -= several
      first = (first & 0xFFFF) &+ (first >> 16)
      second = (second & 0xFFFF) &+ (second >> 16)
    }
    if bytes.count % 2 == 1 {
      first &+= UInt32(bytes[start]) << 8
      second &+= first
      first = (first & 0xFFFF) &+ (first >> 16)
      second = (second & 0xFFFF) &+ (second >> 16)
    }
    first = (first & 0xFFFF) &+ (first >> 16)
    second = (second & 0xFFFF) &+ (second >> 16)
    return second << 16 | first
  }
}
