/// Copies and clears raw memory, wherever this package does so while it reads.
///
/// Neither is inlined. Where a function that may throw, or a closure of one that does, ends with such a copy, Swift 6.3 on x86-64
/// makes a jump of it and forgets that the register of the error has to be as it was: what was there is then thrown.
enum RawBytes {
  /// As many bytes as both have.
  @inline(never)
  static func copy(_ from: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    guard let source = from.baseAddress, let to = target.baseAddress else { return }
    to.copyMemory(from: source, byteCount: min(from.count, target.count))
  }

  @inline(never)
  static func clear(_ target: UnsafeMutableRawBufferPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0)
  }
}
