import Experiments

/// Our side of a table's cell.
public enum Cell: Equatable, Sendable {
  /// At least one run is finished; `aggregate.count` below `planned` is shown.
  case value(Aggregate, planned: Int)
  /// No run is finished and none has failed.
  case pending(planned: Int)
  /// No run is finished and at least one never will be.
  case failed(reason: String)
  /// The column only quotes the paper: not yet run here.
  case notYetRun
  /// The paper has no such cell.
  case absent

  /// - Parameter runs: the summaries of the cell's runs, in their order.
  init(runs: [RunSummary], metric: Metric) {
    var values: [Double] = []
    var reasons: [String] = []
    for run in runs {
      if let reason = run.failure(of: metric) {
        reasons.append(reason)
      } else if run.state == .done, let value = run.metrics[metric.rawValue] {
        values.append(value)
      }
    }
    if let aggregate = Aggregate(values) {
      self = .value(aggregate, planned: runs.count)
    } else if let reason = reasons.first {
      self = .failed(reason: reason)
    } else {
      self = .pending(planned: runs.count)
    }
  }
}

extension RunSummary {
  /// Why this run gives no number and never will; nil for a good or an unfinished one.
  func failure(of metric: Metric) -> String? {
    switch state {
    case .pending, .running: return nil
    case .failed(let reason): return "failed: \(reason)"
    case .diverged(let reason): return "diverged: \(reason)"
    case .done:
      guard let value = metrics[metric.rawValue] else {
        return "its record has no metric '\(metric.rawValue)'"
      }
      return value.isFinite ? nil : "its \(metric.rawValue) is not a finite number"
    }
  }

  var stateName: String {
    switch state {
    case .done: return "done"
    case .failed: return "failed"
    case .diverged: return "diverged"
    case .pending, .running: return "pending"
    }
  }
}
