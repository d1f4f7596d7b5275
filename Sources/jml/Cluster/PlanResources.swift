import Cluster
import Experiments
import Foundation
import JSON

/// What the runs of a plan take, by kind: data set, network and method.
struct PlanResources {
  fileprivate struct Kind: Hashable {
    let dataset: String
    let model: String
    let method: String
  }

  fileprivate struct Row {
    let kind: Kind
    var runs = 0
    let iterations: Int
    /// Of one run.
    let estimate: ResourceEstimate
  }

  private let threads: Int
  /// In the plan's order.
  private var rows: [Row] = []

  init(_ plan: Plan, _ reading: ResourceReading, threads: Int) {
    self.threads = threads
    var places: [Kind: Int] = [:]
    for run in plan.runs {
      let spec = run.spec
      let kind = Kind(dataset: spec.data.name, model: spec.model.name, method: spec.method)
      if places[kind] == nil {
        places[kind] = rows.count
        rows.append(
          Row(
            kind: kind, iterations: spec.scale.iterations, estimate: reading.estimate(run, threads: threads)))
      }
      if let place = places[kind] { rows[place].runs += 1 }
    }
  }

  var text: String {
    let head = [
      "runs", "data set", "network", "method", "memory GiB", "s / step", "hours / run", "disk GiB",
      "checkpoints GiB",
    ]
    return Console.columns(
      [head]
        + rows.map { row in
          let estimate = row.estimate
          return [
            "\(row.runs)", row.kind.dataset, row.kind.model, row.kind.method,
            estimate.memoryBytes.map { "\(gibibytes($0)) \(estimate.memoryOrigin)" } ?? "unknown",
            row.secondsPerStep.map { String(format: "%.3f", $0) } ?? "unknown",
            estimate.seconds.map { String(format: "%.2f", $0 / 3600) + " \(estimate.secondsOrigin)" }
              ?? "unknown",
            "\(gibibytes(estimate.diskBytes)) \(estimate.diskOrigin)", gibibytes(estimate.checkpointBytes),
          ]
        })
  }

  var totalText: String {
    let runs = rows.reduce(0) { $0 + $1.runs }
    let unknown = rows.filter { $0.estimate.seconds == nil }.reduce(0) { $0 + $1.runs }
    let hours = String(format: "%.1f", seconds / 3600),
      core = String(format: "%.0f", seconds / 3600 * Double(threads))
    return "\(runs) runs: \(hours) hours one after the other with \(threads) threads each, \(core) core-hours"
      + (unknown == 0 ? "" : ", without \(unknown) runs of unknown length")
      + "; at most \(gibibytes(memory)) GiB of memory a run; \(gibibytes(disk)) GiB of disk in the end"
  }

  var json: JSONValue {
    .object([
      "threads": .int(threads), "seconds": .number(seconds),
      "core_hours": .number(seconds / 3600 * Double(threads)),
      "largest_memory_bytes": .int(memory), "disk_bytes": .int(disk),
      "kinds": .array(
        rows.map { row in
          let estimate = row.estimate
          return .object([
            "dataset": .string(row.kind.dataset), "model": .string(row.kind.model),
            "method": .string(row.kind.method), "runs": .int(row.runs), "iterations": .int(row.iterations),
            "memory_bytes": estimate.memoryBytes.map { .int($0) } ?? .null,
            "memory_origin": .string(estimate.memoryOrigin.rawValue),
            "seconds_per_step": row.secondsPerStep.map { .number($0) } ?? .null,
            "seconds": estimate.seconds.map { .number($0) } ?? .null,
            "seconds_origin": .string(estimate.secondsOrigin.rawValue),
            "disk_bytes": .int(estimate.diskBytes), "disk_origin": .string(estimate.diskOrigin.rawValue),
            "checkpoint_bytes": .int(estimate.checkpointBytes),
          ])
        }),
    ])
  }

  /// Of all runs whose length is known.
  private var seconds: Double { rows.reduce(0) { $0 + Double($1.runs) * ($1.estimate.seconds ?? 0) } }
  private var memory: Int { rows.compactMap(\.estimate.memoryBytes).max() ?? 0 }
  private var disk: Int { rows.reduce(0) { $0 + $1.runs * $1.estimate.diskBytes } }

  private func gibibytes(_ bytes: Int) -> String { String(format: "%.2f", Double(bytes) / 1_073_741_824) }
}

extension PlanResources.Row {
  fileprivate var secondsPerStep: Double? { estimate.seconds.map { $0 / Double(max(1, iterations)) } }
}
