/// A table of the paper: rows, columns, what to run for each cell, and the paper's own numbers.
/// `tables/<name>.yaml`.
public struct TableSpec: Equatable, Sendable {
  /// File name without extension, such as `table04`.
  public let name: String
  /// The paper's number of the table.
  public let number: Int
  public let title: String
  /// How the paper words the unit of its numbers, such as `mIoU %`; units of ours come from their metrics.
  public let unit: String?
  /// Headers of the rows' labels.
  public let rowHeaders: [String]
  public let defaults: CellSpec
  public let columns: [Column]
  public let rows: [Row]
  /// Extra columns: one run column minus another.
  public let differences: [Difference]
  /// Groups of cells whose best is marked.
  public let best: [BestGroup]
  /// What columns of costs are measured with; nil exactly without such columns.
  public let costs: CostSpec?
  /// Deviations of single cells from row and column.
  public let exceptions: [Exception]
  /// Remarks on single cells, in the order of their letters.
  public let footnotes: [Footnote]
  /// Printed under the table.
  public let notes: [Note]

  public struct Note: Equatable, Sendable {
    public let text: String
    /// nil: in every profile.
    public let profiles: [String]?

    init(_ reader: StrictReader) throws {
      guard case .mapping = reader.node else {
        (text, profiles) = (try reader.string(), nil)
        return
      }
      try reader.allowOnly(["text", "profiles"])
      text = try reader.required("text").string()
      profiles = try reader.required("profiles").nonEmptyList { try $0.name() }
    }
  }

  /// What is printed under the table in a profile: why cells are not what row and column say, then the notes.
  public func remarks(profile: String) -> [String] {
    exceptions.filter { $0.profiles.contains(profile) }.map { exception in
      let values = exception.set.map { "`\($0)`" }.joined(separator: ", ")
      return exception.reason + (values.isEmpty ? "" : " This table does the same (\(values)).")
    } + notes.filter { $0.profiles?.contains(profile) ?? true }.map(\.text)
  }

  public struct Column: Equatable, Sendable {
    public let title: String
    public let kind: Kind

    public enum Kind: Equatable, Sendable {
      /// Trained here.
      case run(CellSpec)
      /// The paper's figure only, itself copied from elsewhere.
      case quoted
      /// Counted or measured of the row's model, without training.
      case cost(CostQuantity)
    }
  }

  public struct Row: Equatable, Sendable {
    /// One text per row header; together unique in the table.
    public let labels: [String]
    public let kind: Kind
    public let spec: CellSpec
    /// What single cells, by column, are besides; goes before row and column.
    public let cells: [String: CellSpec]
    /// Titles of columns in which nothing is run.
    public let skip: Set<String>
    /// The paper's numbers by title of column or difference; nothing where it prints a dash.
    public let paper: [String: PaperCell]

    public enum Kind: Equatable, Sendable {
      case run
      /// The paper's figures only.
      case quoted
      /// One row minus another, by their places.
      case difference(of: Int, minus: Int)
    }
  }

  public struct PaperCell: Equatable, Sendable {
    public let mean: PrintedNumber
    public let std: PrintedNumber?
  }

  /// Over the pairs of runs of equal seed and fold.
  public struct Difference: Equatable, Sendable {
    public let title: String
    /// Place of the column.
    public let of: Int
    public let minus: Int
  }

  /// What the cells of the named data sets, rows and columns are in the named profiles: other parts, and overrides.
  public struct Exception: Equatable, Sendable {
    public let datasets: [String]
    /// Places of rows; nil: every row.
    public let rows: [Int]?
    public let columns: [String]
    public let profiles: [String]
    /// Goes before row and column.
    public let cell: CellSpec
    public let set: [Override]
    /// Printed under the table, with whether it applies in the profile at hand.
    public let reason: String
  }

  /// Texts of a row's labels as one, for errors and references.
  public static func rowName(_ labels: [String]) -> String { labels.joined(separator: " / ") }

  /// Whether some cell is trained here.
  public var hasRuns: Bool {
    rows.indices.contains { row in columns.indices.contains { cellSpec(row: row, column: $0) != nil } }
  }

  /// What the cell's runs are, before the profile; nil for a cell in which nothing is run.
  public func cellSpec(row: Int, column: Int) -> CellSpec? {
    let (row, column) = (rows[row], columns[column])
    guard case .run(let columnSpec) = column.kind, row.kind == .run, !row.skip.contains(column.title) else {
      return nil
    }
    let shared = columnSpec.completed(by: row.spec).completed(by: defaults)
    return row.cells[column.title]?.completed(by: shared) ?? shared
  }

  /// The exceptions of a cell in a profile.
  func exceptions(_ cell: CellSpec, row: Int, column: Int, profile: String) -> [Exception] {
    exceptions.filter {
      $0.datasets.contains(cell.dataset ?? "") && ($0.rows?.contains(row) ?? true)
        && $0.columns.contains(columns[column].title) && $0.profiles.contains(profile)
    }
  }

  /// What the cell's runs are in a profile; in no profile, `cell` itself.
  func exceptional(_ cell: CellSpec?, row: Int, column: Int, profile: String?) -> CellSpec? {
    guard let cell, let profile else { return cell }
    return exceptions(cell, row: row, column: column, profile: profile).reduce(cell) {
      $1.cell.completed(by: $0)
    }
  }

  /// Letters of the footnotes of a cell.
  /// - Parameter title: of a column or difference.
  public func footnoteLetters(row: Int, title: String) -> [String] {
    footnotes.indices.filter { footnotes[$0].rows.contains(row) && footnotes[$0].columns.contains(title) }
      .map(Footnote.letter)
  }

  /// The network and quantity of a cell of costs; nil for others.
  public func cost(row: Int, column: Int) -> (model: String, quantity: CostQuantity)? {
    let (row, column) = (rows[row], columns[column])
    guard case .cost(let quantity) = column.kind, row.kind == .run, !row.skip.contains(column.title),
      let model = row.cells[column.title]?.model ?? row.spec.model ?? defaults.model
    else { return nil }
    return (model, quantity)
  }
}
