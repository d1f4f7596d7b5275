import ArgumentParser
import Experiments
import Foundation
import JSON
import Results
import Runner

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Lists the runs behind tables and figures, teachers first.",
    discussion: """
      A run that several cells share is listed once. Nothing is trained, drawn or read. --freeze writes every run as a
      file that 'jml train --spec' takes, here or on another machine.

      Examples: jml plan --table 4 --profile smoke
                jml plan --table 4 --freeze frozen
      """)

  @OptionGroup var options: WorkspaceOptions

  @Option(help: ArgumentHelp("Write each run to <folder>/<run id>.json.", valueName: "folder"))
  var freeze: String?

  func run() throws {
    let workspace = try Workspace(options.options())
    let (plan, unknown) = try workspace.planForReading()
    for data in unknown { Console.say(data.notice) }
    if let freeze {
      guard unknown.isEmpty else {
        throw ValidationError("--freeze: ids of runs are provisional while data is not known")
      }
      for run in plan.runs { try FrozenSpec.write(run.spec, to: URL(fileURLWithPath: freeze)) }
      Console.say("wrote \(plan.runs.count) runs to \(freeze)")
    }
    let states = try plan.runs.map { try workspace.store.state($0.id.text) }
    let done = states.count { $0 == .done }
    if options.json {
      Console.out(json(plan, states, provisional: unknown.map(\.dataset)))
      return
    }
    Console.out(
      Console.columns(
        zip(plan.runs, states).map { run, state in [state.word, run.id.text, run.inputsText] }))
    let iterations = plan.runs.reduce(0) { $0 + $1.spec.scale.iterations }
    Console.say("\(plan.runs.count) runs, \(done) finished, \(iterations) iterations in all")
  }

  private func json(_ plan: Plan, _ states: [RunState], provisional: [String]) -> JSONValue {
    .object([
      "profile": .string(plan.profile.name), "tables": .array(plan.tables.map { .string($0.name) }),
      "figures": .array((plan.sweeps.map(\.name) + plan.qualitative.map(\.name)).map { .string($0) }),
      "overrides": .array(plan.overrides.map { .string($0.description) }),
      "data_fingerprints": .object(plan.dataFingerprints.mapValues { .string($0) }),
      "provisional": .array(provisional.map { .string($0) }),
      "runs": .array(
        zip(plan.runs, states).map { run, state in
          .object([
            "id": .string(run.id.text), "state": .string(state.word), "dataset": .string(run.spec.data.name),
            "model": .string(run.spec.model.name), "method": .string(run.spec.method),
            "seed": .int(run.spec.seed), "iterations": .int(run.spec.scale.iterations),
            "inputs": .object(
              Dictionary(uniqueKeysWithValues: run.spec.inputs.all.map { ($0.role, .string($0.run.text)) })),
            "spec": run.spec.json,
          ])
        }),
    ])
  }
}

extension PlannedRun {
  fileprivate var inputsText: String {
    spec.inputs.all.map { "\($0.role) \($0.run.short)" }.joined(separator: ", ")
  }
}

extension RunState {
  var word: String {
    switch self {
    case .pending: "pending"
    case .running: "running"
    case .done: "done"
    case .failed: "failed"
    case .diverged: "diverged"
    case .interrupted: "interrupted"
    case .damaged: "damaged"
    }
  }
}
