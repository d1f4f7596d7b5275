import Tensors
import Testing

@Suite struct RandomSourceTests {
  /// The known answers published with the generator (Random123, kat_vectors).
  @Test func philoxKnownAnswers() {
    let zero = RandomSource.philox((0, 0, 0, 0), (0, 0))
    #expect(zero == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = UInt32.max
    #expect(
      RandomSource.philox((ones, ones, ones, ones), (ones, ones))
        == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      RandomSource.philox((0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0))
        == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func sourcesOfDifferentNamesDiffer() {
    func first(_ seed: UInt64, _ purpose: String, _ epoch: Int, _ sample: Int) -> UInt64 {
      var source = RandomSource(seed: seed, purpose: purpose, epoch, sample)
      return source.next()
    }
    let all = [
      first(0, "order", 0, 0), first(1, "order", 0, 0), first(0, "init", 0, 0), first(0, "order", 1, 0),
      first(0, "order", 0, 1),
    ]
    #expect(Set(all).count == all.count)
    #expect(first(7, "order", 3, 4) == first(7, "order", 3, 4))
  }

  @Test(arguments: [1, 2, 7, 100]) func permutationsHoldEveryIndexOnce(_ count: Int) {
    var source = RandomSource(seed: 5, purpose: "permutation")
    #expect(source.permutation(count).sorted() == Array(0..<count))
  }

  @Test func uniformMomentsAreThoseOfTheUniformDistribution() {
    var source = RandomSource(seed: 11, purpose: "moments")
    let draws = (0..<100_000).map { _ in source.uniform(-1, 3) }
    let mean = draws.reduce(0, +) / Double(draws.count)
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws.count)
    #expect(abs(mean - 1) < 0.02)
    #expect(abs(variance - 16.0 / 12) < 0.03)
    #expect(draws.allSatisfy { -1 <= $0 && $0 < 3 })
    #expect((0..<1000).allSatisfy { _ in (0..<7).contains(source.below(7)) })
  }
}
