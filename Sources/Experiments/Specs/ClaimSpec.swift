/// A statement of the paper over cells of its tables. An element of `claims/<group>.yaml`.
public struct ClaimSpec: Equatable, Sendable {
  public let id: String
  public let section: String
  public let text: String
  public let quantifier: Quantifier
  public let checks: [Check]
  /// Why nothing of it is judged; nil exactly with checks.
  public let notJudged: String?

  /// How many of its comparisons a claim needs: all, more than half, one; `exact` and `arithmetic` need all.
  public enum Quantifier: String, CaseIterable, Sendable {
    case all, most, some, exact, arithmetic
  }

  /// Comparisons that are made and counted.
  public struct Check: Equatable, Sendable {
    public let title: String
    public let form: Form
    public let relation: Relation
    /// What the difference must exceed.
    public let by: Double
    /// What the difference must exceed, in deviations of the left side.
    public let byStd: Double
    /// Of `equal`.
    public let tolerance: Double
    /// Counted, and no part of the claim.
    public let isContrast: Bool
    /// Why the check is about what the paper prints and says nothing of our runs; nil if it does.
    public let paperOnly: String?
    /// Of a check that is the paper's alone: whether our runs decide the claim by its other checks.
    public let restDecides: Bool
  }

  public enum Form: Equatable, Sendable {
    /// The same comparison on every line of tables.
    case lines(Lines)
    /// Comparisons one by one, of any cells.
    case pairs([Pair])
    /// Cells of the tables that are the same runs, each with the first of them.
    case sameRuns(tables: [Int])
    /// How many networks the rows of the tables have, together.
    case networks(tables: [Int], count: Int)
  }

  /// A comparison that is made once a row (or once a column, where rows are compared) and pair of sides.
  public struct Lines: Equatable, Sendable {
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
    /// Whether the best of the left sides is compared alone.
    public let bestOfLeft: Bool
  }

  public struct Pair: Equatable, Sendable {
    public let left: Operand
    public let right: Operand
  }

  /// A number that is made of cells.
  public indirect enum Operand: Equatable, Sendable {
    case numbers([Double])
    case cells(table: Int, rows: [String], metric: String?, columns: [String])
    /// One by one.
    case difference(Operand, Operand)
    case over(Reduction, Operand)
    /// The deviation in the place of the mean.
    case deviation(Operand)
  }

  public enum Reduction: String, CaseIterable, Sendable { case mean, median, highest, lowest }
  public enum Axis: String, CaseIterable, Sendable { case columns, rows }
  /// `highest`, `lowest` and `best` (by the metric) are those of the right sides that have a number. `steps` compares each
  /// left side with the one before it, and `chain` makes one comparison of all steps: that of the weakest.
  public enum Pairing: String, CaseIterable, Sendable { case zip, each, highest, lowest, best, steps, chain }
  /// `better`: greater or less, as the metric of the left side has it. `same`: the means are equal, and so are the deviations
  /// where both have one. `within_std`: the difference is at most the larger deviation of the two.
  public enum Relation: String, CaseIterable, Sendable {
    case greater, less, better
    case atLeast = "at_least"
    case equal, same
    case withinStd = "within_std"

    /// Whether a difference of one sign speaks for the claim.
    public var isDirected: Bool {
      switch self {
      case .greater, .less, .better, .atLeast: true
      case .equal, .same, .withinStd: false
      }
    }
  }
}
