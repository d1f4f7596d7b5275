import Experiments
import Foundation
import JSON
import Tables

extension ResultsComparison {
  private static let titles = ["table", "row", "column", "metric", "A", "B", "B - A", "p", "p (Holm)", ""]

  /// Headers and one line a cell that a side has, as columns; the last one says what is known.
  public var lines: [[String]] { [Self.titles] + shown.map(Self.fields) }

  /// What the lines come to.
  public var conclusions: [String] {
    var lines = [
      "\(significant) of \(Self.cellText(compared.count)) that both have differ significantly (p below \(level) after Holm's "
        + "correction over \(tests) test\(tests == 1 ? "" : "s")): B is better in \(count(.better)), worse in "
        + "\(count(.worse)); \(count(.equal)) are equal to the last bit"
    ]
    if count(.untested) > 0 {
      lines.append(
        "\(Self.cellText(count(.untested))) without a test: fewer than two runs on a side, or no deviation")
    }
    for (verdict, name) in [(ComparedCell.Verdict.onlyFirst, "A"), (.onlySecond, "B")]
    where count(verdict) > 0 {
      lines.append("\(Self.cellText(count(verdict))) only in \(name)")
    }
    if count(.neither) > 0 { lines.append("\(Self.cellText(count(.neither))) in neither") }
    return lines + equivalences.map(Self.text)
  }

  /// For people: what it comes to, then a table of cells.
  /// - Parameter names: of A and B.
  public func markdown(names: (String, String)) -> String {
    var caption = [Caption.profile(plan), Caption.overrides(plan)].compactMap { $0 }
    caption.append("- A: `\(names.0)`. B: `\(names.1)`.")
    if other.overrides != plan.overrides, let text = Caption.overrides(other, title: "In B: Overrides") {
      caption.append(text)
    }
    caption.append(
      "- A, B: mean ± population standard deviation (n). p: two-sided, Welch's test; then after Holm's correction."
    )
    caption += conclusions.map { "- \($0)." }
    let rule = Self.titles.map { ["A", "B", "B - A", "p", "p (Holm)"].contains($0) ? "---:" : "---" }
    let grid = [Self.titles, rule] + shown.map { Self.fields($0).map(MarkdownTable.escaped) }
    let blocks = [
      "# Results in two places", caption.joined(separator: "\n"),
      grid.map(MarkdownTable.line).joined(separator: "\n"),
    ]
    return blocks.joined(separator: "\n\n") + "\n"
  }

  /// For programs: full precision, every cell.
  /// - Parameter names: of A and B.
  public func json(names: (String, String)) -> JSONValue {
    let counts = ComparedCell.Verdict.allCases.map { ($0.rawValue, JSONValue.int(count($0))) }
    let members: [String: JSONValue] = [
      "a": .string(names.0), "b": .string(names.1), "test": .string("Welch"), "correction": .string("Holm"),
      "level": .number(level), "tests": .int(tests), "significant": .int(significant),
      "counts": .object(Dictionary(uniqueKeysWithValues: counts)), "cells": .array(cells.map(Self.json)),
      "overrides_b": .array(other.overrides.map { .string("\($0)") }),
      "equivalences": .array(equivalences.map(Self.json)),
    ]
    return .object(members.merging(JSONTable.scale(plan)) { own, _ in own })
  }

  // MARK: Equivalence

  private static func text(_ equivalence: Equivalence) -> String {
    let name = title(equivalence.metric, equivalence.evaluation)
    let seeds = equivalence.differences.count
    var line = "\(name): mean of B - A \(NumberText.signed(equivalence.mean))"
    if let interval = equivalence.interval {
      let share = CanonicalNumber.text((100 * (1 - 2 * equivalence.level)).rounded())
      line +=
        " (\(share) % interval \(NumberText.signed(interval.lowerBound)) to \(NumberText.signed(interval.upperBound)))"
    }
    line += ", of \(seeds) seeds or folds, each the mean of \(cellText(equivalence.cells))"
    if equivalence.leftOut > 0 { line += " (\(equivalence.leftOut) left out)" }
    let margin = CanonicalNumber.text(equivalence.margin)
    return line + ": " + (equivalence.isShown ? "equivalent" : "not shown to be equivalent")
      + " within \(margin) (two one-sided tests, p \(probability(equivalence.p)))"
  }

  private static func json(_ equivalence: Equivalence) -> JSONValue {
    .object([
      "metric": .string(equivalence.metric.name), "evaluation": .string(equivalence.evaluation.name),
      "margin": .number(equivalence.margin), "level": .number(equivalence.level),
      "cells": .int(equivalence.cells), "left_out": .int(equivalence.leftOut),
      "differences": .array(equivalence.differences.map { .number($0) }),
      "difference": .number(equivalence.mean), "p": .number(equivalence.p),
      "interval": equivalence.interval.map {
        .array([.number($0.lowerBound), .number($0.upperBound)])
      } ?? .null,
      "equivalent": .bool(equivalence.isShown),
    ])
  }

  // MARK: Parts

  private var shown: [ComparedCell] { cells.filter { $0.verdict != .neither } }

  private var compared: [ComparedCell] { cells.filter { $0.number.difference != nil } }

  private static func cellText(_ count: Int) -> String { "\(count) cell\(count == 1 ? "" : "s")" }

  private static func fields(_ cell: ComparedCell) -> [String] {
    let number = cell.number
    return [
      cell.place.table, TableSpec.rowName(cell.place.labels), cell.place.column,
      title(number.metric, number.evaluation), text(number.first), text(number.second),
      number.difference.map(NumberText.signed) ?? "–", probability(number.test?.twoSided),
      probability(number.corrected), words(cell.verdict),
    ]
  }

  private static func title(_ metric: Metric, _ evaluation: CellSpec.Evaluation) -> String {
    metric.title + (evaluation == .last ? "" : " (\(evaluation.name))")
  }

  private static func words(_ verdict: ComparedCell.Verdict) -> String {
    switch verdict {
    case .better: "B better"
    case .worse: "B worse"
    case .equal: "equal"
    case .undecided: "undecided"
    case .untested: "not tested"
    case .onlyFirst: "only A"
    case .onlySecond: "only B"
    case .neither: "neither"
    }
  }

  private static func text(_ cell: Cell) -> String {
    switch cell {
    case .value(let aggregate, let planned): NumberText.text(aggregate, planned: planned)
    case .failed: "failed"
    case .pending, .cost, .notYetRun, .absent: "–"
    }
  }

  /// `String(format:)` without a locale always writes a point.
  private static func probability(_ value: Double?) -> String {
    value.map { String(format: "%.2g", $0) } ?? "–"
  }

  private static func json(_ cell: ComparedCell) -> JSONValue {
    let number = cell.number
    return .object([
      "table": .string(cell.place.table), "row": .array(cell.place.labels.map { .string($0) }),
      "column": .string(cell.place.column), "metric": .string(number.metric.name),
      "evaluation": .string(number.evaluation.name), "a": json(number.first), "b": json(number.second),
      "difference": json(number.difference), "t": json(number.test?.t), "freedom": json(number.test?.freedom),
      "p": json(number.test?.twoSided), "p_holm": json(number.corrected),
      "verdict": .string(cell.verdict.rawValue),
    ])
  }

  private static func json(_ cell: Cell) -> JSONValue { .object(JSONTable.ours(cell)) }

  private static func json(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
