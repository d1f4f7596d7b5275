/// A table of the paper: rows, columns, what to run for each cell, and the paper's own numbers.
/// `tables/<name>.yaml`.
public struct TableSpec: Equatable, Sendable {
  /// File name without extension, such as `table04`.
  public let name: String
  /// The paper's number of the table.
  public let number: Int
  public let title: String
  /// Unit of every number, such as `mIoU %`.
  public let unit: String
  /// Headers of the rows' labels.
  public let rowHeaders: [String]
  public let defaults: CellSpec
  public let columns: [Column]
  public let rows: [Row]
  /// Extra columns: one run column minus another.
  public let differences: [Difference]
  /// Deviations of single cells from row and column.
  public let exceptions: [Exception]
  /// Printed under the table.
  public let notes: [String]

  public struct Column: Equatable, Sendable {
    public let title: String
    public let kind: Kind

    public enum Kind: Equatable, Sendable {
      /// Trained here.
      case run(CellSpec)
      /// The paper's figure only, itself copied from elsewhere.
      case quoted
    }
  }

  public struct Row: Equatable, Sendable {
    /// One text per row header; together unique in the table.
    public let labels: [String]
    public let spec: CellSpec
    /// One entry per column; nil where the paper prints a dash, and nothing is run.
    public let paper: [PaperCell?]
  }

  public struct PaperCell: Equatable, Sendable {
    public let mean: PrintedNumber
    public let std: PrintedNumber?
  }

  public struct Difference: Equatable, Sendable {
    public let title: String
    /// Column title.
    public let of: String
    /// Column title.
    public let minus: String
  }

  /// Overrides for the cells of the named data sets and columns, in the named profiles.
  public struct Exception: Equatable, Sendable {
    public let datasets: [String]
    public let columns: [String]
    public let profiles: [String]
    public let set: [Override]
    /// Printed under the table, with whether it applies in the profile at hand.
    public let reason: String
  }

  private enum ColumnKind: String, CaseIterable {
    case run, quoted
  }

  init(_ reader: StrictReader, name: String) throws {
    self.name = try reader.name(
      or: name,
      keys: [
        "number", "title", "unit", "row_headers", "defaults", "columns", "rows", "differences", "exceptions",
        "notes",
      ])
    number = try reader.required("number").int(1...99)
    title = try reader.required("title").string()
    unit = try reader.required("unit").string()
    let headers = try reader.required("row_headers").nonEmptyList { try $0.string() }
    rowHeaders = headers
    let defaultsReader = try reader.required("defaults")
    try defaultsReader.allowOnly(CellSpec.keys)
    defaults = try CellSpec(defaultsReader)
    columns = try reader.required("columns").nonEmptyList { try TableSpec.column($0) }
    let titles = columns.map(\.title)
    try TableSpec.rejectRepeated(titles, try reader.required("columns"))
    rows = try reader.required("rows").nonEmptyList {
      try TableSpec.row($0, headers: headers, columns: titles)
    }
    try TableSpec.rejectRepeated(rows.map { $0.labels.joined(separator: " / ") }, try reader.required("rows"))
    differences = try reader.required("differences").list { item in
      try item.allowOnly(["title", "of", "minus"])
      return Difference(
        title: try item.required("title").string(), of: try item.required("of").reference(to: titles),
        minus: try item.required("minus").reference(to: titles))
    }
    try TableSpec.rejectRepeated(differences.map(\.title), try reader.required("differences"))
    exceptions = try reader.required("exceptions").list { item in
      try item.allowOnly(["datasets", "columns", "profiles", "set", "reason"])
      return Exception(
        datasets: try item.required("datasets").nonEmptyList { try $0.name() },
        columns: try item.required("columns").nonEmptyList { try $0.reference(to: titles) },
        profiles: try item.required("profiles").nonEmptyList { try $0.name() },
        set: try CellSpec.overrides(try item.required("set")), reason: try item.required("reason").string())
    }
    notes = try reader.required("notes").list { try $0.string() }
    try rejectConflicts(reader)
  }

  private static func column(_ reader: StrictReader) throws -> Column {
    let title = try reader.required("title").string()
    switch try reader.required("kind").choice(ColumnKind.self) {
    case .run:
      try reader.allowOnly(["title", "kind"] + CellSpec.keys)
      return Column(title: title, kind: .run(try CellSpec(reader)))
    case .quoted:
      try reader.allowOnly(["title", "kind"])
      return Column(title: title, kind: .quoted)
    }
  }

  private static func row(_ reader: StrictReader, headers: [String], columns: [String]) throws -> Row {
    try reader.allowOnly(["labels", "paper"] + CellSpec.keys)
    let labelsReader = try reader.required("labels")
    let labels = try labelsReader.list { try $0.string() }
    if labels.count != headers.count {
      throw labelsReader.outOfRange("a list of \(headers.count), one per row header")
    }
    let paper = try reader.required("paper")
    try paper.allowOnly(columns)
    let cells = try columns.map { column in
      try paper.nullable(column).map { cell in
        try cell.allowOnly(["mean", "std"])
        return PaperCell(
          mean: try cell.required("mean").printedNumber(), std: try cell.optional("std")?.printedNumber())
      }
    }
    return Row(labels: labels, spec: try CellSpec(reader), paper: cells)
  }

  private static func rejectRepeated(_ names: [String], _ reader: StrictReader) throws {
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw reader.inconsistent("'\(name)' stands twice")
    }
  }

  private func rejectConflicts(_ reader: StrictReader) throws {
    for (index, row) in rows.enumerated() {
      for column in columns {
        guard case .run(let spec) = column.kind else { continue }
        if let key = row.spec.givenKeys.first(where: spec.givenKeys.contains) {
          throw RegistryError.inconsistent(
            file: reader.file, path: "rows[\(index)].\(key)", value: row.labels.joined(separator: " / "),
            reason: "column '\(column.title)' gives \(key) as well; only one of them may")
        }
      }
    }
  }

  /// What the cell's runs are, before the profile: nil for a quoted column or a cell that the paper does not
  /// have.
  public func cellSpec(row: Int, column: Int) -> CellSpec? {
    guard case .run(let columnSpec) = columns[column].kind, rows[row].paper[column] != nil else { return nil }
    return columnSpec.completed(by: rows[row].spec).completed(by: defaults)
  }
}

extension StrictReader {
  /// A string that must be one of `names`.
  func reference(to names: [String]) throws -> String {
    let text = try string()
    guard names.contains(text) else { throw brokenReference(text, allowed: names) }
    return text
  }
}
