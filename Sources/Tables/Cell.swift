import Experiments

/// Our side of a table's cell.
public enum Cell: Equatable, Sendable {
  /// At least one run (or pair of runs) is finished; `aggregate.count` below `planned` is shown.
  case value(Aggregate, planned: Int)
  /// A cost that is known: its number, and as it is printed.
  case cost(Double, text: String)
  /// No run is finished and none has failed.
  case pending(planned: Int)
  /// No run is finished and at least one never will be.
  case failed(reason: String)
  /// The paper is only quoted: not yet run here.
  case notYetRun
  /// There is no such cell.
  case absent

  /// - Parameter runs: the summaries of the cell's runs, in their order.
  public init(runs: [RunSummary], metric: Metric, evaluation: CellSpec.Evaluation) {
    var values: [Double] = []
    var reasons: [String] = []
    for run in runs {
      if let reason = run.failure(of: metric, at: evaluation) {
        reasons.append(reason)
      } else if run.state == .done, let value = run.value(metric, at: evaluation) {
        values.append(value)
      }
    }
    self.init(values, planned: runs.count, reasons)
  }

  /// The difference of two cells as an aggregate over pairs of runs of equal seed and fold: a deviation of differences,
  /// not a difference of means alone. `planned` is the number of such pairs.
  init(_ of: Source, minus: Source) {
    var values: [Double] = []
    var reasons: [String] = []
    var planned = 0
    for left in of.runs {
      guard let right = minus.runs.first(where: { $0.seed == left.seed && $0.fold == left.fold }) else {
        continue
      }
      planned += 1
      let failure =
        left.summary.failure(of: of.metric, at: of.evaluation)
        ?? right.summary.failure(of: minus.metric, at: minus.evaluation)
      if let failure {
        reasons.append(failure)
      } else if left.summary.state == .done, right.summary.state == .done,
        let first = left.summary.value(of.metric, at: of.evaluation),
        let second = right.summary.value(minus.metric, at: minus.evaluation)
      {
        values.append(first - second)
      }
    }
    if planned == 0 {
      self = .absent
    } else {
      self.init(values, planned: planned, reasons)
    }
  }

  private init(_ values: [Double], planned: Int, _ reasons: [String]) {
    if let aggregate = Aggregate(values) {
      self = .value(aggregate, planned: planned)
    } else if let reason = reasons.first {
      self = .failed(reason: reason)
    } else {
      self = .pending(planned: planned)
    }
  }

  /// The state's name for programs.
  var stateName: String {
    switch self {
    case .value, .cost: "value"
    case .pending: "pending"
    case .failed: "failed"
    case .notYetRun: "not_yet_run"
    case .absent: "absent"
    }
  }

  /// What a cell's number is made of.
  struct Source {
    let runs: [(seed: Int, fold: Int?, summary: RunSummary)]
    let metric: Metric
    let evaluation: CellSpec.Evaluation
  }
}
