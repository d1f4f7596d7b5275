/// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
/// SC 2011).
///
/// A source is named by what it is for (run seed, purpose, and up to two indices such as epoch and sample), so the
/// numbers a sample gets do not depend on which thread made it, nor on where a run was resumed.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private var counter: (UInt32, UInt32, UInt32, UInt32)
  private var buffer: (UInt64, UInt64) = (0, 0)
  private var available = 0

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - purpose: what the numbers are for, for instance "augmentation"; sources of different purposes are independent.
  ///   - first: an index below 2^32, for instance the epoch.
  ///   - second: an index below 2^32, for instance the sample.
  public init(seed: UInt64, purpose: String, _ first: Int = 0, _ second: Int = 0) {
    let mixed = RandomSource.mix(seed &+ 0x9E37_79B9_7F4A_7C15 &* 3) ^ RandomSource.hash(purpose)
    let folded = RandomSource.mix(mixed)
    key = (UInt32(truncatingIfNeeded: folded), UInt32(truncatingIfNeeded: folded >> 32))
    counter = (0, 0, UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: second))
  }

  /// Raw Philox key and counter, for known-answer tests.
  public init(key: (UInt32, UInt32), counter: (UInt32, UInt32, UInt32, UInt32)) {
    self.key = key
    self.counter = counter
  }

  /// Key and counter of the next block, for who draws many values at once. The last block must be used up.
  public var nextBlock: (key: (UInt32, UInt32), counter: (UInt32, UInt32, UInt32, UInt32)) {
    precondition(available == 0, "RandomSource.nextBlock: half a block is left")
    return (key, counter)
  }

  /// FNV-1a, 64 bits: a hash that is the same in every process, unlike `hashValue`.
  public static func hash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }

  /// The output mix of SplitMix64.
  public static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  public mutating func next() -> UInt64 {
    if available == 0 {
      let block = RandomSource.philox(counter, key)
      buffer = (UInt64(block.1) << 32 | UInt64(block.0), UInt64(block.3) << 32 | UInt64(block.2))
      available = 2
      let (low, carry) = counter.0.addingReportingOverflow(1)
      counter.0 = low
      if carry { counter.1 &+= 1 }
    }
    available -= 1
    return available == 1 ? buffer.0 : buffer.1
  }

  /// Uniform in [0, 1), 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [low, high).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// Uniform in 0..<bound.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "RandomSource.below: bound \(bound) is not positive")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A permutation of 0..<count (Fisher-Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    var index = count - 1
    while index > 0 {
      order.swapAt(index, below(index + 1))
      index -= 1
    }
    return order
  }

  /// One Philox4x32-10 block.
  public static func philox(
    _ counter: (UInt32, UInt32, UInt32, UInt32), _ key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = key
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) &* UInt64(c0)
      let p1 = UInt64(0xCD9E_8D57) &* UInt64(c2)
      (c0, c1, c2, c3) = (
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: p0)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
  }
}
