import Claims
import Experiments
import Regression
import Tables
import Testing

/// What is a regression and what is not.
@Suite struct JudgeTests {
  // MARK: Bits

  @Test func equalBitsPass() {
    let cells = [Nights.cell("CE", [3.85], counts: "c", model: "m")]
    let report = Nights.report(cells, cells, tier: "smoke")
    #expect(report.verdict == .passed && report.cells[0].state == .same && report.lines.isEmpty)
    #expect(report.summary == "own: passed: 1 cells: 1 with the same bits")
  }

  /// A better number is another number too.
  @Test(arguments: [
    (3.8500000000000005, "c", "m", "seed 0: 3.8500000000000005, 3.85 in the reference"),
    (3.85, "d", "m", "seed 0: counts differ, the metric does not"),
    (3.85, "c", "n", "seed 0: weights differ, counts do not"),
  ]) func otherBitsAreARegression(value: Double, counts: String, model: String, says: String) {
    let report = Nights.report(
      [Nights.cell("CE", [value], counts: counts, model: model)],
      [Nights.cell("CE", [3.85], counts: "c", model: "m")],
      tier: "smoke")
    #expect(report.verdict == .regressed && report.lines.count == 1)
    #expect(report.lines[0].hasPrefix("table98, Net / miou, CE: miou 3.85"))
    #expect(report.lines[0].hasSuffix(": \(says)"), "\(report.lines)")
  }

  @Test func anotherSpecIsSaid() {
    let report = Nights.report([Nights.cell("CE", [3], run: "s")], [Nights.cell("CE", [4])], tier: "smoke")
    #expect(report.lines[0].hasSuffix("4.0 in the reference; its spec or data is another one"))
    #expect(report.notes.first?.hasPrefix("1 of 1 cells are of other runs") == true)
  }

  // MARK: Statistics

  /// Three seeds of ten cells, with spreads of their own.
  private func cells(_ shift: (Int) -> Double, metric: String = "miou", night: Int) -> [CellResult] {
    (0..<10).map { cell in
      let spread = 0.2 + 0.05 * Double(cell)
      return Nights.cell(
        "C\(cell)",
        (0..<3).map { seed in
          30 + shift(cell) + spread * [-1, 0.3, 0.7][(seed + cell + night) % 3]
        }, metric: metric)
    }
  }

  @Test func aCellThatIsFarWorseIsFound() {
    let report = Nights.report(cells({ $0 == 3 ? -4 : 0 }, night: 1), cells({ _ in 0 }, night: 0))
    #expect(report.verdict == .regressed)
    #expect(report.cells.filter { $0.state == .regressed }.map(\.night.place.column) == ["C3"])
    #expect(report.lines.count == 1 && report.lines[0].contains(": 4.00 worse, p "), "\(report.lines)")
  }

  @Test func betterAndUnchangedPass() {
    for shift in [0.0, 4] {
      let report = Nights.report(cells({ $0 == 3 ? shift : 0 }, night: 1), cells({ _ in 0 }, night: 0))
      #expect(report.verdict == .passed, "\(report.lines)")
    }
  }

  /// Of a calibration error more is worse.
  @Test func lowerMayBeBetter() {
    for (shift, verdict) in [(4.0, RegressionReport.Verdict.regressed), (-4, .passed)] {
      let report = Nights.report(
        cells({ $0 == 3 ? shift : 0 }, metric: "ece", night: 1), cells({ _ in 0 }, metric: "ece", night: 0))
      #expect(report.verdict == verdict)
    }
  }

  /// Significant, and of no consequence.
  @Test func theMinimumEffectStands() {
    let tight = (0..<10).map { Nights.cell("C\($0)", [30, 30.001, 30.002]) }
    let moved = (0..<10).map { Nights.cell("C\($0)", [29.6, 29.601, 29.602]) }
    let report = Nights.report(moved, tight)
    #expect(report.verdict == .passed)
    #expect(report.cells.allSatisfy { ($0.corrected ?? 1) < 1e-6 })
    #expect(
      Nights.report(tight.map { Nights.cell($0.place.column, [29.4, 29.401, 29.402]) }, tight).verdict
        == .regressed)
  }

  /// Every cell a little worse: no cell can say so, their mean can.
  @Test func aSmallShiftOfAllCellsIsSeenInTheMean() {
    let report = Nights.report(cells({ _ in -0.6 }, night: 1), cells({ _ in 0 }, night: 0))
    #expect(report.means.map(\.state) == [.regressed], "\(report.means)")
    #expect(report.lines.last?.hasPrefix("mean of miou over 10 cells: ") == true)
    #expect(report.lines.last?.contains("0.60 worse") == true)
  }

  // MARK: No number, and nothing to compare

  @Test func aFailedRunIsARegressionWhateverItIsComparedWith() {
    let failed = Nights.cell("CE", [3, 4], problems: ["r2 diverged: loss is nan", "r3 failed: x"])
    let good = Nights.cell("CE", [3, 4, 5])
    for tier in ["smoke", "mini"] {
      let report = Nights.report([failed], [good], tier: tier)
      #expect(report.verdict == .regressed)
      #expect(report.lines[0].hasSuffix(": r2 diverged: loss is nan (and 1 more runs)"))
    }
    let alone = NightJudge.report(Nights.night([failed]), reference: nil, test: Nights.test)
    #expect(alone.verdict == .regressed && alone.obstacles == ["there is no reference"])
  }

  @Test func otherNumericsAndMachinesAreNotCompared() {
    let good = [Nights.cell("CE", [30, 31, 32])]
    let bad = [Nights.cell("CE", [3, 4, 5])]
    func report(_ night: Night, tier: String = "mini") -> RegressionReport {
      NightJudge.report(
        night, reference: Nights.accepted(Nights.night(good, tier: tier)),
        test: tier == "mini" ? Nights.test : nil)
    }
    let other = report(Nights.night(bad, numerics: 6))
    #expect(other.verdict == .notCompared && other.lines.isEmpty)
    #expect(other.obstacles == ["the version of the numerics is 6, the reference's 5"])
    let threads = MachineClass(cpu: "Some CPU", processor: nil, threads: 2, versions: ["dnnl": "3.1"])
    let bits = report(Nights.night(bad, tier: "smoke", machine: threads), tier: "smoke")
    #expect(
      bits.obstacles == [
        "the number of threads is 2, the reference's 1", "dnnl's version is 3.1, the reference's 2.6.3",
      ])
    // Statistics do not mind threads and versions of libraries, but they mind processors.
    #expect(report(Nights.night(bad, machine: threads)).verdict == .regressed)
    let processor = MachineClass(cpu: "Some CPU", processor: "Vendor family 2", threads: 1, versions: nil)
    #expect(report(Nights.night(bad, machine: processor)).verdict == .notCompared)
    // The compiler and the system compute nothing.
    #expect(Nights.machine.versions?.keys.sorted() == ["dnnl", "openblas"])
  }

  /// Unless somebody asks, and then by tests alone.
  @Test func acrossVersionsByTestsAlone() {
    let (good, bad) = ([Nights.cell("CE", [30, 31, 32])], [Nights.cell("CE", [3, 4, 5])])
    func report(_ tier: String, _ test: RegressionSpec.Test?) -> RegressionReport {
      NightJudge.report(
        Nights.night(bad, tier: tier, numerics: 6),
        reference: Nights.accepted(Nights.night(good, tier: tier)),
        test: test, across: true)
    }
    let tested = report("mini", Nights.test)
    #expect(tested.verdict == .regressed && tested.obstacles.isEmpty)
    #expect(tested.notes.first == "the version of the numerics is 6, the reference's 5")
    #expect(report("smoke", nil).verdict == .notCompared)
    #expect(
      NightJudge.report(Nights.night(bad), reference: nil, test: Nights.test, across: true).verdict
        == .notCompared)
  }

  @Test func cellsComeAndGo() {
    let report = Nights.report(
      [Nights.cell("NEW", [1, 2, 3]), Nights.cell("CE", [1, 2, 3])],
      [Nights.cell("CE", [1, 2, 3]), Nights.cell("OLD", [1, 2, 3])])
    #expect(report.cells.map(\.state) == [.notCompared, .same])
    #expect(report.cells[0].reason == "the reference has no such cell")
    #expect(report.notes.first == "table98, Net / miou, OLD is in the reference and not declared any more")
    // One run a side has no variance.
    #expect(
      Nights.report([Nights.cell("CE", [1])], [Nights.cell("CE", [9])]).cells[0].reason
        == "two runs or more are needed on either side")
  }
}
