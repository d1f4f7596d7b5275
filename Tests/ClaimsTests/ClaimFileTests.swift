import Experiments
import Testing

/// What is wrong in a file of claims is named with its path, key, value and what was allowed.
@Suite struct ClaimFileTests {
  private static let good = ["tables: [97]", "left: [JML]", "right: [CE]", "relation: greater"]

  private func message(_ claims: String) throws -> String {
    let error = #expect(throws: RegistryError.self) { try ClaimFiles.registry(claims: claims) }
    return error?.description ?? ""
  }

  @Test(arguments: [
    (
      ["lefts: [JML]"],
      "claims/own.yaml: claims[0].checks[0].lefts: unknown key; allowed: check, relation, by, "
    ),
    (
      ["axis: diagonal"],
      "claims/own.yaml: claims[0].checks[0].axis: 'diagonal' is out of range; allowed: one of columns, rows"
    ),
    (
      ["pairing: all"],
      "claims/own.yaml: claims[0].checks[0].pairing: 'all' is out of range; allowed: one of zip, each, "
    ),
    (["by: -1"], "claims/own.yaml: claims[0].checks[0].by: '-1' is out of range; allowed: "),
    (["by: two"], "claims/own.yaml: claims[0].checks[0].by: got 'two'; allowed: "),
    (["value: 3"], "claims/own.yaml: claims[0].checks[0]: "),
    (
      ["tolerance: 1"],
      "claims/own.yaml: claims[0].checks[0].tolerance: '1': relation greater has no tolerance"
    ),
    (["columns: [CE]"], "claims/own.yaml: claims[0].checks[0].columns: "),
    (
      ["best_of_left: true"],
      "claims/own.yaml: claims[0].checks[0].best_of_left: 'true': pairing must be best, highest or lowest"
    ),
    (["pairing: steps"], "claims/own.yaml: claims[0].checks[0].right: "),
    (["left_minus: [CE, CE]"], "claims/own.yaml: claims[0].checks[0]: "),
    (
      ["contrast: yes please"],
      "claims/own.yaml: claims[0].checks[0].contrast: got 'yes please'; allowed: true or false"
    ),
    (["contrast: true"], "claims/own.yaml: claims[0].checks: "),
    (["pairs: []"], "claims/own.yaml: claims[0].checks[0]"),
    (["networks: 3"], "claims/own.yaml: claims[0].checks[0]"),
  ])
  func keysOfChecks(_ extra: [String], _ wanted: String) throws {
    let text = try message(ClaimFiles.claim(Self.good + extra))
    #expect(text.hasPrefix(wanted), "\(text)")
  }

  @Test(arguments: [
    ("left: {table: 97, columns: []}", "claims[0].checks[0].pairs[0].left.columns: "),
    ("left: {columns: [CE]}", "claims[0].checks[0].pairs[0].left.table: required key is missing"),
    ("left: {table: 97}", "claims[0].checks[0].pairs[0].left.columns: required key is missing"),
    (
      "left: {numbers: [1], table: 97}",
      "claims[0].checks[0].pairs[0].left.table: '97': numbers are of no table"
    ),
    (
      "left: {numbers: [1], over: sum}",
      "claims[0].checks[0].pairs[0].left.over: 'sum' is out of range; allowed: one of mean"
    ),
    (
      "left: {numbers: [1], of: sum}",
      "claims[0].checks[0].pairs[0].left.of: 'sum' is out of range; allowed: one of mean, std"
    ),
    ("left: {numbers: [one]}", "claims[0].checks[0].pairs[0].left.numbers[0]: got 'one'; allowed: "),
    ("middle: {numbers: [1]}", "claims[0].checks[0].pairs[0].middle: unknown key; allowed: left, right"),
  ])
  func numbersOfPairs(_ left: String, _ wanted: String) throws {
    let text = try message(
      ClaimFiles.claim(["relation: greater", "pairs:", "  - \(left)", "    right: {numbers: [1]}"]))
    #expect(text.hasPrefix("claims/own.yaml: \(wanted)"), "\(text)")
  }

  @Test func claimsThemselves() throws {
    let one = ClaimFiles.claim(Self.good)
    #expect(try message(one + "\n" + one).contains("'Z01' stands twice"))
    #expect(
      try message(ClaimFiles.claim(Self.good, quantifier: "few")).hasPrefix(
        "claims/own.yaml: claims[0].quantifier: 'few' is out of range; allowed: one of all, most, some, exact, arithmetic"
      ))
    #expect(try message(one + "\n    not_judged: because").contains("only one may stand"))
    let bare = "  - {id: Z01, section: \"1\", text: A statement., quantifier: all}"
    #expect(try message(bare) == "claims/own.yaml: claims[0].checks: required key is missing")
  }
}
