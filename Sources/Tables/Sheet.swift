import Experiments

/// A grid of cells with what stands around it, whether of a table or of a sweep: what CSV, LaTeX and HTML are written
/// from.
struct Sheet {
  /// `table04`, `figure05`.
  let name: String
  /// `Table 4`, `Figure 5`.
  let label: String
  let title: String
  let profile: ProfileSpec
  let rowHeaders: [String]
  let titles: [String]
  let rows: [Row]
  /// Where the numbers come from; lines of Markdown.
  let provenance: [String]
  /// What a cell shows, given where the paper's number stands beside ours; lines of Markdown.
  let legend: (_ paper: String) -> [String]
  /// In the order of their letters.
  let footnotes: [String]
  /// Lines of Markdown.
  let notes: [String]
  /// Runs that will give no number.
  let failures: [(id: RunID, reason: String)]

  struct Row {
    /// One for each of `rowHeaders`.
    let labels: [String]
    /// One for each of `titles`.
    let cells: [BuiltTable.BuiltCell]
  }

  init(_ table: BuiltTable) {
    name = table.spec.name
    label = "Table \(table.spec.number)"
    title = table.spec.title
    profile = table.runs.plan.profile
    rowHeaders = table.spec.rowHeaders
    titles = table.titles
    rows = zip(table.spec.rows, table.cells).map { Row(labels: $0.labels, cells: $1) }
    provenance = Sheet.lines(Caption.provenance(table))
    legend = { place in Sheet.lines(Caption.legend(table, paper: place) + Caption.marks(table.spec)) }
    footnotes = table.spec.footnotes.map(\.text)
    notes = table.spec.remarks(profile: table.runs.plan.profile.name)
    failures = table.runs.failures
  }

  init(_ sweep: BuiltSweep) {
    name = sweep.spec.name
    label = "Figure \(sweep.spec.number)"
    title = sweep.spec.title
    profile = sweep.runs.plan.profile
    rowHeaders = ["Series"] + sweep.spec.axes.map(\.key)
    titles = sweep.spec.metrics.map(\.title)
    rows = zip(sweep.spec.series, sweep.points).flatMap { series, points in
      points.map { point in
        Row(
          labels: [series.title] + point.planned.coordinates,
          cells: zip(sweep.spec.metrics, point.cells).map { metric, cell in
            BuiltTable.BuiltCell(
              ours: cell, paper: nil, measure: .metric(metric, point.planned.evaluation),
              runs: point.planned.runs)
          })
      }
    }
    provenance = Sheet.lines(sweep.provenance)
    let line = sweep.legend
    legend = { _ in Sheet.lines([line]) }
    footnotes = []
    notes = sweep.spec.notes
    failures = sweep.runs.failures
  }

  /// Lines of a caption without their dashes.
  private static func lines(_ items: [String]) -> [String] {
    items.map { $0.hasPrefix("- ") ? String($0.dropFirst(2)) : $0 }
  }

  /// Why a cell has no number, or not all of its runs; nil where nothing is to be said.
  func reason(_ cell: BuiltTable.BuiltCell) -> String? {
    let what = cell.isDifference ? "pairs of runs" : "runs"
    switch cell.ours {
    case .value(let aggregate, let planned):
      guard aggregate.count < planned else { return nil }
      let known = failures.filter { cell.runs.contains($0.id) }.map { Sheet.oneLine($0.reason) }
      return (["\(aggregate.count) of \(planned) \(what)"] + known).joined(separator: "; ")
    case .pending(let planned): return "0 of \(planned) \(what)"
    case .failed(let reason): return Sheet.oneLine(reason)
    case .notYetRun: return cell.isQuoted ? "the paper's figure is quoted" : "a cell that it needs is not run"
    case .cost, .absent: return nil
    }
  }

  static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
