import Experiments
import Tables

/// A number that is compared: of the paper, or of finished runs.
public struct Sample: Equatable, Sendable {
  public let mean: Double
  /// Population deviation, as tables print it; nil where the paper prints none.
  public let std: Double?
  /// Of the runs, ascending by seed and fold; empty for what is printed.
  public let values: [Value]

  public struct Value: Equatable, Sendable {
    public let seed: Int
    public let fold: Int?
    public let value: Double

    init(seed: Int, fold: Int?, _ value: Double) {
      self.seed = seed
      self.fold = fold
      self.value = value
    }

    func isReplicate(of other: Value) -> Bool { seed == other.seed && fold == other.fold }
  }

  init(mean: Double, std: Double? = nil) {
    self.mean = mean
    self.std = std
    values = []
  }

  /// - Parameter values: at least one.
  init(_ values: [Value]) {
    self.values = values.sorted { ($0.seed, $0.fold ?? -1) < ($1.seed, $1.fold ?? -1) }
    let aggregate = Aggregate(self.values.map(\.value))
    mean = aggregate?.mean ?? 0
    std = aggregate?.std
  }

  /// Whether both sides are of the same seeds and folds, so that differences can be taken one by one.
  func isPaired(with other: Sample) -> Bool {
    !values.isEmpty && values.count == other.values.count
      && zip(values, other.values).allSatisfy { $0.isReplicate(of: $1) }
  }

  static func - (left: Sample, right: Sample) -> Sample {
    guard left.isPaired(with: right) else { return Sample(mean: left.mean - right.mean) }
    return Sample(
      zip(left.values, right.values).map { Value(seed: $0.seed, fold: $0.fold, $0.value - $1.value) })
  }

  /// - Parameter samples: at least one.
  static func over(_ reduction: ClaimSpec.Reduction, _ samples: [Sample]) -> Sample {
    let means = samples.map(\.mean)
    switch reduction {
    case .highest: return samples.max { $0.mean < $1.mean } ?? samples[0]
    case .lowest: return samples.min { $0.mean < $1.mean } ?? samples[0]
    case .mean, .median:
      let reduce = reduction == .mean ? Statistics.mean : median
      guard samples.count > 1, samples.dropFirst().allSatisfy({ $0.isPaired(with: samples[0]) }) else {
        return Sample(mean: reduce(means), std: Aggregate(means)?.std)
      }
      return Sample(
        samples[0].values.indices.map { index in
          let first = samples[0].values[index]
          return Value(seed: first.seed, fold: first.fold, reduce(samples.map { $0.values[index].value }))
        })
    }
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// What a place of a claim has.
enum Reading {
  case sample(Sample)
  /// The paper prints nothing there, so no claim speaks of it.
  case absent
  /// It cannot be known on this side, for a reason.
  case unknown(String)
  /// Runs that are not finished.
  case unfinished([RunID])

  var known: Sample? { if case .sample(let sample) = self { sample } else { nil } }

  /// Runs of a plan as one number; unfinished unless every one of them has a value.
  static func runs(
    _ ids: [RunID], of plan: Plan?, _ metric: Metric, _ evaluation: CellSpec.Evaluation,
    _ summary: (RunID) -> RunSummary
  ) -> Reading {
    var values: [Sample.Value] = []
    var missing: [RunID] = []
    for id in ids {
      let run = summary(id)
      if run.state == .done, let value = run.value(metric, at: evaluation), value.isFinite,
        let spec = plan?[id]?.spec
      {
        values.append(Sample.Value(seed: spec.seed, fold: spec.fold, value))
      } else {
        missing.append(id)
      }
    }
    return missing.isEmpty && !values.isEmpty ? .sample(Sample(values)) : .unfinished(missing)
  }

  /// What keeps `combine` from its numbers goes before them: nothing printed, then the unknown, then all missing runs.
  static func joined(_ readings: [Reading], _ combine: ([Sample]) -> Sample) -> Reading {
    var samples: [Sample] = []
    var unknown: String?
    var runs: [RunID] = []
    for reading in readings {
      switch reading {
      case .absent: return .absent
      case .unknown(let reason): unknown = unknown ?? reason
      case .unfinished(let ids): runs += ids
      case .sample(let sample): samples.append(sample)
      }
    }
    if let unknown { return .unknown(unknown) }
    return runs.isEmpty ? .sample(combine(samples)) : .unfinished(runs)
  }
}
