import Figures
import Foundation
import JSON

/// A table of the paper: its cells with what lies behind them.
struct TablePage {
  private let table: TableRecord
  private let index: SiteIndex
  private let folder: String
  private let json: JSONValue

  init(_ place: Int, _ index: SiteIndex) {
    table = index.records.tables[place]
    json = index.records.tableJSON[place]
    self.index = index
    folder = SiteIndex.folder(ofTable: table)
  }

  var page: SitePage {
    SitePage(
      folder: folder, title: "Table \(table.number)", description: table.title, section: "tables",
      crumbs: [.init(text: "Tables", path: "tables")], template: "table", content: view, json: data)
  }

  private struct View {
    let number: Int
    let heading: String
    let facts: [Fact]
    let warns: Bool
    /// Whether its numbers are means over runs.
    let hasRuns: Bool
    let profileName: String
    let tableID: String
    let headers: [Header]
    let columns: [Column]
    let filters: [Filter]
    let rows: [Row]
    let hasCharts: Bool
    let charts: [RunPage.Chart]
    let hasFootnotes: Bool
    let footnotes: [Footnote]
    let hasNotes: Bool
    let notes: [Prose]
    let hasFailures: Bool
    let failures: [Failure]
    let command: String
  }

  private struct Header { let label: String }
  private struct Column {
    let label: String
    let place: Int
  }
  struct Filter {
    let label: String
    let key: String
    let part: String
    let isColumns: Bool
    let options: [Option]
  }
  struct Option {
    let value: String
    let label: String
  }
  private struct Row {
    /// Whether its first label is another one than that of the row above.
    let isFirst: Bool
    let parts: [Part]
    let cells: [TableCell]
  }
  /// A label.
  private struct Part {
    let place: Int
    let value: String
    /// The row above has the same, and the same ones before it.
    let isRepeated: Bool
  }
  private struct Footnote {
    let letter: String
    let parts: [Prose.Part]
  }
  private struct Failure {
    let run: Href
    let reason: String
  }

  private var view: View {
    let charts = TableCharts.charts(table)
    return View(
      number: table.number, heading: table.title, facts: facts, warns: table.comparableWithPaper == false,
      hasRuns: table.profile != nil,
      profileName: table.profile ?? index.records.profile, tableID: table.table,
      headers: table.rowHeaders.map { Header(label: $0) },
      columns: table.titles.enumerated().map { Column(label: $1, place: $0) }, filters: filters,
      rows: table.rows.indices.map(row), hasCharts: !charts.isEmpty, charts: charts,
      hasFootnotes: !(table.footnotes ?? [:]).isEmpty,
      footnotes: (table.footnotes ?? [:]).sorted { $0.key < $1.key }.map {
        Footnote(letter: $0, parts: Prose($1).parts)
      },
      hasNotes: !table.notes.isEmpty, notes: table.notes.map(Prose.init),
      hasFailures: !(table.failures ?? [:]).isEmpty,
      failures: (table.failures ?? [:]).sorted { $0.key < $1.key }.map {
        Failure(run: index.href(toRun: $0, from: folder), reason: $1)
      },
      command: table.profile == nil
        ? "make table\(table.number)" : "make table\(table.number) PROFILE=\(index.records.profile)")
  }

  private func row(_ row: Int) -> Row {
    let labels = table.rows[row].labels
    let above = row > 0 ? table.rows[row - 1].labels : []
    let same = zip(labels, above).prefix { $0 == $1 }.count
    return Row(
      isFirst: same == 0 && labels.count > 1,
      parts: labels.enumerated().map { Part(place: $0, value: $1, isRepeated: $0 < same) },
      cells: table.titles.indices.map {
        TableCell(table, row: row, column: $0, index: index, page: folder)
      })
  }

  /// One for each kind of label that tells rows apart, and one for columns.
  private var filters: [Filter] {
    var result: [Filter] = []
    for (place, header) in table.rowHeaders.enumerated() {
      var values: [String] = []
      for row in table.rows where place < row.labels.count && !values.contains(row.labels[place]) {
        values.append(row.labels[place])
      }
      guard values.count > 1 else { continue }
      result.append(
        Filter(
          label: header, key: "\(table.table)-f\(place)", part: "f\(place)", isColumns: false,
          options: values.map { Option(value: $0, label: $0) }))
    }
    guard table.titles.count > 1 else { return result }
    return result + [
      Filter(
        label: "Column", key: "\(table.table)-c", part: "", isColumns: true,
        options: table.titles.enumerated().map { Option(value: String($0), label: $1) })
    ]
  }

  /// Runs of cells, each once, in the order of cells.
  private var runs: [String] {
    var seen: Set<String> = []
    return table.rows.indices.flatMap { row in
      table.titles.indices.flatMap { table.cell(row, $0)?.runs ?? [] }
    }.filter { seen.insert($0).inserted }
  }

  private var facts: [Fact] {
    let (done, of) = table.filled
    var facts = [Fact("State", done == of ? "all \(of) cells" : "\(done) of \(of) cells")]
    for (name, data) in (table.data ?? [:]).sorted(by: { $0.key < $1.key }) {
      facts.append(
        Fact(
          "Data", ([name] + data.description + ["fingerprint \(data.fingerprint)"]).joined(separator: ", ")))
    }
    let metrics = distinct(
      table.rows.indices.flatMap { row in
        table.titles.indices.compactMap { table.cell(row, $0)?.metric }
      })
    if !metrics.isEmpty {
      facts.append(
        Fact("Metrics", metrics.map { "\(Words.metric($0)) in \(Words.unit($0))" }.joined(separator: ", ")))
    }
    if let seeds = table.seeds, !seeds.isEmpty {
      facts.append(
        Fact(
          "Replicates",
          "seeds " + seeds.map(String.init).joined(separator: ", ")
            + ((table.folds ?? []).isEmpty
              ? "" : "; folds " + (table.folds ?? []).map(String.init).joined(separator: ", "))))
    }
    let known = runs.compactMap { index.run($0) }
    if !known.isEmpty {
      let seconds = known.reduce(0) { $0 + $1.seconds }
      facts.append(
        Fact("Runs", "\(Words.count(known.count, "run")), \(Words.duration(seconds)) of training together"))
      facts.append(
        Fact("Commit", distinct(known.map { String($0.commit.prefix(10)) }).joined(separator: ", ")))
    }
    if let hardware = table.hardware, !hardware.isEmpty {
      let threads = (table.threads ?? []).map(String.init).joined(separator: " or ")
      facts.append(
        Fact("Hardware", hardware.joined(separator: "; ") + (threads.isEmpty ? "" : ", threads: \(threads)")))
    }
    if let overrides = table.overrides, !overrides.isEmpty {
      facts.append(Fact("Overrides", overrides.joined(separator: ", ")))
    }
    return facts
  }

  private func distinct(_ values: [String]) -> [String] {
    var seen: Set<String> = []
    return values.filter { seen.insert($0).inserted }
  }

  /// The table's record, with what is known of its runs.
  private var data: JSONValue {
    guard case .object(var members) = json else { return json }
    var known: [String: JSONValue] = [:]
    for id in runs { if let run = index.run(id) { known[id] = RunPage.provenance(run) } }
    members["run_records"] = .object(known)
    return .object(members)
  }
}
