/// A message in the wire format of protocol buffers. As their version 3 does, a number that is zero and an empty text are
/// left out.
struct ProtobufMessage {
  private(set) var bytes: [UInt8] = []

  private enum WireType: UInt64 { case varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 }

  private mutating func key(_ field: Int, _ type: WireType) { varint(UInt64(field) << 3 | type.rawValue) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// `int64` and enumerations.
  mutating func add(_ field: Int, _ value: Int) {
    guard value != 0 else { return }
    key(field, .varint)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func add(_ field: Int, _ value: Double) {
    guard value.bitPattern != 0 else { return }
    key(field, .fixed64)
    append(value.bitPattern)
  }

  /// A member of a `oneof`, which stands even when it is zero.
  mutating func add(_ field: Int, always value: Float) {
    key(field, .fixed32)
    append(value.bitPattern)
  }

  /// `string`, where it is not repeated.
  mutating func add(_ field: Int, _ text: String) {
    if !text.isEmpty { add(field, element: Array(text.utf8)) }
  }

  mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, element: message.bytes) }

  /// An element of a repeated `string` or `bytes`, or a message: it stands even when it is empty.
  mutating func add(_ field: Int, element: [UInt8]) {
    key(field, .delimited)
    varint(UInt64(element.count))
    bytes += element
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    bytes += withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
