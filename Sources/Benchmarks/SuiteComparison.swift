import JSON

/// Two outputs of `jml bench suite` side by side: hours of whole profiles and of tables, before and after.
public struct SuiteComparison: Equatable, Sendable {
  public struct Line: Equatable, Sendable {
    public let profile: String
    /// nil: all tables, runs that they share once.
    public let table: String?
    /// Hours.
    public let before: Double
    /// Hours.
    public let after: Double

    /// How many times faster it has become.
    public var ratio: Double { before / after }
  }

  /// What both have: by profile, the whole first and then its tables by name.
  public let lines: [Line]
  /// One line for people for each reason why the two are not of the same thing.
  public let notices: [String]

  public init(before: SuiteRecord, after: SuiteRecord) {
    var lines: [Line] = []
    for (name, old) in before.profiles.sorted(by: { $0.key < $1.key }) {
      guard let new = after.profiles[name] else { continue }
      lines.append(Line(profile: name, table: nil, before: old.hours, after: new.hours))
      for (table, hours) in (old.tables ?? [:]).sorted(by: { $0.key < $1.key }) {
        guard let now = new.tables?[table] else { continue }
        lines.append(Line(profile: name, table: table, before: hours.hours, after: now.hours))
      }
    }
    self.lines = lines
    var notices: [String] = []
    if before.cpu != after.cpu {
      notices.append("before was measured on \(before.cpu), after on \(after.cpu)")
    }
    if before.threads != after.threads {
      notices.append("before was measured with \(before.threads) threads, after with \(after.threads)")
    }
    if lines.isEmpty { notices.append("the two have no profile in common") }
    for (name, old) in before.profiles.sorted(by: { $0.key < $1.key }) {
      guard let new = after.profiles[name], let old = old.tables, let new = new.tables,
        Set(old.keys) != Set(new.keys)
      else { continue }
      notices.append("profile \(name): the two are not of the same tables, so that sums do not compare")
    }
    self.notices = notices
  }

  public var json: JSONValue {
    .array(
      lines.map { line in
        .object([
          "profile": .string(line.profile), "table": line.table.map { .string($0) } ?? .null,
          "hours_before": .number(line.before), "hours_after": .number(line.after),
          // Nothing to run takes no time, and no number says how many times faster that is.
          "ratio": line.after > 0 ? .number(line.ratio) : .null,
        ])
      })
  }
}
