import Claims
import Experiments
import Testing

/// What checks compare, and what they count, by the numbers that the table prints.
@Suite struct RelationTests {
  private func judge(_ check: [String], quantifier: String = "all") throws -> Judgement {
    let registry = try ClaimFiles.registry(claims: ClaimFiles.claim(check, quantifier: quantifier))
    let claim = try #require(registry.claims["own"]?.first)
    return try ClaimJudge(registry: registry, side: .paper).judge(claim)
  }

  private func columns(_ left: String, _ right: String, _ rest: String...) -> [String] {
    ["tables: [97]", "metric: mIoU", "left: [\(left)]", "right: [\(right)]"] + rest
  }

  /// Rows are DL3-R18 and DL3-MB2: CE 70.0 and 68.0, JML 72.5 and 67.9, BLS 73.0 and 69.0.
  @Test(arguments: [
    ("relation: greater", [true, false]),
    ("relation: less", [false, true]),
    ("relation: better", [true, false]),
    ("relation: at_least", [true, false]),
    ("relation: equal", [false, false]),
    ("relation: same", [false, false]),
    ("relation: within_std", [false, true]),
  ])
  func relations(_ relation: String, _ wanted: [Bool]) throws {
    #expect(try judge(columns("JML", "CE", relation)).comparisons.map(\.holds) == wanted)
  }

  @Test func margins() throws {
    #expect(
      try judge(columns("JML", "CE", "relation: greater", "by: 2.5")).comparisons.map(\.holds) == [
        false, false,
      ])
    #expect(
      try judge(columns("JML", "CE", "relation: at_least", "by: 2.5")).comparisons.map(\.holds) == [
        true, false,
      ])
    #expect(
      try judge(columns("JML", "CE", "relation: greater", "by_std: 12")).comparisons.map(\.holds) == [
        true, false,
      ])
    #expect(
      try judge(columns("JML", "CE", "relation: greater", "by_std: 13")).comparisons.map(\.holds) == [
        false, false,
      ])
    #expect(
      try judge(columns("JML", "CE", "relation: equal", "tolerance: 0.1")).comparisons.map(\.holds) == [
        false, true,
      ])
    // As CE of DL3-R18 in mean, and not in deviation.
    let twice = ["relation: same", "pairs:", "  - left: {table: 97, rows: [DL3-R18 / mIoU], columns: [CE]}"]
    let minus = "    right: {table: 97, rows: [DL3-R18 / mIoU], columns: [JML], minus: {numbers: [2.5]}}"
    #expect(try judge(twice + [minus]).count.holds == 1)
    #expect(
      try judge(twice + ["    right: {table: 97, rows: [DL3-R18 / mIoU], columns: [JML]}"]).count.holds == 0)
  }

  @Test(arguments: [
    ("all", Judgement.Verdict.fails), ("exact", .fails), ("arithmetic", .fails), ("most", .fails),
    ("some", .holds),
  ])
  func quantifiers(_ quantifier: String, _ wanted: Judgement.Verdict) throws {
    let half = try judge(columns("JML", "CE", "relation: greater"), quantifier: quantifier)
    #expect(half.count.holds == 1 && half.count.of == 2)
    #expect(half.verdict == wanted)
    let whole = try judge(columns("BLS", "CE", "relation: greater"), quantifier: quantifier)
    #expect(whole.verdict == .holds)
  }

  @Test func pairings() throws {
    func names(_ check: [String]) throws -> [String] {
      try judge(check).comparisons.map { "\($0.left.name) \($0.right.name) \($0.holds)" }
    }
    #expect(
      try names(columns("JML, BLS", "CE, JML", "relation: greater", "rows: [DL3-MB2]"))
        == ["JML CE false", "BLS JML true"])
    #expect(
      try names(columns("BLS", "CE, JML", "relation: greater", "pairing: each", "rows: [DL3-MB2]"))
        == ["BLS CE true", "BLS JML true"])
    #expect(
      try names(columns("BLS", "CE, JML", "relation: greater", "pairing: highest")) == [
        "BLS JML true", "BLS CE true",
      ])
    #expect(
      try names(columns("BLS", "CE, JML", "relation: greater", "pairing: lowest")) == [
        "BLS CE true", "BLS JML true",
      ])
    // The best of calibration errors is the least.
    let errors = ["tables: [97]", "metric: ECE", "relation: better", "pairing: best"]
    #expect(try names(errors + ["left: [BLS]", "right: [CE, JML]"]) == ["BLS CE false"])
    #expect(
      try names(errors + ["left: [CE, BLS]", "right: [JML]", "best_of_left: true"]) == ["CE JML true"])
    let ladder = ["tables: [97]", "metric: mIoU", "left: [CE, JML, BLS]", "relation: greater"]
    #expect(
      try names(ladder + ["pairing: steps"])
        == ["JML CE true", "BLS JML true", "JML CE false", "BLS JML true"])
    #expect(try names(ladder + ["pairing: chain"]) == ["BLS JML true", "JML CE false"])
  }

  @Test func rowsAndNumbers() throws {
    let rows = [
      "tables: [97]", "axis: rows", "metric: mIoU", "left: [DL3-R18]", "right: [DL3-MB2]",
      "relation: greater",
    ]
    // LATE and OTHER are not printed for DL3-MB2.
    #expect(try judge(rows).comparisons.map(\.difference).map { ($0 * 10).rounded() } == [20, 46, 40])
    #expect(try judge(rows + ["columns: [JML]"]).comparisons.map(\.place) == ["Table 97: mIoU / JML"])
    let value = ["tables: [97]", "metric: mIoU", "left: [BLS]", "value: 69", "relation: greater"]
    #expect(try judge(value).comparisons.map(\.holds) == [true, false])
    let gain = columns("BLS", "JML", "left_minus: [JML]", "right_minus: [CE]", "relation: greater")
    #expect(try judge(gain).comparisons.map(\.holds) == [false, true])
  }

  @Test func cellsByName() throws {
    func pair(_ left: String, _ right: String) throws -> [Double] {
      try judge(["relation: greater", "pairs:", "  - left: {\(left)}", "    right: {\(right)}"])
        .comparisons.map { ($0.difference * 1000).rounded() / 1000 }
    }
    let jml = "table: 97, metric: mIoU, columns: [JML]"
    #expect(try pair(jml, "numbers: [70, 60]") == [2.5, 7.9])
    #expect(try pair("\(jml), over: mean", "numbers: [0]") == [70.2])
    #expect(try pair("\(jml), over: highest", "numbers: [70]") == [2.5])
    #expect(try pair("\(jml), over: lowest", "numbers: [60]") == [7.9])
    #expect(try pair("numbers: [1, 2, 9], over: median", "numbers: [0]") == [2])
    #expect(try pair("\(jml), of: std", "numbers: [0, 0]") == [0.2, 0.2])
    #expect(try pair("numbers: [1, 3], over: mean, of: std", "numbers: [0]") == [1])
    #expect(
      try pair("\(jml), minus: {table: 97, metric: mIoU, columns: [CE]}, over: mean", "numbers: [0]") == [1.2]
    )
    #expect(throws: RegistryError.self) { try pair(jml, "numbers: [70]") }
  }

  @Test func countsOfNetworksAndRepeats() throws {
    #expect(try judge(["tables: [97]", "networks: 2"]).verdict == .holds)
    #expect(try judge(["tables: [97]", "networks: 3"]).verdict == .fails)
    // Nothing in the table is printed twice.
    let repeats = try judge(["relation: same", "same_runs: [97]"])
    #expect(repeats.verdict == .notDecidable && repeats.count.of == 0)
  }

  @Test func missingTablesAndContrasts() throws {
    let both = ["tables: [97, 98]", "metric: mIoU", "left: [BLS]", "right: [CE]", "relation: greater"]
    let missing = try judge(both)
    #expect(missing.verdict == .notDecidable)
    #expect(missing.reason == "Table 98 is not in experiments/tables")
    let two = columns("BLS", "CE", "relation: greater").map { "        \($0)" }.joined(separator: "\n")
    let contrast = both.map { "        \($0)" }.joined(separator: "\n")
    let text = """
        - id: Z01
          section: "1"
          text: A statement.
          quantifier: all
          checks:
            - check: own
      \(two)
            - check: beside
              contrast: true
      \(contrast)
      """
    let registry = try ClaimFiles.registry(claims: text)
    let claim = try #require(registry.claims["own"]?.first)
    let judged = try ClaimJudge(registry: registry, side: .paper).judge(claim)
    #expect(judged.verdict == .holds)
    #expect(judged.count.of == 2 && judged.comparisons.count == 4)
  }

  @Test(arguments: [
    (
      ["tables: [97]", "left: [JML]", "right: [NEW]", "relation: greater"],
      "there is no 'NEW'; allowed: CE, JML"
    ),
    (
      ["tables: [97]", "rows: [B9]", "left: [JML]", "right: [CE]", "relation: greater"],
      "there is no 'B9'; allowed: DL3-R18 / mIoU"
    ),
    (
      ["tables: [97]", "metric: SCE", "left: [JML]", "right: [CE]", "relation: greater"],
      "there is no 'SCE'; allowed: DL3-R18 / mIoU"
    ),
    (
      ["relation: less", "pairs:", "  - {left: {table: 97, columns: [NEW]}, right: {numbers: [1]}}"],
      "there is no 'NEW'; allowed: CE, JML"
    ),
  ])
  func namesThatNoTableHas(_ check: [String], _ wanted: String) throws {
    let error = #expect(throws: RegistryError.self) { try judge(check) }
    #expect(error?.description.contains(wanted) == true, "\(error.map(String.init(describing:)) ?? "")")
    #expect(error?.description.contains("Z01: own") == true)
  }
}
