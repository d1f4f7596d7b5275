/// Which pages there are, and what refers to what.
struct SiteIndex {
  let records: SiteRecords
  private let runs: [String: RunEntry]
  /// By run: the cells that it is in.
  private let uses: [String: [Use]]
  /// By place: of nights in the site's own profile.
  private let history: [[String]: CellPast]

  struct Use {
    /// Place among the tables.
    let table: Int
    let row: Int
    let column: Int
  }

  init(_ records: SiteRecords) {
    self.records = records
    runs = Dictionary(records.runs.map { ($0.id, $0) }) { first, _ in first }
    var uses: [String: [Use]] = [:]
    for (index, table) in records.tables.enumerated() {
      for row in table.rows.indices {
        for column in table.titles.indices {
          for run in table.cell(row, column)?.runs ?? [] {
            uses[run, default: []].append(Use(table: index, row: row, column: column))
          }
        }
      }
    }
    self.uses = uses
    var history: [[String]: CellPast] = [:]
    for night in records.nights where night.overrides.isEmpty {
      guard night.profile == nil || night.profile == records.profile else { continue }
      for cell in night.cells {
        history[cell.place, default: CellPast()].add(cell, accepted: records.accepted(night.name, cell.place))
      }
    }
    self.history = history
  }

  func run(_ id: String) -> RunEntry? { runs[id] }

  func uses(of run: String) -> [Use] { uses[run] ?? [] }

  func past(_ place: [String]) -> CellPast? { history[place] }

  /// From a page to another one's file.
  func link(_ folder: String, from page: String) -> String {
    let root = page.isEmpty ? "" : String(repeating: "../", count: page.split(separator: "/").count)
    return root + (folder.isEmpty ? "" : folder + "/") + "index.html"
  }

  /// nil for a run of which nothing is known.
  func link(toRun id: String, from page: String) -> String? {
    runs[id] == nil ? nil : link(SiteIndex.folder(ofRun: id), from: page)
  }

  static func folder(ofRun id: String) -> String { "runs/\(id)" }

  static func folder(ofTable table: TableRecord) -> String { "tables/\(table.table)" }

  static func folder(ofClaim id: String) -> String { "claims/\(id)" }

  static func folder(ofDataset name: String) -> String { "runs/\(name)" }

  /// A short name of a run, linked where it has a page.
  func href(toRun id: String, from page: String) -> Href {
    Href(RunName(id)?.short ?? id, link(toRun: id, from: page))
  }

  /// The command that trains a run, and what it needs.
  func command(toTrain id: String) -> String {
    let scale = "--profile \(records.profile)"
    if let use = uses(of: id).first { return "jml run --table \(records.tables[use.table].number) \(scale)" }
    return "jml train \(id) \(scale)"
  }
}
