/// A remark on some cells of a table, such as a misprint of the paper; printed under the table, with a letter in the cells.
public struct Footnote: Equatable, Sendable {
  /// Places of rows.
  public let rows: [Int]
  /// Titles of columns (or differences).
  public let columns: [String]
  public let text: String

  /// Letters that cells refer to footnotes with, in the order of the file.
  static let most = 26

  init(_ reader: StrictReader, columns titles: [String], rows labels: [[String]]) throws {
    try reader.allowOnly(["rows", "columns", "text"])
    rows = try reader.required("rows").nonEmptyList { try $0.row(of: labels) }
    columns = try reader.required("columns").nonEmptyList { try $0.reference(to: titles) }
    text = try reader.required("text").string()
  }

  /// `a` for the first footnote of a table, `b` for the second.
  /// - Parameter index: 0 to 25.
  public static func letter(_ index: Int) -> String {
    precondition((0..<most).contains(index), "Footnote.letter(\(index)): 0 to \(most - 1) are allowed")
    return String(UnicodeScalar(UInt8(97 + index)))
  }

  static func all(_ reader: StrictReader, columns: [String], rows: [[String]]) throws -> [Footnote] {
    let notes = try reader.list { try Footnote($0, columns: columns, rows: rows) }
    if notes.count > most { throw reader.outOfRange("a list of at most \(most)") }
    return notes
  }
}
