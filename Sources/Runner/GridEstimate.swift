import Experiments

/// How long the rest of a plan will take: from runs that are finished here, from what others have published, from those
/// that are going.
public struct GridEstimate {
  /// Runs that take about the same time; nil stands for any.
  private struct Kind: Hashable {
    var data: String?
    var model: String?
    var method: String?

    /// The kinds that a run belongs to, the closest first.
    static func all(_ spec: RunSpec) -> [Kind] {
      let (data, model) = (spec.data.name, spec.model.name)
      return [
        Kind(data: data, model: model, method: spec.method), Kind(data: data, model: model),
        Kind(model: model), Kind(),
      ]
    }
  }

  private struct Mean {
    var seconds = 0.0
    var iterations = 0

    /// Of a run that has this many.
    func seconds(iterations wanted: Int) -> Double { seconds / Double(iterations) * Double(wanted) }
  }

  /// By kind; looked up by key only.
  private var here: [Kind: Mean] = [:]
  private var elsewhere: [Kind: Mean] = [:]

  public init() {}

  /// A run that this machine has finished.
  public mutating func add(_ spec: RunSpec, seconds: Double) { GridEstimate.add(spec, seconds, to: &here) }

  /// A run that somebody has published, which may have been another machine.
  public mutating func add(_ spec: RunSpec, publishedSeconds seconds: Double) {
    GridEstimate.add(spec, seconds, to: &elsewhere)
  }

  private static func add(_ spec: RunSpec, _ seconds: Double, to means: inout [Kind: Mean]) {
    for kind in Kind.all(spec) {
      means[kind, default: Mean()].seconds += seconds
      means[kind, default: Mean()].iterations += max(spec.scale.iterations, 1)
    }
  }

  /// Seconds of a whole run, by the closest kind of which one is known: data set, model and method; data set and model; of
  /// the two, runs of this machine first; then `fallback`; then the model on other data; then all runs.
  public func seconds(_ spec: RunSpec, fallback: Double?) -> Double? {
    let kinds = Kind.all(spec)
    func known(_ kinds: some Sequence<Kind>) -> Double? {
      for kind in kinds {
        if let mean = here[kind] ?? elsewhere[kind] { return mean.seconds(iterations: spec.scale.iterations) }
      }
      return nil
    }
    return known(kinds.prefix(2)) ?? fallback ?? known(kinds.dropFirst(2))
  }
}
