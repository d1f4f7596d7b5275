import Experiments
import Tables

/// One number in two sets of results.
public struct ComparedNumber: Equatable, Sendable {
  public let metric: Metric
  public let evaluation: CellSpec.Evaluation
  /// In A.
  public let first: Cell
  /// In B.
  public let second: Cell
  /// Welch's, that B differs from A; nil with fewer than two runs on a side, no deviation on either, or equal values.
  public let test: Statistics.Student?
  /// The test's two-sided p after Holm's correction over the comparison.
  public internal(set) var corrected: Double?

  init(metric: Metric, evaluation: CellSpec.Evaluation, first: Cell, second: Cell) {
    self.metric = metric
    self.evaluation = evaluation
    self.first = first
    self.second = second
    // What is equal to the last bit is no chance that others must be corrected for.
    if let a = first.aggregate, let b = second.aggregate, a.values != b.values {
      test = Statistics.welch(b.values, a.values)
    } else {
      test = nil
    }
  }

  /// Mean of B minus that of A, where both have one.
  public var difference: Double? {
    first.aggregate.flatMap { a in second.aggregate.map { $0.mean - a.mean } }
  }
}

/// A cell of a table in two sets of results.
public struct ComparedCell: Equatable, Sendable {
  public let place: Place
  public let number: ComparedNumber
  public let verdict: Verdict

  public struct Place: Equatable, Sendable {
    /// Name of the table.
    public let table: String
    public let labels: [String]
    public let column: String

    init(_ table: TableSpec, row: Int, column: Int) {
      self.table = table.name
      labels = table.rows[row].labels
      self.column = table.columns[column].title
    }
  }

  /// What is known of B against A.
  public enum Verdict: String, CaseIterable, Sendable {
    /// Significantly, in the metric's direction.
    case better
    case worse
    /// The same values, to the last bit.
    case equal
    /// Tested, and not significant.
    case undecided
    /// Other values, and no test: one run on a side, or no deviation.
    case untested
    case onlyFirst = "only_a"
    case onlySecond = "only_b"
    /// Neither has a number.
    case neither
  }

  init(place: Place, number: ComparedNumber, level: Double) {
    self.place = place
    self.number = number
    switch (number.first.aggregate, number.second.aggregate) {
    case (nil, nil): verdict = .neither
    case (.some, nil): verdict = .onlyFirst
    case (nil, .some): verdict = .onlySecond
    case (let a?, let b?):
      if a.values == b.values {
        verdict = .equal
      } else if let p = number.corrected {
        let isBetter = number.metric.higherIsBetter == (b.mean > a.mean)
        verdict = p >= level ? .undecided : isBetter ? .better : .worse
      } else {
        verdict = .untested
      }
    }
  }
}

extension Cell {
  /// The numbers of the finished runs; nil without one.
  var aggregate: Aggregate? {
    if case .value(let aggregate, _) = self { aggregate } else { nil }
  }
}
