import Regression
import Tensors
import Testing

/// Where the mean of a series of nights changes.
@Suite struct ChangePointTests {
  private func nights(_ levels: (mean: Double, count: Int)...) -> [Double] {
    levels.flatMap { [Double](repeating: $0.mean, count: $0.count) }
  }

  /// Nights of one deviation around levels.
  private func noisy(_ trial: Int, _ levels: (mean: Double, count: Int)...) -> [Double] {
    let count = levels.reduce(0) { $0 + $1.count }
    var random = RandomSource(seed: 0, purpose: "change points", trial, count)
    let noise = RandomSource.normal(count: count, deviation: 1, &random)
    return zip(levels.flatMap { [Double](repeating: $0.mean, count: $0.count) }, noise).map {
      $0 + Double($1)
    }
  }

  private func indices(_ values: [Double], _ points: ChangePoints = ChangePoints()) -> [Int] {
    points.find(in: [values])[0].map(\.index)
  }

  /// Nights that repeat their bits.
  @Test func levelsWithoutNoiseAreCertain() {
    #expect(indices(nights((25, 10), (22, 5))) == [10])
    #expect(indices(nights((0.1, 3), (0.3, 3))) == [3])
    // One that came and went, a staircase, two steps of different height.
    #expect(indices(nights((25, 10), (22, 4), (25, 10))) == [10, 14])
    #expect(indices(nights((1, 5), (2, 5), (3, 5), (4, 5))) == [5, 10, 15])
    #expect(indices(nights((1, 10), (2, 10), (6, 10))) == [10, 20])
    // A single odd night is no level, and hides none.
    #expect(indices(nights((25, 10), (22, 1), (25, 10))) == [])
    #expect(indices(nights((0, 10), (1, 1), (0, 10), (0.5, 10))) == [21])
  }

  @Test func whatIsTooFewTooSmallOrTheSameIsNone() {
    #expect(ChangePoints().needed == 6)
    #expect(indices([]) == [] && indices(nights((1, 2), (9, 3))) == [])
    #expect(indices(nights((5.108452857073876, 40))) == [])
    // Two decimals do not show it.
    #expect(indices(nights((1, 6), (1.005, 6))) == [])
    #expect(indices(nights((1, 6), (1.005, 6)), ChangePoints(smallest: 0)) == [6])
  }

  @Test func levelsAreNamedByTheirMeans() throws {
    let found = ChangePoints().find(in: [[2, 2, 2, 2], nights((25.25, 7), (22.1, 4), (23, 9))])
    #expect(found[0].isEmpty && found[1].map(\.index) == [7, 11])
    let first = try #require(found[1].first)
    #expect(first.before == ChangePoints.Level(range: 0..<7, mean: 25.25))
    #expect(first.after == found[1][1].before && first.after == .init(range: 7..<11, mean: 22.1))
    #expect(found[1][1].after == .init(range: 11..<20, mean: 23))
  }

  /// Series around one mean: at most alpha of them have a change point. With six nights there is one place, so
  /// that the bound is met, 0.05; with more it is not: 0.02 of twelve nights and 0.01 of thirty, as the same
  /// rule in Python finds.
  @Test(arguments: [(nights: 6, trials: 2000, most: 0.065), (12, 1000, 0.035), (30, 300, 0.035)])
  func falseAlarmsAreAsRareAsStated(nights: Int, trials: Int, most: Double) {
    let alarms = (0..<trials).count { !indices(noisy($0, (50, nights))).isEmpty }
    #expect(Double(alarms) / Double(trials) <= most, "\(alarms) of \(trials)")
  }

  /// All series of a page have alpha together: twenty of them give no more alarms than one.
  @Test func manySeriesShareTheRate() {
    let alarms = (0..<300).count { page in
      ChangePoints().find(in: (0..<20).map { noisy(20 * page + $0, (50, 6)) }).contains { !$0.isEmpty }
    }
    #expect(alarms <= 27, "\(alarms) of 300 pages")
  }

  /// Four deviations of a night are found when they have lasted ten nights, and mostly at the right one.
  @Test func whatIsLargeIsFound() {
    let found = (0..<100).map { indices(noisy($0, (50, 20), (46, 10)), ChangePoints(alpha: 0.001)) }
    #expect(found.count { $0.count == 1 } >= 98, "\(found)")
    #expect(found.count { $0 == [20] } >= 85, "\(found)")
    // Half a deviation is not.
    let small = (0..<100).count { !indices(noisy($0, (50, 20), (49.5, 10))).isEmpty }
    #expect(small < 15, "\(small)")
  }
}
