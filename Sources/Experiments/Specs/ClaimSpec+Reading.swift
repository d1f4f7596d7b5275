import Schemas

extension ClaimSpec {
  init(_ reader: StrictReader) throws {
    try reader.allowOnly(["id", "section", "text", "quantifier", "checks", "not_judged"])
    id = try reader.required("id").string()
    section = try reader.required("section").string()
    text = try reader.required("text").string()
    quantifier = try reader.required("quantifier").choice(Quantifier.self)
    checks = try reader.optional("checks")?.nonEmptyList(Check.init) ?? []
    notJudged = try reader.optional("not_judged")?.string()
    if checks.isEmpty, notJudged == nil {
      throw RegistryError.missingKey(file: reader.file, path: "\(reader.path).checks")
    }
    if !checks.isEmpty, notJudged != nil {
      throw try reader.required("not_judged").inconsistent("the claim has checks as well; only one may stand")
    }
    if !checks.isEmpty, checks.allSatisfy(\.isContrast) {
      throw try reader.required("checks").inconsistent(
        "every check is a contrast; the claim has none of its own")
    }
  }

  static func all(_ reader: StrictReader) throws -> [ClaimSpec] {
    try reader.allowOnly(["claims"])
    let list = try reader.required("claims")
    let claims = try list.nonEmptyList(ClaimSpec.init)
    for (index, claim) in claims.enumerated() where claims[..<index].contains(where: { $0.id == claim.id }) {
      throw list.inconsistent("'\(claim.id)' stands twice")
    }
    return claims
  }
}

extension ClaimSpec.Check {
  private static let shared = [
    "check", "relation", "by", "by_std", "tolerance", "contrast", "paper_only",
    "rest_decides",
  ]
  private static let range = NumberRange.closed(-1000, 1000)
  private static let positive = NumberRange.closed(0, 1000)

  fileprivate init(_ reader: StrictReader) throws {
    title = try reader.required("check").string()
    isContrast = try reader.optional("contrast")?.bool() ?? false
    paperOnly = try reader.optional("paper_only")?.string()
    restDecides = try reader.optional("rest_decides")?.bool() ?? false
    if restDecides, paperOnly == nil {
      throw try reader.required("rest_decides").inconsistent("goes with paper_only alone")
    }
    if let networks = reader.optional("networks") {
      try reader.allowOnly(["check", "contrast", "tables", "networks"])
      form = .networks(tables: try Self.tables(reader), count: try networks.int(1...99))
      (relation, by, byStd, tolerance) = (.equal, 0, 0, 0)
      return
    }
    relation = try reader.required("relation").choice(ClaimSpec.Relation.self)
    by = try reader.optional("by")?.number(Self.positive) ?? 0
    byStd = try reader.optional("by_std")?.number(Self.positive) ?? 0
    tolerance = try reader.optional("tolerance")?.number(Self.positive) ?? 0
    if let key = ["by", "by_std"].first(where: { reader.optional($0) != nil }), !relation.isDirected {
      throw try reader.required(key).inconsistent(
        "relation \(relation.rawValue) has no direction to exceed it in")
    }
    if let given = reader.optional("tolerance"), relation != .equal, relation != .same {
      throw given.inconsistent("relation \(relation.rawValue) has no tolerance; equal and same have")
    }
    if let same = reader.optional("same_runs") {
      try reader.allowOnly(Self.shared + ["same_runs"])
      form = .sameRuns(tables: try same.nonEmptyList { try $0.int(1...99) })
    } else if let pairs = reader.optional("pairs") {
      try reader.allowOnly(Self.shared + ["pairs"])
      form = .pairs(try pairs.nonEmptyList(ClaimSpec.Pair.init))
    } else {
      try reader.allowOnly(Self.shared + ClaimSpec.Lines.keys)
      form = .lines(try ClaimSpec.Lines(reader))
    }
  }

  fileprivate static func tables(_ reader: StrictReader) throws -> [Int] {
    try reader.required("tables").nonEmptyList { try $0.int(1...99) }
  }
}

extension ClaimSpec.Lines {
  fileprivate static let keys = [
    "tables", "metric", "rows", "columns", "axis", "left", "right", "left_minus", "right_minus", "value",
    "pairing", "best_of_left", "pairs", "same_runs", "networks",
  ]

  fileprivate init(_ reader: StrictReader) throws {
    func texts(_ key: String) throws -> [String] {
      try reader.optional(key)?.nonEmptyList { try $0.string() } ?? []
    }
    tables = try ClaimSpec.Check.tables(reader)
    metric = try reader.optional("metric")?.string()
    rows = try texts("rows")
    columns = try texts("columns")
    axis = try reader.optional("axis")?.choice(ClaimSpec.Axis.self) ?? .columns
    left = try reader.required("left").nonEmptyList { try $0.string() }
    right = try texts("right")
    leftMinus = try texts("left_minus")
    rightMinus = try texts("right_minus")
    value = try reader.optional("value")?.number(.closed(-1000, 1000))
    pairing = try reader.optional("pairing")?.choice(ClaimSpec.Pairing.self) ?? .zip
    bestOfLeft = try reader.optional("best_of_left")?.bool() ?? false
    if !columns.isEmpty, axis == .columns {
      throw try reader.required("columns").inconsistent(
        "it restricts where rows are compared; axis is columns")
    }
    if pairing == .steps || pairing == .chain {
      for key in ["right", "value", "left_minus", "best_of_left"] {
        if let given = reader.optional(key) {
          throw given.inconsistent("pairing \(pairing.rawValue) compares the left sides with each other")
        }
      }
      if left.count < 2 { throw try reader.required("left").outOfRange("a list of at least 2") }
      return
    }
    if (value == nil) == right.isEmpty {
      throw reader.inconsistent("exactly one of right and value must stand")
    }
    if value == nil, pairing == .zip, left.count != right.count {
      throw reader.inconsistent("left and right must have as many entries with pairing zip")
    }
    if bestOfLeft, pairing == .zip || pairing == .each {
      throw try reader.required("best_of_left").inconsistent("pairing must be best, highest or lowest")
    }
    if !leftMinus.isEmpty, leftMinus.count != left.count {
      throw reader.inconsistent("left_minus must have as many entries as left")
    }
    if !rightMinus.isEmpty, rightMinus.count != right.count {
      throw reader.inconsistent("right_minus must have as many entries as right")
    }
  }
}

extension ClaimSpec.Pair {
  fileprivate init(_ reader: StrictReader) throws {
    try reader.allowOnly(["left", "right"])
    left = try ClaimSpec.Operand(try reader.required("left"))
    right = try ClaimSpec.Operand(try reader.required("right"))
  }
}

extension ClaimSpec.Operand {
  private enum Part: String, CaseIterable { case mean, std }

  /// `minus` comes first, then `over`, then `of`.
  fileprivate init(_ reader: StrictReader) throws {
    try reader.allowOnly(["numbers", "table", "rows", "metric", "columns", "minus", "over", "of"])
    var operand: ClaimSpec.Operand
    if let numbers = reader.optional("numbers") {
      for key in ["table", "rows", "metric", "columns"] {
        if let given = reader.optional(key) { throw given.inconsistent("numbers are of no table") }
      }
      operand = .numbers(try numbers.nonEmptyList { try $0.number(.closed(-1000, 1000)) })
    } else {
      operand = .cells(
        table: try reader.required("table").int(1...99),
        rows: try reader.optional("rows")?.nonEmptyList { try $0.string() } ?? [],
        metric: try reader.optional("metric")?.string(),
        columns: try reader.required("columns").nonEmptyList { try $0.string() })
    }
    if let minus = reader.optional("minus") { operand = .difference(operand, try ClaimSpec.Operand(minus)) }
    if let over = reader.optional("over") {
      operand = .over(try over.choice(ClaimSpec.Reduction.self), operand)
    }
    if let part = try reader.optional("of")?.choice(Part.self), part == .std { operand = .deviation(operand) }
    self = operand
  }
}
