import Experiments
import Results
import Tables

/// A run's share of a cell.
public struct Replicate: Codable, Equatable, Sendable {
  public let seed: Int
  public let fold: Int?
  /// Id of the run.
  public let run: String
  /// In the metric's unit.
  public let value: Double
  /// Checksums of everything that was counted and of the weights, as the run's record has them; nil of published runs.
  public let counts: String?
  public let model: String?

  public init(seed: Int, fold: Int?, run: String, value: Double, counts: String? = nil, model: String? = nil)
  {
    self.seed = seed
    self.fold = fold
    self.run = run
    self.value = value
    self.counts = counts
    self.model = model
  }

  func isReplicate(of other: Replicate) -> Bool { seed == other.seed && fold == other.fold }
}

/// What a cell came to, in a night or in the reference.
public struct CellResult: Codable, Equatable, Sendable {
  public let place: CellPlace
  /// Name of the metric.
  public let metric: String
  /// Which evaluation it is of.
  public let point: String
  /// Of the values; nil without any. The deviation is the population one, as tables print it.
  public let mean: Double?
  public let std: Double?
  public let n: Int
  /// In the order of the runs.
  public let replicates: [Replicate]
  /// Why values are missing, one line a run.
  public let problems: [String]

  public init(
    place: CellPlace, metric: String, point: String, replicates: [Replicate], problems: [String] = []
  ) {
    self.place = place
    self.metric = metric
    self.point = point
    self.replicates = replicates
    self.problems = problems
    let aggregate = Aggregate(replicates.map(\.value))
    (mean, std, n) = (aggregate?.mean, aggregate?.std, replicates.count)
  }

  /// - Parameters:
  ///   - plan: has the cell's runs.
  ///   - summary: of any of them.
  ///   - checksums: of a finished one, if its record is here.
  ///   - unfinished: what is said of a run that is not finished.
  public init(
    _ cell: DeclaredCell, plan: Plan, unfinished: String, summary: (RunID) -> RunSummary,
    checksums: (RunID) throws -> RunRecord.Checksums?
  ) rethrows {
    var replicates: [Replicate] = []
    var problems: [String] = []
    for id in cell.runs {
      let run = summary(id)
      if let reason = run.failure(of: cell.metric, at: cell.evaluation) {
        problems.append("\(id) \(reason)")
      } else if run.state == .done, let value = run.value(cell.metric, at: cell.evaluation),
        let spec = plan[id]?.spec
      {
        let checksums = try checksums(id)
        replicates.append(
          Replicate(
            seed: spec.seed, fold: spec.fold, run: id.text, value: value, counts: checksums?.evaluation,
            model: checksums?.model))
      } else {
        problems.append("\(id) \(unfinished)")
      }
    }
    self.init(
      place: cell.place, metric: cell.metric.name, point: cell.evaluation.name, replicates: replicates,
      problems: problems)
  }

  var values: [Double] { replicates.map(\.value) }

  /// - Throws: `RegressionError.damaged` when mean, deviation and n are not those of the values.
  func check(path: String) throws {
    guard Metric(metric) != nil else {
      throw RegressionError.damaged(path: path, reason: "\(place): there is no metric '\(metric)'")
    }
    let own = CellResult(place: place, metric: metric, point: point, replicates: replicates)
    guard own.mean == mean, own.std == std, own.n == n else {
      throw RegressionError.damaged(
        path: path,
        reason: "\(place): mean \(text(mean)), std \(text(std)), n \(n), and its values give "
          + "\(text(own.mean)), \(text(own.std)), \(own.n)")
    }
  }

  private func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "none" }

  /// `24.10 ± 0.40 (n=3)`.
  var text: String {
    guard let mean, let std else { return "no value" }
    return NumberText.fixed(mean) + (n > 1 ? " ± \(NumberText.fixed(std))" : "") + " (n=\(n))"
  }
}
