import Experiments
import JSON

/// Tables as comma-separated values (RFC 4180): a header, then one row a cell. Our numbers have full precision, the
/// paper's are as printed; a field without a value is empty, such as the deviation of a single run.
enum CSVTable {
  private static let header = [
    "table", "row", "column", "metric", "mean", "deviation", "n", "paper_mean", "paper_deviation",
    "difference", "state", "reason", "unit", "evaluation", "profile",
  ]

  static func text(_ sheets: [Sheet]) -> String { ([header] + sheets.flatMap(rows)).map(line).joined() }

  private static func rows(_ sheet: Sheet) -> [[String]] {
    sheet.rows.flatMap { row in
      zip(sheet.titles, row.cells).map { title, cell in
        let ours = numbers(cell.ours)
        let measure = words(cell.measure)
        return [sheet.name, TableSpec.rowName(row.labels), title, measure.name]
          + [number(ours.mean), number(ours.deviation), ours.count.map(String.init) ?? ""]
          + [cell.paper?.mean ?? "", cell.paper?.std ?? "", number(difference(ours.mean, cell.paper))]
          + [cell.ours.stateName, sheet.reason(cell) ?? "", measure.unit, measure.evaluation]
          + [sheet.profile.name]
      }
    }
  }

  private static func numbers(_ cell: Cell) -> (mean: Double?, deviation: Double?, count: Int?) {
    switch cell {
    case .value(let aggregate, _):
      (aggregate.mean, aggregate.count > 1 ? aggregate.std : nil, aggregate.count)
    case .cost(let value, _): (value, nil, nil)
    case .pending, .failed, .notYetRun, .absent: (nil, nil, nil)
    }
  }

  private static func words(
    _ measure: BuiltTable.Measure?
  ) -> (name: String, unit: String, evaluation: String) {
    switch measure {
    case .metric(let metric, let evaluation): (metric.name, metric.unit.rawValue, evaluation.name)
    case .cost(let quantity): (quantity.rawValue, quantity.unit, "")
    case nil: ("", "", "")
    }
  }

  /// Ours minus the paper's, to ten decimals: below them is the dust of binary fractions.
  private static func difference(_ mean: Double?, _ paper: BuiltTable.PaperNumber?) -> Double? {
    mean.flatMap { mean in paper.map { ((mean - $0.value) * 1e10).rounded() / 1e10 } }
  }

  private static func number(_ value: Double?) -> String { value.map(CanonicalNumber.text) ?? "" }

  private static func line(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") + "\r\n" }

  /// Quoted where it holds a comma, a quote or a line end; quotes are doubled.
  static func field(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
