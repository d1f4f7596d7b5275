/// What a part of a file says that cannot be, or that this package does not read. Whoever knows the file and the object makes an
/// `HDF5Error` of it.
struct Malformed: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Sums and products of numbers that a file gives.
enum Checked {
  static func sum(_ first: Int, _ second: Int, _ what: String) throws -> Int {
    let (sum, overflow) = first.addingReportingOverflow(second)
    guard !overflow else { throw Malformed("\(what) lies beyond any file") }
    return sum
  }

  static func product(_ first: Int, _ second: Int, _ what: String) throws -> Int {
    let (product, overflow) = first.multipliedReportingOverflow(by: second)
    guard !overflow else { throw Malformed("\(what) is larger than any file") }
    return product
  }

  static func product(_ factors: [Int], times first: Int = 1, _ what: String) throws -> Int {
    try factors.reduce(first) { try product($0, $1, what) }
  }

  /// Bytes that a number takes, at least one.
  static func bytes(of number: UInt64) -> Int {
    number == 0 ? 1 : (63 - number.leadingZeroBitCount) / 8 + 1
  }

  static func isPowerOfTwo(_ value: Int) -> Bool { value > 0 && value & (value - 1) == 0 }

  /// Of a count, in groups of `size`, which is above 0.
  static func groups(of count: Int, by size: Int) -> Int { count / size + (count % size == 0 ? 0 : 1) }
}
