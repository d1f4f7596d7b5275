import Experiments

/// A table, or the points of a sweep, filled with results, to be written in any format. The text depends on the
/// arguments alone: equal summaries give equal bytes.
public struct TableDocument {
  private let content: Content

  private enum Content {
    case table(BuiltTable)
    case sweep(BuiltSweep)
  }

  /// - Parameters:
  ///   - table: a table of `plan`.
  ///   - plan: the runs and cells.
  ///   - costs: by model, for columns of costs.
  ///   - summary: of any run of the plan; `.pending` for one without a record.
  public init(
    _ table: TableSpec, plan: Plan, costs: [String: ModelCost] = [:], summary: (RunID) -> RunSummary
  ) {
    content = .table(BuiltTable(table, plan: plan, costs: costs, summary: summary))
  }

  /// - Parameters:
  ///   - sweep: a sweep of `plan`.
  ///   - plan: the runs and points.
  ///   - summary: of any run of the plan; `.pending` for one without a record.
  public init(_ sweep: SweepSpec, plan: Plan, summary: (RunID) -> RunSummary) {
    content = .sweep(BuiltSweep(sweep, plan: plan, summary: summary))
  }

  /// Name of the table or sweep, as its files have it.
  public var name: String {
    switch content {
    case .table(let table): table.spec.name
    case .sweep(let sweep): sweep.spec.name
    }
  }

  private var sheet: Sheet {
    switch content {
    case .table(let table): Sheet(table)
    case .sweep(let sweep): Sheet(sweep)
    }
  }

  public func text(_ format: TableFormat) -> String { TableDocument.text([self], format) }

  /// Several documents as one: Markdown, LaTeX and HTML one below the other, JSON an array, CSV under one header.
  public static func text(_ documents: [TableDocument], _ format: TableFormat) -> String {
    switch format {
    case .markdown: return documents.map(\.markdown).joined(separator: "\n")
    case .json:
      let texts = documents.map(\.json)
      return texts.count == 1 ? texts[0] : "[\n" + texts.joined(separator: ",\n") + "]\n"
    case .csv: return CSVTable.text(documents.map(\.sheet))
    case .latex: return documents.map { LaTeXTable.text($0.sheet) }.joined(separator: "\n")
    case .html: return documents.map { HTMLTable.text($0.sheet) }.joined(separator: "\n")
    }
  }

  private var markdown: String {
    switch content {
    case .table(let table): MarkdownTable.text(table)
    case .sweep(let sweep): sweep.markdown
    }
  }

  private var json: String {
    switch content {
    case .table(let table): JSONTable.text(table)
    case .sweep(let sweep): sweep.json
    }
  }
}
