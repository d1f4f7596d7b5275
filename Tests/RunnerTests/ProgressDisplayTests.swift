import Experiments
import Foundation
import Runner
import Testing

/// The line that a terminal keeps up to date, at any width.
@Suite(.serialized) struct ProgressDisplayTests {
  private func plan() throws -> Plan {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jml-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    return try FakeRuns.plan(in: folder)
  }

  /// What is written while two of the plan's runs go on, for so many steps.
  private func written(
    _ plan: Plan, steps: Int, isLive: Bool, columns: @escaping () -> Int
  ) throws -> [String] {
    var written: [String] = []
    let display = ProgressDisplay(
      runs: plan.runs, jobs: 2, isLive: isLive, estimate: GridEstimate(), columns: columns
    ) { written.append($0) }
    display.show(.began(runs: plan.runs.count, finished: 0))
    let ids = plan.runs.prefix(2).map(\.id)
    for id in ids {
      display.show(.launched(id))
      display.show(.run(id, .started(iteration: 0, iterations: 4000)))
    }
    for iteration in 1...steps {
      // The line is not rewritten more often than every tenth of a second.
      usleep(105_000)
      display.show(
        .run(
          ids[0],
          .step(iteration: iteration, loss: 1.25, terms: [:], learningRate: 0.01, seconds: 0.5)))
    }
    display.end()
    return written
  }

  /// Lines in place, as far as they are seen.
  private func live(_ written: [String]) -> [Substring] {
    written.filter { $0.hasPrefix("\r\u{1B}[K") }.map { $0.dropFirst(4) }
  }

  @Test func nothingWraps() throws {
    let plan = try plan()
    for columns in [0, 1, 2, 10, 20, 40, 80, 500] {
      let lines = live(try written(plan, steps: 2, isLive: true) { columns })
      #expect(lines.count >= 3, "\(columns)")
      for line in lines { #expect(!line.contains("\n") && line.count <= max(0, columns - 1), "\(columns)") }
      if columns >= 20 { #expect(lines.contains { $0.hasPrefix("run 1/6 iteration ") }) }
    }
  }

  /// Somebody changes the width between two lines.
  @Test func widthIsAskedForEachLine() throws {
    let widths = [500, 30, 1, 80]
    var asked = 0
    let lines = live(
      try written(try plan(), steps: 4, isLive: true) {
        asked += 1
        return widths[(asked - 1) % widths.count]
      })
    #expect(asked >= 4)
    // Whole, cut at 29, empty, cut at 79.
    let lengths = Set(lines.map(\.count))
    #expect(lengths.isSuperset(of: [0, 29]) && lengths.contains { $0 > 29 && $0 <= 499 }, "\(lengths)")
  }

  /// Without a terminal, lines are whole and of their own.
  @Test func plainLines() throws {
    let written = try written(try plan(), steps: 1, isLive: false) { 10 }
    #expect(!written.isEmpty && written.allSatisfy { $0.hasPrefix("jml: ") && $0.hasSuffix("\n") })
    #expect(!written.contains { $0.contains("\u{1B}") })
  }
}
