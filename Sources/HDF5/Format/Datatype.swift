/// The datatype message, as far as this package reads values: what a value is, not what lies within compound ones.
struct Datatype {
  enum Padding: Int {
    case zeroTerminated
    case zeros
    case spaces
  }

  /// Bits of an integer that is not a whole number of bytes, or of a float that is not IEEE's, are `isStandard` false: what they
  /// mean nobody asks.
  enum Kind {
    case integer(isSigned: Bool, isStandard: Bool)
    case float(isStandard: Bool)
    /// Names for integers, which may be negative.
    case enumeration(isSigned: Bool, isStandard: Bool)
    case text(Padding)
    case variableText
    case compound
    case other
  }

  let kind: Kind
  /// Bytes of a value.
  let size: Int
  let isBigEndian: Bool

  init(_ body: Cursor) throws {
    var body = body
    try self.init(reading: &body)
  }

  private init(reading body: inout Cursor) throws {
    let first = try body.byte()
    let (version, number) = (first >> 4, first & 15)
    guard (1...5).contains(version) else { throw Malformed("it has a type of version \(version)") }
    let bits = Int(try body.number(bytes: 3))
    size = try body.four()
    guard size > 0 else { throw Malformed("it has a type of no bytes") }
    isBigEndian = bits & 1 != 0
    switch number {
    case 0:
      kind = .integer(isSigned: bits & 8 != 0, isStandard: try Datatype.isWhole(&body, size))
    case 1:
      kind = .float(isStandard: try Datatype.isIEEE(&body, size, bits))
    case 3:
      guard let padding = Padding(rawValue: bits & 15) else {
        throw Malformed("it has texts of padding \(bits & 15)")
      }
      kind = .text(padding)
    case 6: kind = .compound
    case 8:
      // Its base type, which has the size and the order of the bytes.
      let whole = try body.byte()
      let base = Int(try body.number(bytes: 3))
      let size = try body.four()
      let isInteger = whole & 15 == 0 && size == self.size
      kind = .enumeration(
        isSigned: base & 8 != 0, isStandard: isInteger ? try Datatype.isWhole(&body, size) : false)
    case 9 where bits & 15 == 1: kind = .variableText
    default: kind = .other
    }
  }

  /// Whether an integer fills its bytes.
  private static func isWhole(_ body: inout Cursor, _ size: Int) throws -> Bool {
    let (offset, precision) = (try body.two(), try body.two())
    return offset == 0 && precision == 8 * size && size <= 8
  }

  private static func isIEEE(_ body: inout Cursor, _ size: Int, _ bits: Int) throws -> Bool {
    let (offset, precision) = (try body.two(), try body.two())
    let (exponent, exponentBits) = (try body.byte(), try body.byte())
    let (mantissa, mantissaBits) = (try body.byte(), try body.byte())
    let bias = try body.four()
    // Bytes of two words in another order than those within (VAX).
    guard offset == 0, precision == 8 * size, mantissa == 0, bits & 0x40 == 0 else { return false }
    // The first bit of the mantissa, which is 1, is not stored.
    guard bits >> 4 & 3 == 2, bits >> 8 & 0xFF == 8 * size - 1 else { return false }
    switch size {
    case 2: return (exponent, exponentBits, mantissaBits, bias) == (10, 5, 10, 15)
    case 4: return (exponent, exponentBits, mantissaBits, bias) == (23, 8, 23, 127)
    case 8: return (exponent, exponentBits, mantissaBits, bias) == (52, 11, 52, 1023)
    default: return false
    }
  }

  var isText: Bool {
    switch kind {
    case .text, .variableText: true
    default: false
    }
  }

  /// In words, for messages.
  var words: String {
    let (bits, _) = size.multipliedReportingOverflow(by: 8)
    switch kind {
    case .integer(let isSigned, let isStandard):
      return (isSigned ? "\(bits)-bit integers" : "\(bits)-bit unsigned integers")
        + (isStandard ? "" : " of fewer bits than they take")
    case .float(let isStandard): return "\(bits)-bit floats" + (isStandard ? "" : " that are not IEEE's")
    case .text, .variableText: return "strings"
    case .enumeration: return "an enumeration over \(bits) bits"
    case .compound: return "compound values"
    case .other: return "values of another class"
    }
  }
}
