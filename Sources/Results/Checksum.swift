import Tensors

/// A 64-bit checksum over 8-byte words. It finds damage; it is no protection against forgery.
struct Checksum {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ word: UInt64) {
    let mixed = state ^ word
    // The rotation spreads changes of high bits, which a multiplication alone would leave there.
    state = ((mixed << 29) | (mixed >> 35)) &* 0x9E37_79B9_7F4A_7C15
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    var offset = 0
    while offset + 8 <= bytes.count {
      add(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var tail: UInt64 = 0
    for byte in bytes[offset...] { tail = tail << 8 | UInt64(byte) }
    add(tail)
  }

  /// Name, shape and values.
  mutating func add(_ entry: NamedTensor) {
    add(entry.name)
    add(entry.tensor.shape.description)
    withExtendedLifetime(entry) {
      add(UnsafeRawBufferPointer(start: entry.tensor.pointer, count: 4 * entry.tensor.shape.count))
    }
  }

  mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  var text: String {
    let digits = String(RandomSource.mix(state), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
