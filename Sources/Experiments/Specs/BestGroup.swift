/// Cells that are compared with each other, the best of which is marked: some columns within each row, or some rows within
/// each column. The direction is the metric's.
public struct BestGroup: Equatable, Sendable {
  public enum Axis: Equatable, Sendable {
    /// Titles of columns (or differences); compared within each row.
    case columns([String])
    /// Places of rows; compared within each column.
    case rows([Int])
  }

  public let axis: Axis
  /// Whether the worst is marked as well.
  public let worst: Bool
  /// Whether the paper's own numbers are marked as well.
  public let paper: Bool

  init(_ reader: StrictReader, columns: [String], rows: [[String]]) throws {
    try reader.allowOnly(["columns", "rows", "worst", "paper"])
    if let listed = reader.optional("columns") {
      if let both = reader.optional("rows") {
        throw both.inconsistent("a group has columns or rows, not both")
      }
      axis = .columns(try listed.nonEmptyList { try $0.reference(to: columns) })
    } else {
      axis = .rows(try reader.required("rows").nonEmptyList { try $0.row(of: rows) })
    }
    worst = try reader.optional("worst")?.bool() ?? false
    paper = try reader.optional("paper")?.bool() ?? false
  }
}

extension StrictReader {
  /// A string that must be one of `names`.
  func reference(to names: [String]) throws -> String {
    names[try place(among: names)]
  }

  /// A string that must be one of `names`.
  /// - Returns: its place.
  func place(among names: [String]) throws -> Int {
    let text = try string()
    guard let place = names.firstIndex(of: text) else { throw brokenReference(text, allowed: names) }
    return place
  }

  /// A list of labels that must be a row's.
  /// - Returns: the row's place.
  func row(of rows: [[String]]) throws -> Int {
    let labels = try list { try $0.string() }
    guard let place = rows.firstIndex(of: labels) else {
      throw brokenReference(TableSpec.rowName(labels), allowed: rows.map(TableSpec.rowName))
    }
    return place
  }
}
