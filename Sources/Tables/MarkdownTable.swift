import Experiments
import Foundation

/// The table as GitHub-flavoured Markdown.
public enum MarkdownTable {
  static func text(_ table: BuiltTable) -> String {
    let blocks = [
      "# Table \(table.spec.number). \(table.spec.title)", caption(table).joined(separator: "\n"),
      grid(table),
      footnotes(table.spec), notes(table), runs(table), failures(table.runs),
    ]
    return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  private static func caption(_ table: BuiltTable) -> [String] {
    Caption.provenance(table) + Caption.legend(table, paper: "below it") + Caption.marks(table.spec)
  }

  // MARK: Grid

  private static func grid(_ table: BuiltTable) -> String {
    let spec = table.spec
    let rule = spec.rowHeaders.map { _ in "---" } + table.titles.map { _ in "---:" }
    var lines = [line((spec.rowHeaders + table.titles).map(escaped)), line(rule)]
    for (row, cells) in table.cells.enumerated() {
      lines.append(line(spec.rows[row].labels.map(escaped) + cells.map(textWithFootnotes)))
    }
    return lines.joined(separator: "\n")
  }

  public static func line(_ fields: [String]) -> String { "| " + fields.joined(separator: " | ") + " |" }

  private static func textWithFootnotes(_ cell: BuiltTable.BuiltCell) -> String {
    text(cell) + (cell.footnotes.isEmpty ? "" : " " + superscript(cell.footnotes.joined(separator: ", ")))
  }

  private static func superscript(_ text: String) -> String { "<sup>\(text)</sup>" }

  private static func text(_ cell: BuiltTable.BuiltCell) -> String {
    let ours: String
    switch cell.ours {
    case .value(let aggregate, let planned):
      ours = NumberText.text(aggregate, planned: planned, signed: cell.isDifference) {
        marked($0, cell.marks)
      }
    case .cost(_, let text): ours = marked(text, cell.marks)
    case .pending: ours = "pending"
    case .failed: ours = "failed"
    case .notYetRun: ours = cell.isDifference ? "–" : "not yet run"
    case .absent: return "–"
    }
    guard let paper = cell.paper else { return ours }
    let deviation = paper.std.map { " ± \($0)" } ?? ""
    return
      "\(ours)<br>\(cell.isQuoted ? "quoted" : "paper") \(marked(paper.mean, cell.paperMarks))\(deviation)"
  }

  private static func marked(_ text: String, _ marks: BuiltTable.Marks) -> String {
    let italic = marks.worst ? "*\(text)*" : text
    return marks.best ? "**\(italic)**" : italic
  }

  public static func escaped(_ text: String) -> String { text.replacingOccurrences(of: "|", with: "\\|") }

  // MARK: Below the grid

  private static func footnotes(_ spec: TableSpec) -> String {
    spec.footnotes.enumerated().map { "- \(superscript(Footnote.letter($0))) \($1.text)" }
      .joined(separator: "\n")
  }

  private static func notes(_ table: BuiltTable) -> String {
    notes(table.spec.remarks(profile: table.runs.plan.profile.name))
  }

  static func notes(_ lines: [String]) -> String {
    lines.isEmpty ? "" : "Notes:\n\n" + lines.map { "- \($0)" }.joined(separator: "\n")
  }

  private static func runs(_ table: BuiltTable) -> String {
    var lines: [String] = []
    for (row, cells) in table.cells.enumerated() {
      for (column, cell) in cells.enumerated() where !cell.runs.isEmpty {
        lines.append(
          "- \(table.spec.rows[row].labels.joined(separator: ", ")), \(table.titles[column]): "
            + short(cell.runs, table.runs))
      }
    }
    return runs(lines, table.runs)
  }

  /// - Parameter lines: of the runs in cells; those that they need are added.
  static func runs(_ lines: [String], _ runs: RunSet) -> String {
    let needed = runs.runs.compactMap { run, _ in
      runs.role(of: run.id).map { role in
        "- \(role.prefix(1).uppercased())\(role.dropFirst()) on `\(run.spec.data.name)`, "
          + "`\(run.spec.model.name)`: \(short([run.id], runs))"
      }
    }
    let all = lines + needed
    return all.isEmpty ? "" : "Runs (first digits of their ids):\n\n" + all.joined(separator: "\n")
  }

  static func short(_ ids: [RunID], _ runs: RunSet) -> String {
    ids.map { id in
      let state = runs[id].stateName
      return "`\(id.short)`" + (state == "done" ? "" : " (\(state))")
    }.joined(separator: " ")
  }

  static func failures(_ runs: RunSet) -> String {
    guard !runs.failures.isEmpty else { return "" }
    let lines = runs.failures.map { id, reason in
      "- `\(id)`: " + reason.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
    return "Runs without a number:\n\n" + lines.joined(separator: "\n")
  }
}
