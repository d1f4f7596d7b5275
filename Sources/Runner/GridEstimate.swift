import Experiments

/// How long the rest of a plan will take, from the runs that are finished and those that are going.
public struct GridEstimate {
  private struct Kind: Hashable {
    let data: String
    let model: String
    let method: String

    init(_ spec: RunSpec) {
      data = spec.data.name
      model = spec.model.name
      method = spec.method
    }
  }

  /// Seconds and runs, by kind; looked up by key only.
  private var known: [Kind: (seconds: Double, runs: Int)] = [:]
  private var total = (seconds: 0.0, runs: 0)

  public init() {}

  public mutating func add(_ spec: RunSpec, seconds: Double) {
    let old = known[Kind(spec)] ?? (0, 0)
    known[Kind(spec)] = (old.seconds + seconds, old.runs + 1)
    total = (total.seconds + seconds, total.runs + 1)
  }

  /// Seconds of a whole run: the mean of its kind, else of all runs, else `fallback`.
  public func seconds(_ spec: RunSpec, fallback: Double?) -> Double? {
    if let kind = known[Kind(spec)] { return kind.seconds / Double(kind.runs) }
    return total.runs > 0 ? total.seconds / Double(total.runs) : fallback
  }
}
