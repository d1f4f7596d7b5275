import Cluster
import JSON

extension ClusterView.Standing {
  /// How an unfinished run stands, in one word; nil where Slurm has nothing to add.
  var word: String? {
    if isActive { return isRunning ? "running" : "queued" }
    if isStuck { return "blocked" }
    switch state {
    case "CANCELLED", "COMPLETED", nil: return nil
    default: return "failed"
    }
  }

  var detail: String {
    var text = "Slurm \(address?.description ?? "has not taken it")"
    if let state { text += " \(state)" }
    if !reason.isEmpty, reason != "None" { text += " (\(reason))" }
    if let exitCode, !isActive { text += ", exit code \(exitCode)" }
    if !nodes.isEmpty, nodes != "None assigned" { text += " on \(nodes)" }
    // What waits has said nothing yet.
    if let log, isRunning || (!isActive && !isStuck) { text += ", log \(log.path)" }
    return text
  }

  var json: JSONValue {
    .object([
      "task": address.map { .string($0.description) } ?? .null, "state": state.map { .string($0) } ?? .null,
      "reason": .string(reason), "nodes": .string(nodes), "exit_code": exitCode.map { .string($0) } ?? .null,
      "log": log.map { .string($0.path) } ?? .null,
    ])
  }
}
