import Experiments
import Tables

/// Judges claims by the cells of tables, the paper's own or ours.
public struct ClaimJudge {
  let reader: CellReader

  /// - Parameters:
  ///   - registry: has tables and claims.
  ///   - side: by whose numbers.
  ///   - plan: of every table of the registry; the paper's numbers need none.
  ///   - summary: of any run of the plan.
  public init(
    registry: Registry, side: Side, plan: Plan? = nil,
    summary: @escaping (RunID) -> RunSummary = { _ in .pending }
  ) {
    reader = CellReader(registry: registry, plan: plan, side: side, summary: summary)
  }

  /// - Throws: `RegistryError` for a column or row that a table does not have.
  public func judge(_ claim: ClaimSpec) throws -> Judgement {
    var judgement = Judgement(claim, side: reader.side)
    for check in claim.checks { try judge(check, of: claim, &judgement) }
    return judgement
  }

  private func judge(_ check: ClaimSpec.Check, of claim: ClaimSpec, _ judgement: inout Judgement) throws {
    if let reason = check.paperOnly, reader.side == .ours {
      if !check.isContrast, !check.restDecides { judgement.add(reason: reason) }
      return
    }
    let place = "\(claim.id): \(check.title)"
    let numbers = check.form.tables
    let missing = numbers.filter { reader.table($0) == nil }
    for number in missing where !check.isContrast {
      judgement.add(reason: "Table \(number) is not in experiments/tables")
    }
    switch check.form {
    case .lines(let lines):
      for table in numbers.compactMap({ reader.table($0) }) {
        for match in try LineMatcher(reader, check, lines, table, place: place).matches() {
          judgement.add(match, check)
        }
      }
    case .pairs(let pairs):
      guard missing.isEmpty else { return }
      for pair in pairs { try compare(pair, check, place: place, &judgement) }
    case .sameRuns:
      for match in try repeats(numbers.compactMap { reader.table($0) }) { judgement.add(match, check) }
    case .networks(_, let count):
      let models = numbers.compactMap { reader.table($0) }.flatMap(networks)
      judgement.add(
        Match(
          place: "networks of Tables \(numbers.map(String.init).joined(separator: ", "))",
          left: ("distinct networks", .sample(Sample(mean: Double(Set(models).count)))),
          right: (String(count), .sample(Sample(mean: Double(count)))), metric: nil), check)
    }
  }

  private func networks(_ table: TableSpec) -> [String] {
    table.rows.indices.flatMap { row in
      table.columns.indices.compactMap { column in
        table.cellSpec(row: row, column: column)?.model ?? table.cost(row: row, column: column)?.model
      }
    }
  }

  // MARK: Cells by name

  private func compare(
    _ pair: ClaimSpec.Pair, _ check: ClaimSpec.Check, place: String, _ judgement: inout Judgement
  ) throws {
    let (lefts, rights) = (try values(pair.left, place: place), try values(pair.right, place: place))
    guard lefts.count == rights.count else {
      throw RegistryError.inconsistent(
        file: "claims", path: place, value: "\(pair.left.name), \(pair.right.name)",
        reason: "\(lefts.count) and \(rights.count) numbers cannot be compared one by one")
    }
    for (left, right) in zip(lefts, rights) {
      judgement.add(
        Match(
          place: pair.left.place, left: (pair.left.name, left), right: (pair.right.name, right),
          metric: try metric(pair.left, place: place)), check)
    }
  }

  private func values(_ operand: ClaimSpec.Operand, place: String) throws -> [Reading] {
    switch operand {
    case .numbers(let numbers): return numbers.map { .sample(Sample(mean: $0)) }
    case .cells(let number, let names, let metric, let titles):
      guard let table = reader.table(number) else { return [] }
      let rows = try reader.rows(table, names, metric: metric, place: place)
      let columns = try titles.map { try reader.column(table, $0, place: place) }
      return rows.flatMap { row in columns.map { reader.cell(table, row: row, column: $0) } }
    case .difference(let of, let minus):
      let (lefts, rights) = (try values(of, place: place), try values(minus, place: place))
      guard lefts.count == rights.count else {
        throw RegistryError.inconsistent(
          file: "claims", path: place, value: operand.name,
          reason: "\(lefts.count) and \(rights.count) numbers cannot be subtracted one by one")
      }
      return zip(lefts, rights).map { Reading.joined([$0, $1]) { $0[0] - $0[1] } }
    case .over(let reduction, let inner):
      let printed = try values(inner, place: place).filter { if case .absent = $0 { false } else { true } }
      return [printed.isEmpty ? .absent : Reading.joined(printed) { Sample.over(reduction, $0) }]
    case .deviation(let inner):
      return try values(inner, place: place).map { reading in
        guard case .sample(let sample) = reading else { return reading }
        return sample.std.map { .sample(Sample(mean: $0)) } ?? .absent
      }
    }
  }

  private func metric(_ operand: ClaimSpec.Operand, place: String) throws -> Metric? {
    switch operand {
    case .numbers: return nil
    case .difference(let inner, _), .over(_, let inner), .deviation(let inner):
      return try metric(inner, place: place)
    case .cells(let number, let names, let metric, let titles):
      guard let table = reader.table(number) else { return nil }
      let row = try reader.rows(table, names, metric: metric, place: place)[0]
      return reader.metric(table, row: row, column: try reader.column(table, titles[0], place: place))
    }
  }

  // MARK: Printed twice

  /// Pairs of cells that are one experiment in the paper's own profile: each with the first that is printed.
  private func repeats(_ tables: [TableSpec]) throws -> [Match] {
    let plan = try reader.registry.paperPlan(of: tables.map(\.name))
    var first: [String: (place: String, reading: Reading)] = [:]
    var matches: [Match] = []
    for table in tables {
      for row in table.rows.indices {
        for column in table.columns.indices {
          let reading = reader.cell(table, row: row, column: column)
          if case .absent = reading { continue }
          guard case .runs(let ids, let metric, let evaluation)? = plan.cells[table.name]?[row][column] else {
            continue
          }
          let key = "\(metric.name) \(evaluation.name) " + ids.map(\.text).sorted().joined(separator: " ")
          let place =
            "Table \(table.number): \(TableSpec.rowName(table.rows[row].labels)): \(table.columns[column].title)"
          if let known = first[key] {
            matches.append(
              Match(
                place: known.place, left: (place, reading), right: (known.place, known.reading),
                metric: metric))
          } else {
            first[key] = (place, reading)
          }
        }
      }
    }
    return matches
  }
}

/// Two sides that a claim compares; one or both may have no number.
struct Match {
  let place: String
  let left: (name: String, reading: Reading)
  let right: (name: String, reading: Reading)
  /// Of the left side.
  let metric: Metric?
}

extension ClaimSpec.Form {
  /// The paper's numbers of the tables that it needs, in order.
  var tables: [Int] {
    switch self {
    case .lines(let lines): lines.tables
    case .pairs(let pairs):
      pairs.flatMap { $0.left.tables + $0.right.tables }.reduce(into: []) {
        if !$0.contains($1) { $0.append($1) }
      }
    case .sameRuns(let tables), .networks(let tables, _): tables
    }
  }
}

extension ClaimSpec.Operand {
  var tables: [Int] {
    switch self {
    case .numbers: []
    case .cells(let table, _, _, _): [table]
    case .difference(let of, let minus): of.tables + minus.tables
    case .over(_, let inner), .deviation(let inner): inner.tables
    }
  }

  var place: String { tables.first.map { "Table \($0)" } ?? "numbers" }

  var name: String {
    switch self {
    case .numbers(let numbers): numbers.map { "\($0)" }.joined(separator: ", ")
    case .cells(let table, let rows, let metric, let columns):
      "Table \(table) "
        + [rows.joined(separator: ", "), metric ?? "", columns.joined(separator: ", ")].filter { !$0.isEmpty }
        .joined(separator: ": ")
    case .difference(let of, let minus): "(\(of.name)) - (\(minus.name))"
    case .over(let reduction, let inner): "\(reduction.rawValue) of \(inner.name)"
    case .deviation(let inner): "deviation of \(inner.name)"
    }
  }
}

extension Registry {
  /// What is one experiment in the paper is one in its own scale, where no small profile makes cells equal.
  fileprivate func paperPlan(of tables: [String]) throws -> Plan {
    let profile = "paper"
    let names = try Plan.datasets(of: tables, profile: profiles[profile], in: self)
    return try Plan(
      registry: self, tables: tables, profile: profile,
      dataFingerprints: Dictionary(uniqueKeysWithValues: names.map { ($0, "any") }))
  }
}
