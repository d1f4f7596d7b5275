/// Random choices of a campaign: all from one seed, so that it can be run again. SplitMix64.
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  mutating func seconds(upTo most: Double) -> Double { Double.random(in: 0...most, using: &self) }

  /// `count` of `0..<all`, spread evenly, one anywhere in each part; all of them if there are no more.
  mutating func spread(_ count: Int, over all: Int) -> [Int] {
    guard count < all else { return Array(0..<max(all, 0)) }
    return (0..<count).map { part in
      Int.random(in: part * all / count..<max((part + 1) * all / count, part * all / count + 1), using: &self)
    }
  }
}
