import Benchmarks
import Foundation
import JSON
import Results
import TestSupport
import Testing

@Suite struct SuiteComparisonTests {
  private static func record(
    _ profiles: String, cpu: String = "CPU", threads: Int = 2
  ) throws -> SuiteRecord {
    try SuiteRecord(
      try JSONValue(
        parsing: #"{"cpu": "\#(cpu)", "threads": \#(threads), "versions": {}, "profiles": {\#(profiles)}}"#))
  }

  private static func profile(_ name: String, _ hours: Double, _ tables: [String: Double]?) -> String {
    let list = tables.map { tables in
      tables.map { #""\#($0.key)": {"runs": 3, "hours": \#($0.value)}"# }.joined(separator: ", ")
    }
    return #""\#(name)": {"hours": \#(hours), "kinds": []\#(list.map { ", \"tables\": {\($0)}" } ?? "")}"#
  }

  @Test func hoursOfProfilesAndTables() throws {
    let before = try SuiteComparisonTests.record(
      SuiteComparisonTests.profile("paper", 100, ["table01": 30, "table04": 80]) + ", "
        + SuiteComparisonTests.profile("mini", 2, ["table01": 1]))
    let after = try SuiteComparisonTests.record(
      SuiteComparisonTests.profile("paper", 50, ["table01": 20, "table04": 40]))
    let comparison = SuiteComparison(before: before, after: after)
    #expect(comparison.lines.map(\.profile) == ["paper", "paper", "paper"])
    #expect(comparison.lines.map(\.table) == [nil, "table01", "table04"])
    #expect(comparison.lines.map(\.ratio) == [2, 1.5, 2])
    #expect(comparison.notices.isEmpty)
    let first = JSONValue.object([
      "profile": .string("paper"), "table": .null, "hours_before": .number(100), "hours_after": .number(50),
      "ratio": .number(2),
    ])
    guard case .array(let lines) = comparison.json else {
      Issue.record("no array")
      return
    }
    #expect(lines.count == 3 && lines.first == first)
  }

  /// Whatever makes the two numbers those of different things is said.
  @Test func whatDiffersIsSaid() throws {
    let old = SuiteComparisonTests.profile("mini", 2, nil)
    let new = SuiteComparisonTests.profile("mini", 1, ["table01": 1])
    let comparison = SuiteComparison(
      before: try SuiteComparisonTests.record(old),
      after: try SuiteComparisonTests.record(new, cpu: "another", threads: 4))
    #expect(comparison.lines.count == 1 && comparison.lines[0].ratio == 2)
    #expect(comparison.notices.count == 2)
    let less = SuiteComparison(
      before: try SuiteComparisonTests.record(SuiteComparisonTests.profile("mini", 2, ["table02": 2])),
      after: try SuiteComparisonTests.record(new))
    #expect(less.lines.count == 1 && less.notices.contains { $0.contains("not of the same tables") })
    let nothing = SuiteComparison(
      before: try SuiteComparisonTests.record(old),
      after: try SuiteComparisonTests.record(SuiteComparisonTests.profile("paper", 1, nil)))
    #expect(nothing.lines.isEmpty && nothing.notices.contains { $0.contains("no profile in common") })
  }

  @Test func anUnreadableFileIsNamed() throws {
    try withTemporaryDirectory { folder in
      let file = folder.appendingPathComponent("before.json")
      #expect(throws: ResultsError.self) { try SuiteRecord(reading: file) }
      try Data(#"{"profiles": 3}"#.utf8).write(to: file)
      do {
        _ = try SuiteRecord(reading: file)
        Issue.record("read")
      } catch ResultsError.unreadableJSON(let path, _) {
        #expect(path == file.path)
      }
    }
  }
}
