import Experiments

/// A table as a LaTeX environment: rules of booktabs, numbers in plain math, the paper's in parentheses beside ours.
enum LaTeXTable {
  static func text(_ sheet: Sheet) -> String {
    let body = environment(sheet)
    return (comments(sheet, body) + body).joined(separator: "\n") + "\n"
  }

  /// What a reader of the source wants and a page has no room for.
  private static func comments(_ sheet: Sheet, _ body: [String]) -> [String] {
    let needsSymbols = body.contains { $0.contains("\\checkmark") }
    let packages = ["\\usepackage{booktabs}"] + (needsSymbols ? ["\\usepackage{amssymb}"] : [])
    let failures = sheet.failures.map { "No number: \($0.id): \($0.reason)" }
    return (["Needs \(packages.joined(separator: " "))"] + sheet.provenance + failures).map {
      "% " + Sheet.oneLine($0)
    }
  }

  private static func environment(_ sheet: Sheet) -> [String] {
    let columns =
      String(repeating: "l", count: sheet.rowHeaders.count)
      + String(repeating: "r", count: sheet.titles.count)
    let below =
      sheet.footnotes.enumerated().map { superscript(Footnote.letter($0)) + " " + LaTeXText.marked($1) }
      + sheet.notes.map(LaTeXText.marked)
    let rows =
      ["\\begin{tabular}{@{}\(columns)@{}}", "  \\toprule"]
      + [line((sheet.rowHeaders + sheet.titles).map(LaTeXText.escaped)), "  \\midrule"] + body(sheet)
      + ["  \\bottomrule", "\\end{tabular}"]
    let notes =
      below.isEmpty
      ? []
      : ["\\par\\medskip", "\\begin{minipage}{\\linewidth}", "  \\footnotesize"]
        + below.map { "  \($0)\\par" } + ["\\end{minipage}"]
    return ["\\begin{table}", "  \\centering", "  \\caption[\(LaTeXText.escaped(sheet.title))]{%"]
      + caption(sheet).map { "    \($0)" } + ["  }", "  \\label{tab:\(sheet.name)}", "  \\small"]
      + (rows + notes).map { "  \($0)" } + ["\\end{table}"]
  }

  private static func caption(_ sheet: Sheet) -> [String] {
    let warning =
      sheet.profile.comparableWithPaper
      ? [] : ["Profile `\(sheet.profile.name)`: not comparable in absolute value to the paper's numbers."]
    let isPartial = sheet.rows.joined.contains { $0.partialCount != nil }
    let partial = isPartial ? ["In brackets: finished runs of those planned."] : []
    return [LaTeXText.escaped(sheet.title) + "."]
      + (sheet.legend("in parentheses") + partial + warning).map(LaTeXText.marked)
  }

  /// Groups of rows with the same first label stand apart.
  private static func body(_ sheet: Sheet) -> [String] {
    var lines: [String] = []
    var group: String?
    for row in sheet.rows {
      if row.labels.count > 1, let group, group != row.labels[0] { lines.append("  \\addlinespace") }
      group = row.labels.first
      lines.append(line(row.labels.map(LaTeXText.escaped) + row.cells.map(cell)))
    }
    return lines
  }

  private static func line(_ fields: [String]) -> String { "  " + fields.joined(separator: " & ") + " \\\\" }

  private static func superscript(_ text: String) -> String { "\\textsuperscript{\(text)}" }

  private static func cell(_ cell: BuiltTable.BuiltCell) -> String {
    let ours: String
    switch cell.ours {
    case .value(let aggregate, _):
      let mean = cell.isDifference ? NumberText.signed(aggregate.mean) : NumberText.fixed(aggregate.mean)
      let deviation = aggregate.count > 1 ? NumberText.fixed(aggregate.std) : nil
      ours = number(mean, deviation, cell.marks) + (cell.partialCount.map { "\\,{[}\($0){]}" } ?? "")
    case .cost(_, let text): ours = number(text, nil, cell.marks)
    case .pending: ours = "pending"
    case .failed: ours = "failed"
    case .notYetRun: ours = cell.isDifference ? "--" : "not yet run"
    case .absent: ours = "--"
    }
    let footnotes = cell.footnotes.isEmpty ? "" : superscript(cell.footnotes.joined(separator: ", "))
    guard cell.ours != .absent, let paper = cell.paper else { return ours + footnotes }
    let printed = number(paper.mean, paper.std, cell.paperMarks)
    return "\(ours) (\(cell.isQuoted ? "quoted " : "")\(printed))" + footnotes
  }

  /// - Parameters:
  ///   - mean: digits with a point and, it may be, a sign.
  ///   - deviation: digits with a point.
  private static func number(_ mean: String, _ deviation: String?, _ marks: BuiltTable.Marks) -> String {
    let italic = marks.worst ? "\\mathit{\(mean)}" : mean
    let marked = marks.best ? "\\mathbf{\(italic)}" : italic
    return "$" + marked + (deviation.map { " \\pm \($0)" } ?? "") + "$"
  }
}

extension [Sheet.Row] {
  /// All cells, row by row.
  fileprivate var joined: [BuiltTable.BuiltCell] { flatMap(\.cells) }
}

extension BuiltTable.BuiltCell {
  /// `2 of 3` where some of the planned runs have no number.
  fileprivate var partialCount: String? {
    guard case .value(let aggregate, let planned) = ours, aggregate.count < planned else { return nil }
    return "\(aggregate.count) of \(planned)"
  }
}
