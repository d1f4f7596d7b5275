import JSON

/// A table as `jml table` writes it: `<results>/<profile>/<table>.json`.
public struct TableRecord: Decodable, Sendable {
  public let table: String
  public let number: Int
  public let title: String
  let unit: String?
  let rowHeaders: [String]
  let columns: [String]
  let rows: [Row]
  let notes: [String]
  let footnotes: [String: String]?
  let profile: String?
  let comparableWithPaper: Bool?
  let overrides: [String]?
  let seeds: [Int]?
  let folds: [Int]?
  let hardware: [String]?
  let threads: [Int]?
  let data: [String: Data]?
  let failures: [String: String]?

  struct Row: Decodable, Sendable {
    let labels: [String]
    /// By column.
    let cells: [String: Cell]
    /// By title; their order is that of the titles.
    let differences: [String: Cell]
  }

  struct Data: Decodable, Sendable {
    let fingerprint: String
    let description: [String]
  }

  struct Printed: Decodable, Sendable {
    let mean: String
    let std: String?
  }

  struct Cell: Decodable, Sendable {
    let state: String
    let mean: Double?
    let std: Double?
    let n: Int?
    let planned: Int?
    /// In the order of `runs`.
    let values: [Double]?
    let runs: [String]?
    /// Of costs.
    let text: String?
    let unit: String?
    let metric: String?
    let point: String?
    let network: String?
    let paper: Printed?
    let quoted: Printed?
    let footnotes: [String]?
    let reason: String?
    let best: Bool?
    let paperBest: Bool?

    enum CodingKeys: String, CodingKey {
      case state, mean, std, n, planned, values, runs, text, unit, metric, point, network, paper, quoted
      case footnotes, reason, best
      case paperBest = "paper_best"
    }

    var hasValue: Bool { state == "value" }
    /// Whether it is to be trained or measured here.
    var isPlanned: Bool { ["value", "pending", "failed"].contains(state) }
  }

  enum CodingKeys: String, CodingKey {
    case table, number, title, unit, columns, rows, notes, footnotes, profile, overrides, seeds, folds
    case hardware, threads, data, failures
    case rowHeaders = "row_headers"
    case comparableWithPaper = "comparable_with_paper"
  }

  /// Titles of columns, then of differences.
  var titles: [String] { columns + differenceTitles }

  private var differenceTitles: [String] { rows.first.map { $0.differences.keys.sorted() } ?? [] }

  func cell(_ row: Int, _ column: Int) -> Cell? {
    let title = titles[column]
    return column < columns.count ? rows[row].cells[title] : rows[row].differences[title]
  }

  /// Cells that have a number of ours, and those that should.
  var filled: (done: Int, of: Int) {
    let all = rows.indices.flatMap { row in titles.indices.compactMap { cell(row, $0) } }
    return (all.count { $0.hasValue }, all.count { $0.isPlanned })
  }
}
