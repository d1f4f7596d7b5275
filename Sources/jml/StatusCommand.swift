import ArgumentParser
import Cluster
import Experiments
import Foundation
import JSON
import Results
import Runner

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Says where each run stands: who works on it, what it reached, why it failed.",
    discussion: """
      Finished runs are verified, weights included: one whose record, counts or weights were changed is damaged, and
      the line says what differs. 'jml run --retry' trains it anew. Of runs that were handed to Slurm the line also says what
      Slurm says: queued, on which node, or how the task ended and where its log is.

      Example: jml status --table 4 --json
      """)

  @OptionGroup var options: WorkspaceOptions

  func run() throws {
    let workspace = try Workspace(options.options())
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    for notice in try workspace.otherResultsNotices(plan) { Console.say(notice) }
    let view = try workspace.clusterView(plan.runs.map(\.id)) { Console.say($0) }
    let standings = try plan.runs.map {
      try Standing($0, workspace.store, view?.standing(of: $0.id))
    }
    if options.json {
      Console.out(
        .object([
          "profile": .string(plan.profile.name),
          "counts": .object(counts(standings).mapValues { .int($0) }),
          "runs": .array(standings.map(\.json)),
        ]))
      return
    }
    Console.out(Console.columns(standings.map { [$0.word, $0.run.id.text, $0.detail] }))
    let words = counts(standings).sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    Console.say("\(standings.count) runs: \(words.joined(separator: ", "))")
  }

  private func counts(_ standings: [Standing]) -> [String: Int] {
    standings.reduce(into: [:]) { $0[$1.word, default: 0] += 1 }
  }
}

/// A run with what the store knows of it.
private struct Standing {
  let run: PlannedRun
  let state: RunState
  let record: RunRecord?
  /// Iterations that the log speaks of.
  let iteration: Int
  /// nil for a run that Slurm never had.
  let slurm: ClusterView.Standing?

  init(_ run: PlannedRun, _ store: ResultStore, _ slurm: ClusterView.Standing?) throws {
    self.run = run
    self.slurm = slurm
    state = try store.verifiedState(run.id.text, model: true)
    if case .damaged = state { record = nil } else { record = try store.record(run.id.text) }
    iteration = try store.log(run.id.text).last?["iteration"]?.double.flatMap { Int(exactly: $0) } ?? 0
  }

  /// What the store knows, and where nobody works on an unfinished run, what Slurm has for it.
  var word: String {
    switch state {
    case .done, .running, .diverged, .damaged: return state.word
    case .pending, .interrupted, .failed: return slurm?.word ?? state.word
    }
  }

  var detail: String {
    let text = storedDetail
    switch state {
    case .done, .diverged, .damaged: return text
    case .pending, .running, .interrupted, .failed:
      return [text, slurm?.detail ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
    }
  }

  private var storedDetail: String {
    let progress = "iteration \(iteration)/\(run.spec.scale.iterations)"
    switch state {
    case .pending: return ""
    case .running(let holder): return "\(progress), \(holder)"
    case .interrupted: return progress
    case .failed(let reason), .diverged(let reason), .damaged(let reason): return reason
    case .done:
      let miou = record?.metrics[Metric.miou.name].map { String(format: "mIoU %.2f, ", $0) } ?? ""
      return miou + String(format: "%.0f s", record?.wallSeconds ?? 0)
    }
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "id": .string(run.id.text), "state": .string(word), "iteration": .int(iteration),
      "iterations": .int(run.spec.scale.iterations),
    ]
    switch state {
    case .failed(let reason), .diverged(let reason), .damaged(let reason): members["reason"] = .string(reason)
    case .running(let holder): members["holder"] = .string(holder.description)
    case .done:
      guard let record else { break }
      members["metrics"] = .object(record.metrics.mapValues { .number($0) })
      members["wall_seconds"] = .number(record.wallSeconds)
      members["peak_memory_bytes"] = .int(record.peakMemoryBytes)
      members["peak_tensor_bytes"] = .int(record.peakTensorBytes)
    case .pending, .interrupted: break
    }
    if let slurm { members["slurm"] = slurm.json }
    return .object(members)
  }
}
