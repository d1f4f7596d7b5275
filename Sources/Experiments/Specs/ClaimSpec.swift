import Schemas

/// A statement of the paper over cells of its tables. An element of `claims/<group>.yaml`.
public struct ClaimSpec: Equatable, Sendable {
  public let id: String
  public let section: String
  public let text: String
  public let quantifier: Quantifier
  public let checks: [Check]
  /// Why nothing of it is judged; nil exactly with checks.
  public let notJudged: String?

  public enum Quantifier: String, CaseIterable, Sendable {
    case all, most, some, exact, arithmetic
  }

  /// A comparison that is made once a row (or once a column, where rows are compared) and pair of sides.
  public struct Check: Equatable, Sendable {
    public let title: String
    /// The paper's numbers of tables.
    public let tables: [Int]
    /// Title of the metric, such as `mIoU`; nil takes every row.
    public let metric: String?
    /// Rows that have one of these labels, or all of them as `PASCAL VOC / SJL-L1`; empty takes every row.
    public let rows: [String]
    /// Columns that rows are compared in; empty takes every column.
    public let columns: [String]
    public let axis: Axis
    public let left: [String]
    public let right: [String]
    /// Subtracted from each side: then gains are compared.
    public let leftMinus: [String]
    public let rightMinus: [String]
    /// Compared with instead of a right side.
    public let value: Double?
    public let pairing: Pairing
    public let relation: Relation
    /// What the difference must exceed.
    public let by: Double
    /// Of `equal`.
    public let tolerance: Double
    /// Counted, and no part of the claim.
    public let isContrast: Bool
  }

  public enum Axis: String, CaseIterable, Sendable { case columns, rows }
  /// `highest` and `lowest` are those of the right sides that have a number.
  public enum Pairing: String, CaseIterable, Sendable { case zip, each, highest, lowest }
  /// `within_std`: the difference is at most the larger deviation of the two.
  public enum Relation: String, CaseIterable, Sendable {
    case greater, less, equal
    case withinStd = "within_std"
  }

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
  }

  static func all(_ reader: StrictReader) throws -> [ClaimSpec] {
    try reader.allowOnly(["claims"])
    return try reader.required("claims").nonEmptyList(ClaimSpec.init)
  }
}

extension ClaimSpec.Check {
  fileprivate init(_ reader: StrictReader) throws {
    try reader.allowOnly([
      "check", "tables", "metric", "rows", "columns", "axis", "left", "right", "left_minus", "right_minus",
      "value", "pairing", "relation", "by", "tolerance", "contrast",
    ])
    func texts(_ key: String) throws -> [String] {
      try reader.optional(key)?.nonEmptyList { try $0.string() } ?? []
    }
    title = try reader.required("check").string()
    tables = try reader.required("tables").nonEmptyList { try $0.int(1...99) }
    metric = try reader.optional("metric")?.string()
    rows = try texts("rows")
    columns = try texts("columns")
    axis = try reader.optional("axis")?.choice(ClaimSpec.Axis.self) ?? .columns
    left = try reader.required("left").nonEmptyList { try $0.string() }
    right = try texts("right")
    leftMinus = try texts("left_minus")
    rightMinus = try texts("right_minus")
    let range = NumberRange.closed(-1000, 1000)
    value = try reader.optional("value")?.number(range)
    pairing = try reader.optional("pairing")?.choice(ClaimSpec.Pairing.self) ?? .zip
    relation = try reader.required("relation").choice(ClaimSpec.Relation.self)
    by = try reader.optional("by")?.number(range) ?? 0
    tolerance = try reader.optional("tolerance")?.number(range) ?? 0
    isContrast = try reader.optional("contrast")?.bool() ?? false
    if (value == nil) == right.isEmpty {
      throw reader.inconsistent("exactly one of right and value must stand")
    }
    if value == nil, pairing == .zip, left.count != right.count {
      throw reader.inconsistent("left and right must have as many entries with pairing zip")
    }
    if !leftMinus.isEmpty, leftMinus.count != left.count {
      throw reader.inconsistent("left_minus must have as many entries as left")
    }
    if !rightMinus.isEmpty, rightMinus.count != right.count {
      throw reader.inconsistent("right_minus must have as many entries as right")
    }
  }
}
