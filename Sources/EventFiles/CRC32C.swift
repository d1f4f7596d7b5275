/// The cyclic redundancy check of RFC 3720 (Castagnoli's polynomial, reflected), and as TFRecord files mask it.
public enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }

  public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }

  /// Rotated and shifted, so that the checksum of data with checksums in it is no special case.
  public static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
