import Experiments
import Tables

/// Finds what a check compares in the lines of one table: columns within a row, or rows within a column.
struct LineMatcher {
  private let reader: CellReader
  private let check: ClaimSpec.Check
  private let lines: ClaimSpec.Lines
  private let table: TableSpec
  private let rows: [Int]
  private let names: [String]

  /// - Throws: `RegistryError.brokenReference` for a name that the table does not have.
  init(
    _ reader: CellReader, _ check: ClaimSpec.Check, _ lines: ClaimSpec.Lines, _ table: TableSpec,
    place: String
  ) throws {
    self.reader = reader
    self.check = check
    self.lines = lines
    self.table = table
    rows = try reader.rows(table, lines.rows, metric: lines.metric, place: place)
    names = lines.left + lines.right + lines.leftMinus + lines.rightMinus
    for title in lines.columns { _ = try reader.column(table, title, place: place) }
    for name in names {
      switch lines.axis {
      case .columns: _ = try reader.column(table, name, place: place)
      case .rows: _ = try reader.rows(table, [name], metric: nil, place: place)
      }
    }
  }

  private enum Line {
    case row(Int)
    /// A column, and the labels that its rows have besides those that are compared.
    case column(Int, [String])
  }

  private struct Cell {
    let name: String
    let reading: Reading
    let metric: Metric?
  }

  func matches() throws -> [Match] { allLines.flatMap(matches) }

  private var allLines: [Line] {
    if lines.axis == .columns { return rows.map { .row($0) } }
    var rests: [[String]] = []
    for row in rows {
      for name in lines.left {
        if let rest = rest(row, name), !rests.contains(rest) { rests.append(rest) }
      }
    }
    let columns = table.columns.indices.filter {
      lines.columns.isEmpty || lines.columns.contains(table.columns[$0].title)
    }
    return columns.flatMap { column in rests.map { .column(column, $0) } }
  }

  /// The labels of a row besides `name`, which is one of them or all; nil where it is neither.
  private func rest(_ row: Int, _ name: String) -> [String]? {
    let labels = table.rows[row].labels
    if TableSpec.rowName(labels) == name { return [] }
    return labels.contains(name) ? labels.filter { $0 != name } : nil
  }

  private func place(_ line: Line) -> String {
    switch line {
    case .row(let row): "Table \(table.number): \(TableSpec.rowName(table.rows[row].labels))"
    case .column(let column, let rest):
      "Table \(table.number): \(TableSpec.rowName(rest + [table.columns[column].title]))"
    }
  }

  private func cell(_ line: Line, _ name: String) -> Cell {
    let place: (row: Int, column: Int)? =
      switch line {
      case .row(let row): table.columns.firstIndex { $0.title == name }.map { (row, $0) }
      case .column(let column, let rest):
        rows.first { self.rest($0, name) == rest }.map { ($0, column) }
      }
    guard let place else { return Cell(name: name, reading: .absent, metric: nil) }
    return Cell(
      name: name, reading: reader.cell(table, row: place.row, column: place.column),
      metric: reader.metric(table, row: place.row, column: place.column))
  }

  private func side(_ line: Line, _ names: [String], minus: [String]) -> [Cell] {
    names.enumerated().map { index, name in
      let own = cell(line, name)
      guard !minus.isEmpty else { return own }
      let base = cell(line, minus[index])
      return Cell(
        name: "\(name) - \(base.name)",
        reading: Reading.joined([own.reading, base.reading]) { $0[0] - $0[1] },
        metric: own.metric)
    }
  }

  private func matches(_ line: Line) -> [Match] {
    var lefts = side(line, lines.left, minus: lines.leftMinus)
    if lines.pairing == .steps || lines.pairing == .chain { return steps(line, lefts) }
    if lines.bestOfLeft { lefts = chosen(lefts, .best) }
    if let value = lines.value {
      let right = Cell(name: "\(value)", reading: .sample(Sample(mean: value)), metric: nil)
      return lefts.map { match(line, $0, right) }
    }
    let rights = side(line, lines.right, minus: lines.rightMinus)
    switch lines.pairing {
    case .zip: return zip(lefts, rights).map { match(line, $0, $1) }
    case .each, .steps, .chain: return lefts.flatMap { left in rights.map { match(line, left, $0) } }
    case .highest, .lowest, .best:
      let right = chosen(rights, lines.pairing)
      return lefts.flatMap { left in right.map { match(line, left, $0) } }
    }
  }

  private func match(_ line: Line, _ left: Cell, _ right: Cell) -> Match {
    Match(
      place: place(line), left: (left.name, left.reading), right: (right.name, right.reading),
      metric: left.metric)
  }

  /// One of the cells that have a number, or, where one of them lacks its number, that one.
  private func chosen(_ cells: [Cell], _ pairing: ClaimSpec.Pairing) -> [Cell] {
    var known: [(cell: Cell, mean: Double)] = []
    var missing: [Cell] = []
    for cell in cells {
      switch cell.reading {
      case .absent: continue
      case .sample(let sample): known.append((cell, sample.mean))
      case .unknown, .unfinished: missing.append(cell)
      }
    }
    if !missing.isEmpty {
      return [
        Cell(
          name: missing.map(\.name).joined(separator: ", "),
          reading: Reading.joined(missing.map(\.reading)) { $0[0] },
          metric: nil)
      ]
    }
    let lowest: Bool
    switch pairing {
    case .lowest: lowest = true
    case .best: lowest = known.first?.cell.metric?.higherIsBetter == false
    case .zip, .each, .highest, .steps, .chain: lowest = false
    }
    let best = known.max { lowest ? $0.mean > $1.mean : $0.mean < $1.mean }
    return best.map { [$0.cell] } ?? []
  }

  /// Each left side with the one before it; of a chain the step that does the least for the claim.
  private func steps(_ line: Line, _ cells: [Cell]) -> [Match] {
    let all = zip(cells.dropFirst(), cells).map { match(line, $0, $1) }
    guard lines.pairing == .chain else { return all }
    var weakest: (match: Match, towards: Double)?
    for step in all {
      guard case .sample(let left) = step.left.reading, case .sample(let right) = step.right.reading else {
        return [step]
      }
      let comparison = Comparison(
        check, place: step.place, left: .init(step.left.name, left), right: .init(step.right.name, right),
        metric: step.metric)
      let towards = comparison.towards ?? comparison.difference
      if weakest.map({ towards < $0.towards }) ?? true { weakest = (step, towards) }
    }
    return weakest.map { [$0.match] } ?? []
  }
}
