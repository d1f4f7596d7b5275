import Experiments

extension SubmissionPlan {
  /// Who comes before whom among pending runs.
  struct Order {
    /// Runs that need none of the others, then those that need some of them, and so on; each level in the plan's order.
    private(set) var levels: [[PendingRun]] = []
    /// All that a run needs, directly or not.
    private(set) var ancestors: [RunID: Set<RunID>] = [:]
    /// Runs that need a run directly, in the plan's order; none where nobody does.
    private(set) var waiting: [RunID: [RunID]] = [:]
    private(set) var seconds: [RunID: Double] = [:]

    /// - Parameter runs: each after its inputs.
    init(_ runs: [PendingRun]) {
      var level: [RunID: Int] = [:]
      for run in runs {
        let own = run.inputs.compactMap { level[$0] }.max().map { $0 + 1 } ?? 0
        level[run.id] = own
        if own == levels.count { levels.append([]) }
        levels[own].append(run)
        ancestors[run.id] = run.inputs.reduce(into: Set(run.inputs)) { $0.formUnion(ancestors[$1] ?? []) }
        for input in run.inputs { waiting[input, default: []].append(run.id) }
        seconds[run.id] = run.need.seconds
      }
    }
  }
}

/// A dictionary that remembers in which order its keys came.
struct Grouped<Key: Hashable, Value> {
  private var keys: [Key] = []
  private var values: [Key: Value] = [:]

  var all: [(Key, Value)] { keys.compactMap { key in values[key].map { (key, $0) } } }

  subscript(key: Key) -> Value? { values[key] }

  subscript(key: Key, default initial: @autoclosure () -> Value) -> Value {
    get { values[key] ?? initial() }
    set {
      if values.updateValue(newValue, forKey: key) == nil { keys.append(key) }
    }
  }
}
