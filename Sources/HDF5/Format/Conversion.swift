/// How values of a file become values in memory, many at a time.
struct Conversion {
  /// Bytes of a value in the file and in memory.
  let stored: Int
  let taken: Int
  /// nil where the bytes are the same. Converts as many values as both have room for.
  let convert: ((UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void)?

  /// As many values as both have room for.
  func apply(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    if let convert { convert(bytes, target) } else { RawBytes.copy(bytes, to: target) }
  }

  /// Bytes as they are.
  static func same(_ size: Int) -> Conversion { Conversion(stored: size, taken: size, convert: nil) }

  /// Rules for integers `Stored`, which have the bits of a value of the file, made into values of `Taken`.
  @inline(__always)
  static func each<Stored: FixedWidthInteger, Taken>(
    _: Stored.Type, isBigEndian: Bool, _ rule: @escaping (Stored) -> Taken
  ) -> Conversion {
    let (stored, taken) = (MemoryLayout<Stored>.size, MemoryLayout<Taken>.size)
    return Conversion(stored: stored, taken: taken) { from, to in
      let count = min(from.count / stored, to.count / taken)
      guard count > 0, let from = from.baseAddress, let to = to.baseAddress else { return }
      // Two loops, and sums that cannot overflow: then the compiler takes many values at a time.
      if isBigEndian {
        for index in 0..<count {
          let bits = from.loadUnaligned(fromByteOffset: index &* stored, as: Stored.self)
          to.storeBytes(of: rule(Stored(bigEndian: bits)), toByteOffset: index &* taken, as: Taken.self)
        }
      } else {
        for index in 0..<count {
          let bits = from.loadUnaligned(fromByteOffset: index &* stored, as: Stored.self)
          to.storeBytes(of: rule(Stored(littleEndian: bits)), toByteOffset: index &* taken, as: Taken.self)
        }
      }
    }
  }

  // MARK: - Floats

  static func floats(from type: Datatype) -> Conversion? {
    let swap = type.isBigEndian
    switch type.size {
    case 2: return each(UInt16.self, isBigEndian: swap) { Float(half: $0) }
    case 4: return swap ? each(UInt32.self, isBigEndian: true) { $0 } : same(4)
    case 8:
      return each(UInt64.self, isBigEndian: swap) { bits in
        let value = Double(bitPattern: bits)
        // What is above the greatest Float is infinity, however little, as libhdf5 has it.
        if value > Double(Float.greatestFiniteMagnitude) { return Float.infinity }
        if value < -Double(Float.greatestFiniteMagnitude) { return -Float.infinity }
        return Float(value)
      }
    default: return nil
    }
  }

  static func doubles(from type: Datatype) -> Conversion? {
    let swap = type.isBigEndian
    switch type.size {
    case 2: return each(UInt16.self, isBigEndian: swap) { Double(Float(half: $0)) }
    case 4: return each(UInt32.self, isBigEndian: swap) { Double(Float(bitPattern: $0)) }
    case 8: return swap ? each(UInt64.self, isBigEndian: true) { $0 } : same(8)
    default: return nil
    }
  }

  // MARK: - Integers

  /// - Parameter type: of integers that `Element` holds.
  static func integers<Element: FixedWidthInteger>(
    _: Element.Type, from type: Datatype, isSigned: Bool
  ) -> Conversion? {
    let swap = type.isBigEndian
    if type.size == MemoryLayout<Element>.size, !swap { return same(type.size) }
    func each<Stored: FixedWidthInteger>(_: Stored.Type) -> Conversion {
      Conversion.each(Stored.self, isBigEndian: swap) { Element(truncatingIfNeeded: $0) }
    }
    switch (type.size, isSigned) {
    case (1, true): return each(Int8.self)
    case (1, false): return each(UInt8.self)
    case (2, true): return each(Int16.self)
    case (2, false): return each(UInt16.self)
    case (4, true): return each(Int32.self)
    case (4, false): return each(UInt32.self)
    case (8, true): return each(Int64.self)
    case (8, false): return each(UInt64.self)
    default: return nil
    }
  }

  /// One byte of an enumeration: what is below 0 is 0, as libhdf5 has it.
  static func enumeration(isSigned: Bool) -> Conversion {
    isSigned ? each(Int8.self, isBigEndian: false) { UInt8(max($0, 0)) } : same(1)
  }
}

extension Float {
  /// A float of 16 bits, by its bits: `Float16` is not there on every processor.
  init(half bits: UInt16) {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let (exponent, mantissa) = (UInt32(bits >> 10 & 31), UInt32(bits & 0x3FF))
    switch exponent {
    // Below the smallest normal number: steps of 2^-24.
    case 0: self = sign * Float(mantissa) * 0x1p-24
    case 31: self = Float(bitPattern: UInt32(bits >> 15) << 31 | 0x7F80_0000 | mantissa << 13)
    default: self = Float(bitPattern: UInt32(bits >> 15) << 31 | (exponent + 112) << 23 | mantissa << 13)
    }
  }
}
