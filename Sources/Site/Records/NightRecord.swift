import Foundation
import JSON

/// One night's result of one cell.
struct NightCell: Equatable, Sendable {
  /// Table, labels of the row, column; one part where the night names a cell by a text.
  let place: [String]
  let value: Double?
  let reference: Double?
  /// Such as `passed`; nil where the night says nothing of a single cell.
  let verdict: String?
}

/// A line of `results/regression/history/<date>.jsonl`: the nights that were.
struct NightRecord: Equatable, Sendable {
  let date: String
  /// Of the subset that was trained.
  let name: String
  let profile: String?
  let verdict: String?
  let commit: String?
  /// Of every value that was given on the command line: the numbers are of other runs than the subset's.
  let overrides: [String]
  let cells: [NightCell]
  /// What was found wrong, a line a cell.
  let lines: [String]

  /// Either one cell a line (`cell`, `value`, `reference`, `verdict`), or a night with its `cells`. Other keys are passed
  /// over.
  /// - Returns: nil for a line that names no date and subset, or has no cell.
  init?(_ json: JSONValue) {
    guard case .string(let date)? = json["date"], case .string(let name)? = json["name"] else { return nil }
    self.date = date
    self.name = name
    profile = json["profile"]?.text
    verdict = json["verdict"]?.text
    commit = json["commit"]?.text
    overrides = json["overrides"]?.items.compactMap(\.text) ?? []
    lines = json["lines"]?.items.compactMap(\.text) ?? []
    if case .array(let list)? = json["cells"] {
      cells = list.compactMap(NightCell.init)
    } else {
      cells = [NightCell(json)].compactMap { $0 }
    }
    guard !cells.isEmpty else { return nil }
  }
}

/// Values of a cell, night by night.
struct CellPast {
  private(set) var values: [Double?] = []
  /// The newest one that a night names, or that is accepted.
  private(set) var reference: Double?

  /// - Parameter accepted: what the subset's reference has now, for nights that name none.
  mutating func add(_ cell: NightCell, accepted: Double?) {
    values.append(cell.value.flatMap { $0.isFinite ? $0 : nil })
    if let newest = cell.reference ?? accepted { reference = newest }
  }
}

extension NightCell {
  fileprivate init?(_ json: JSONValue) {
    guard let named = json["place"] ?? json["cell"], let place = NightCell.place(named) else { return nil }
    self.place = place
    value = json["value"]?.double ?? json["mean"]?.double
    reference = json["reference"]?.double ?? json["reference"]?["mean"]?.double
    verdict = json["verdict"]?.text ?? json["state"]?.text
  }

  private static func place(_ json: JSONValue) -> [String]? {
    if let text = json.text { return [text] }
    guard let table = json["table"]?.text, let column = json["column"]?.text else { return nil }
    return [table] + (json["row"]?.items.compactMap(\.text) ?? []) + [column]
  }
}

extension JSONValue {
  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var items: [JSONValue] {
    if case .array(let items) = self { items } else { [] }
  }
}
