extension TableSpec {
  private enum ColumnKind: String, CaseIterable {
    case run, quoted, cost
  }

  private enum RowKind: String, CaseIterable {
    case run, quoted, difference
  }

  init(_ reader: StrictReader, name: String) throws {
    self.name = try reader.name(
      or: name,
      keys: [
        "number", "title", "unit", "row_headers", "defaults", "columns", "rows", "differences", "best",
        "costs", "exceptions", "footnotes", "notes",
      ])
    number = try reader.required("number").int(1...99)
    title = try reader.required("title").string()
    unit = try reader.optional("unit")?.string()
    let headers = try reader.required("row_headers").nonEmptyList { try $0.string() }
    rowHeaders = headers
    if let defaultsReader = reader.optional("defaults") {
      try defaultsReader.allowOnly(CellSpec.keys)
      defaults = try CellSpec(defaultsReader)
    } else {
      defaults = CellSpec()
    }
    columns = try reader.required("columns").nonEmptyList { try TableSpec.column($0) }
    let titles = columns.map(\.title)
    try TableSpec.rejectRepeated(titles, try reader.required("columns"))
    differences =
      try reader.optional("differences")?.list { try TableSpec.difference($0, titles) } ?? []
    let everyTitle = titles + differences.map(\.title)
    if let list = reader.optional("differences") { try TableSpec.rejectRepeated(everyTitle, list) }

    let rowList = try reader.required("rows")
    let labels = try rowList.nonEmptyList { try TableSpec.labels($0, headers: headers) }
    try TableSpec.rejectRepeated(labels.map(TableSpec.rowName), rowList)
    rows = try rowList.nonEmptyList {
      try TableSpec.row($0, labels: labels, columns: titles, titles: everyTitle)
    }
    best =
      try reader.optional("best")?.list { try BestGroup($0, columns: everyTitle, rows: labels) } ?? []
    costs = try reader.optional("costs").map { try CostSpec($0) }
    exceptions =
      try reader.optional("exceptions")?.list { item in
        try item.allowOnly(["datasets", "rows", "columns", "profiles", "cell", "set", "reason"])
        return Exception(
          datasets: try item.required("datasets").nonEmptyList { try $0.name() },
          rows: try item.optional("rows")?.nonEmptyList { try $0.row(of: labels) },
          columns: try item.required("columns").nonEmptyList { try $0.reference(to: titles) },
          profiles: try item.required("profiles").nonEmptyList { try $0.name() },
          cell: try item.optional("cell").map { cell in
            try cell.allowOnly(CellSpec.keys.filter { $0 != "set" })
            return try CellSpec(cell)
          } ?? CellSpec(),
          set: try item.optional("set").map { try CellSpec.overrides($0) } ?? [],
          reason: try item.required("reason").string())
      } ?? []
    footnotes =
      try reader.optional("footnotes").map { try Footnote.all($0, columns: everyTitle, rows: labels) } ?? []
    notes = try reader.optional("notes")?.list { try Note($0) } ?? []
    try rejectConflicts(reader)
    try checkCosts(reader)
    try rejectMixedGroups(reader)
  }

  // MARK: Parts

  private static func column(_ reader: StrictReader) throws -> Column {
    let title = try reader.required("title").string()
    switch try reader.required("kind").choice(ColumnKind.self) {
    case .run:
      try reader.allowOnly(["title", "kind"] + CellSpec.keys)
      return Column(title: title, kind: .run(try CellSpec(reader)))
    case .quoted:
      try reader.allowOnly(["title", "kind"])
      return Column(title: title, kind: .quoted)
    case .cost:
      try reader.allowOnly(["title", "kind", "quantity"])
      return Column(title: title, kind: .cost(try reader.required("quantity").choice(CostQuantity.self)))
    }
  }

  private static func difference(_ reader: StrictReader, _ titles: [String]) throws -> Difference {
    try reader.allowOnly(["title", "of", "minus"])
    func place(_ key: String) throws -> Int {
      let text = try reader.required(key).reference(to: titles)
      return titles.firstIndex(of: text) ?? 0
    }
    return Difference(
      title: try reader.required("title").string(), of: try place("of"), minus: try place("minus"))
  }

  private static func labels(_ reader: StrictReader, headers: [String]) throws -> [String] {
    let list = try reader.required("labels")
    let labels = try list.list { try $0.string() }
    if labels.count != headers.count {
      throw list.outOfRange("a list of \(headers.count), one per row header")
    }
    return labels
  }

  /// - Parameters:
  ///   - labels: of every row.
  ///   - titles: of columns and differences.
  private static func row(
    _ reader: StrictReader, labels: [[String]], columns: [String], titles: [String]
  ) throws -> Row {
    let own = try reader.required("labels").list { try $0.string() }
    var paper: [String: PaperCell] = [:]
    if let cells = reader.optional("paper") {
      try cells.allowOnly(titles)
      for title in try cells.keys() { paper[title] = try cells.nullable(title).map { try paperCell($0) } }
    }
    func row(_ kind: Row.Kind, _ spec: CellSpec, _ cells: [String: CellSpec], _ skip: [String]) -> Row {
      Row(labels: own, kind: kind, spec: spec, cells: cells, skip: Set(skip), paper: paper)
    }
    switch try reader.optional("kind")?.choice(RowKind.self) ?? .run {
    case .quoted:
      try reader.allowOnly(["labels", "kind", "paper"])
      return row(.quoted, CellSpec(), [:], [])
    case .difference:
      try reader.allowOnly(["labels", "kind", "paper", "of", "minus"])
      let places = try ["of", "minus"].map { try reader.required($0).row(of: labels) }
      return row(.difference(of: places[0], minus: places[1]), CellSpec(), [:], [])
    case .run:
      try reader.allowOnly(["labels", "kind", "paper", "skip", "cells"] + CellSpec.keys)
      var cells: [String: CellSpec] = [:]
      if let given = reader.optional("cells") {
        try given.allowOnly(columns)
        for title in try given.keys() {
          let cell = try given.required(title)
          try cell.allowOnly(CellSpec.keys)
          cells[title] = try CellSpec(cell)
        }
      }
      let skip = try reader.optional("skip")?.list { try $0.reference(to: columns) } ?? []
      return row(.run, try CellSpec(reader), cells, skip)
    }
  }

  private static func paperCell(_ reader: StrictReader) throws -> PaperCell {
    try reader.allowOnly(["mean", "std"])
    return PaperCell(
      mean: try reader.required("mean").printedNumber(), std: try reader.optional("std")?.printedNumber())
  }

  // MARK: Checks

  private static func rejectRepeated(_ names: [String], _ reader: StrictReader) throws {
    for (index, name) in names.enumerated() where names[..<index].contains(name) {
      throw reader.inconsistent("'\(name)' stands twice")
    }
  }

  private func rejectConflicts(_ reader: StrictReader) throws {
    for (index, row) in rows.enumerated() {
      for column in columns {
        guard case .run(let spec) = column.kind else { continue }
        if let key = row.spec.givenKeys.first(where: spec.givenKeys.contains) {
          throw inconsistent(
            reader, "rows[\(index)].\(key)", TableSpec.rowName(row.labels),
            "column '\(column.title)' gives \(key) as well; only one of them may")
        }
      }
      guard case .difference(let of, let minus) = row.kind else { continue }
      for place in [of, minus] where rows[place].kind != .run {
        throw inconsistent(
          reader, "rows[\(index)]", TableSpec.rowName(row.labels),
          "row '\(TableSpec.rowName(rows[place].labels))' has no runs to take a difference of")
      }
    }
    for (index, difference) in differences.enumerated() {
      for place in [difference.of, difference.minus] {
        guard case .run = columns[place].kind else {
          throw inconsistent(
            reader, "differences[\(index)]", difference.title,
            "column '\(columns[place].title)' has no runs to take a difference of")
        }
      }
    }
  }

  /// What is compared must be one metric, and have one direction.
  private func rejectMixedGroups(_ reader: StrictReader) throws {
    for (index, group) in best.enumerated() {
      let sets: [[String]] =
        switch group.axis {
        case .columns(let titles):
          rows.indices.map { row in
            columns.indices.filter { titles.contains(columns[$0].title) }.compactMap {
              measure(row: row, column: $0)
            }
          }
        case .rows(let places):
          columns.indices.map { column in places.compactMap { measure(row: $0, column: column) } }
        }
      for names in sets where Set(names).count > 1 {
        throw inconsistent(
          reader, "best[\(index)]", Set(names).sorted().joined(separator: ", "),
          "cells of different metrics cannot be compared")
      }
    }
  }

  private func measure(row: Int, column: Int) -> String? {
    if let cost = cost(row: row, column: column) { return cost.quantity.rawValue }
    return cellSpec(row: row, column: column)?.metric?.name
  }

  private func checkCosts(_ reader: StrictReader) throws {
    let places = columns.indices.filter { if case .cost = columns[$0].kind { true } else { false } }
    guard let column = places.first else {
      if costs != nil { throw try reader.required("costs").inconsistent("no column is of costs") }
      return
    }
    if costs == nil { throw RegistryError.missingKey(file: reader.file, path: "costs") }
    for (index, row) in rows.enumerated() where row.kind == .run && !row.skip.contains(columns[column].title)
    {
      guard cost(row: index, column: column) == nil else { continue }
      throw RegistryError.missingKey(
        file: reader.file, path: "rows[\(index)] '\(TableSpec.rowName(row.labels))': model")
    }
  }

  private func inconsistent(_ reader: StrictReader, _ path: String, _ value: String, _ reason: String)
    -> RegistryError
  {
    .inconsistent(file: reader.file, path: path, value: value, reason: reason)
  }
}
