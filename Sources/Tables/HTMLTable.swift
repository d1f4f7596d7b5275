import Experiments
import JSON

/// A table as a fragment of HTML: a `figure` with a captioned `table`, headers with scopes, and below it what the numbers
/// are. It has no style and no script; `data-state` tells a style sheet what a cell has.
enum HTMLTable {
  static func text(_ sheet: Sheet) -> String {
    let lines =
      ["<figure id=\"\(escaped(sheet.name))\">", "<table>"]
      + ["<caption>\(escaped("\(sheet.label). \(sheet.title)"))</caption>", "<thead>"]
      + [row((sheet.rowHeaders + sheet.titles).map { header($0, scope: "col") }), "</thead>", "<tbody>"]
      + sheet.rows.map { line in
        row(line.labels.map { header($0, scope: "row") } + line.cells.map { cell($0, sheet) })
      } + ["</tbody>", "</table>", "<figcaption>"]
      + list((sheet.provenance + sheet.legend("below it")).map { item(marked($0)) })
      + list(
        sheet.footnotes.enumerated().map { index, text in
          let letter = Footnote.letter(index)
          return item("<sup>\(letter)</sup> " + marked(text), id: "\(sheet.name)-\(letter)")
        })
      + list(sheet.notes.map { item(marked($0)) })
      + list(
        sheet.failures.map {
          item("<code>\(escaped($0.id.text))</code>: " + escaped(Sheet.oneLine($0.reason)))
        }) + ["</figcaption>", "</figure>"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func row(_ fields: [String]) -> String { "<tr>" + fields.joined() + "</tr>" }

  private static func header(_ text: String, scope: String) -> String {
    "<th scope=\"\(scope)\">\(escaped(text))</th>"
  }

  private static func list(_ items: [String]) -> [String] {
    items.isEmpty ? [] : ["<ul>"] + items + ["</ul>"]
  }

  private static func item(_ text: String, id: String? = nil) -> String {
    "<li\(id.map { " id=\"\(escaped($0))\"" } ?? "")>\(text)</li>"
  }

  // MARK: Cells

  private static func cell(_ cell: BuiltTable.BuiltCell, _ sheet: Sheet) -> String {
    let paper =
      cell.ours == .absent
      ? nil
      : cell.paper.map { paper in
        "<small>\(cell.isQuoted ? "quoted" : "paper") \(emphasised(escaped(paper.mean), cell.paperMarks))"
          + (paper.std.map { " ± \(escaped($0))" } ?? "") + "</small>"
      }
    let footnotes = cell.footnotes.map { "<a href=\"#\(escaped("\(sheet.name)-\($0)"))\">\($0)</a>" }
    return "<td data-state=\"\(cell.ours.stateName)\">"
      + [ours(cell), paper].compactMap { $0 }.joined(separator: "<br>")
      + (footnotes.isEmpty ? "" : " <sup>\(footnotes.joined(separator: ", "))</sup>") + "</td>"
  }

  private static func ours(_ cell: BuiltTable.BuiltCell) -> String {
    func data(_ value: Double, _ text: String) -> String {
      "<data value=\"\(CanonicalNumber.text(value))\">\(text)</data>"
    }
    switch cell.ours {
    case .value(let aggregate, let planned):
      let mean = cell.isDifference ? NumberText.signed(aggregate.mean) : NumberText.fixed(aggregate.mean)
      let n = aggregate.count == planned ? "n=\(planned)" : "n=\(aggregate.count) of \(planned)"
      return emphasised(data(aggregate.mean, mean), cell.marks)
        + (aggregate.count > 1 ? " ± \(NumberText.fixed(aggregate.std))" : "") + " <small>(\(n))</small>"
    case .cost(let value, let text): return emphasised(data(value, text), cell.marks)
    case .pending: return "pending"
    case .failed(let reason): return "<span title=\"\(escaped(Sheet.oneLine(reason)))\">failed</span>"
    case .notYetRun: return cell.isDifference ? "–" : "not yet run"
    case .absent: return "–"
    }
  }

  private static func emphasised(_ text: String, _ marks: BuiltTable.Marks) -> String {
    let italic = marks.worst ? "<em>\(text)</em>" : text
    return marks.best ? "<strong>\(italic)</strong>" : italic
  }

  // MARK: Text

  /// For text and for attributes in double quotes.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }

  /// A line of Markdown.
  private static func marked(_ line: String) -> String {
    InlineMarkup(line).pieces.map { piece in
      switch piece {
      case .text(let text): escaped(text)
      case .code(let text): "<code>\(escaped(text))</code>"
      case .strong(let text): "<strong>\(escaped(text))</strong>"
      case .emphasis(let text): "<em>\(escaped(text))</em>"
      }
    }.joined()
  }
}
