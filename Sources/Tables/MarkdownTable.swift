import Experiments
import Foundation

/// The table as GitHub-flavoured Markdown.
enum MarkdownTable {
  static func text(_ table: BuiltTable) -> String {
    let blocks = [
      "# Table \(table.spec.number). \(table.spec.title)", caption(table), grid(table), notes(table),
      runs(table),
      failures(table),
    ]
    return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  // MARK: Caption

  private static func caption(_ table: BuiltTable) -> String {
    let profile = table.plan.profile
    var lines = ["- Profile: `\(profile.name)`."]
    if !profile.comparableWithPaper {
      lines[0] += " **Profile \(profile.name) is not comparable in absolute value to the paper's numbers.**"
    }
    for name in table.datasets {
      lines.append("- Data: `\(name)`: \(table.dataText(name)); \(scale(table, name)).")
    }
    if !table.plan.overrides.isEmpty {
      lines.append("- Overrides: " + table.plan.overrides.map { "`\($0)`" }.joined(separator: ", ") + ".")
    }
    let hardware = table.distinct {
      $1.hardware.isEmpty ? "" : "\($1.hardware), \(count($1.threads, "thread"))"
    }
    lines.append("- Hardware: \(hardware.isEmpty ? "no run is finished" : hardware.joined(separator: "; ")).")
    let metrics = table.metrics.map { "\($0.title) (\($0.higherIsBetter ? "higher" : "lower") is better)" }
    lines.append("- Metric: \(metrics.joined(separator: ", ")); unit: \(table.spec.unit).")
    var over = "seeds " + table.seeds.map(String.init).joined(separator: ", ")
    if !table.folds.isEmpty { over += ", folds " + table.folds.map(String.init).joined(separator: ", ") }
    lines.append(
      "- Cells: ours, mean ± population standard deviation (divided by n) over \(over); below it the "
        + "paper's number. \"quoted\": the paper's figure for a method that is not yet run here.")
    return lines.joined(separator: "\n")
  }

  /// What the planned runs on a data set really have, overrides included; several values where they differ.
  private static func scale(_ table: BuiltTable, _ dataset: String) -> String {
    let scales = table.runs.map(\.run.spec).filter { $0.data.name == dataset }.map(\.scale)
    func values(_ value: (ScaleSpec) -> Int?) -> String? {
      let distinct = Set(scales.compactMap(value)).sorted()
      return distinct.isEmpty ? nil : distinct.map(String.init).joined(separator: " or ")
    }
    let parts = [
      values { $0.cropHeight }.flatMap { height in values { $0.cropWidth }.map { "crop \(height) x \($0)" } },
      values { $0.batch }.map { "batch \($0)" }, values { $0.iterations }.map { "iterations \($0)" },
      values { $0.workingShortSide }.map { "short side \($0)" },
      values { $0.maximumValidationImages }.map { "validation images at most \($0)" },
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  // MARK: Grid

  private static func grid(_ table: BuiltTable) -> String {
    let spec = table.spec
    let titles = spec.rowHeaders + spec.columns.map(\.title) + spec.differences.map(\.title)
    let numbers = spec.columns.count + spec.differences.count
    let rule = spec.rowHeaders.map { _ in "---" } + [String](repeating: "---:", count: numbers)
    var lines = [line(titles.map(escaped)), line(rule)]
    for (row, cells) in table.cells.enumerated() {
      lines.append(
        line(spec.rows[row].labels.map(escaped) + cells.map(text) + table.differences[row].map(text)))
    }
    return lines.joined(separator: "\n")
  }

  private static func line(_ fields: [String]) -> String { "| " + fields.joined(separator: " | ") + " |" }

  private static func text(_ cell: BuiltTable.BuiltCell) -> String {
    let ours: String
    switch cell.ours {
    case .value(let aggregate, let planned):
      let n = aggregate.count == planned ? "n=\(planned)" : "n=\(aggregate.count) of \(planned)"
      let deviation = aggregate.count > 1 ? " ± \(fixed(aggregate.std))" : ""
      ours = "\(fixed(aggregate.mean))\(deviation) (\(n))"
    case .pending: ours = "pending"
    case .failed: ours = "failed"
    case .notYetRun: ours = "not yet run"
    case .absent: return "–"
    }
    guard let paper = cell.paper else { return ours }
    let deviation = paper.std.map { " ± \($0.text)" } ?? ""
    return "\(ours)<br>\(cell.isQuoted ? "quoted" : "paper") \(paper.mean.text)\(deviation)"
  }

  private static func text(_ difference: BuiltTable.BuiltDifference) -> String {
    guard difference.ours != nil || difference.paper != nil else { return "–" }
    let ours = difference.ours.map { signed($0) } ?? "–"
    return "\(ours)<br>paper \(difference.paper.map { signed($0) } ?? "–")"
  }

  /// Two decimals, as the paper prints. `String(format:)` without a locale always writes a point.
  static func fixed(_ value: Double) -> String { String(format: "%.2f", value) }

  static func signed(_ value: Double) -> String { String(format: "%+.2f", value) }

  private static func escaped(_ text: String) -> String { text.replacingOccurrences(of: "|", with: "\\|") }

  // MARK: Below the grid

  private static func notes(_ table: BuiltTable) -> String {
    let exceptions = table.spec.exceptions.map { exception in
      let values = exception.set.map { "`\($0)`" }.joined(separator: ", ")
      let applies = exception.profiles.contains(table.plan.profile.name)
      return exception.reason
        + (applies ? " This table does the same (\(values))." : " Not in profile \(table.plan.profile.name).")
    }
    let lines = exceptions + table.spec.notes
    return lines.isEmpty ? "" : "Notes:\n\n" + lines.map { "- \($0)" }.joined(separator: "\n")
  }

  private static func runs(_ table: BuiltTable) -> String {
    let states = Dictionary(uniqueKeysWithValues: table.runs.map { ($0.run.id, $0.summary.stateName) })
    func short(_ id: RunID) -> String {
      let state = states[id] ?? "pending"
      return "`\(id.short)`" + (state == "done" ? "" : " (\(state))")
    }
    var lines: [String] = []
    for (row, cells) in table.cells.enumerated() {
      for (column, cell) in cells.enumerated() where !cell.runs.isEmpty {
        let name = table.spec.rows[row].labels.joined(separator: ", ")
        lines.append(
          "- \(name), \(table.spec.columns[column].title): " + cell.runs.map(short).joined(separator: " "))
      }
    }
    for (run, _) in table.runs where table.teachers.contains(run.id) {
      lines.append("- Teacher on `\(run.spec.data.name)`, `\(run.spec.model.name)`: \(short(run.id))")
    }
    return lines.isEmpty ? "" : "Runs (first digits of their ids):\n\n" + lines.joined(separator: "\n")
  }

  private static func failures(_ table: BuiltTable) -> String {
    guard !table.failures.isEmpty else { return "" }
    let lines = table.failures.map { id, reason in
      "- `\(id)`: " + reason.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
    return "Runs without a number:\n\n" + lines.joined(separator: "\n")
  }
}
