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

      With each run: how many cells and points share it, and its seconds: its own once it is finished, else the mean of
      the finished runs of its data set and model in this profile, else what is published of it, else unknown. In profile
      paper also core-hours, estimated from the training steps that 'jml model measure' timed; without teachers' passes,
      evaluation and reading.

      --resources lists what a run of each kind takes with --threads: memory, seconds of a step and of the run, disk, and
      where each number comes from: finished runs here, published ones, similar ones, or an estimate from a measured step.

      Examples: jml plan --table 4 --profile smoke
                jml plan --all --json
                jml plan --table 4 --freeze frozen
                jml plan --table 4 --profile paper --resources --threads 32
      """)

  @OptionGroup var options: WorkspaceOptions

  @Option(help: ArgumentHelp("Write each run to <folder>/<run id>.json.", valueName: "folder"))
  var freeze: String?

  @Flag(help: "Every table and every figure that is drawn from runs.")
  var all = false

  @Flag(help: "What runs take: memory, time and disk of each kind.")
  var resources = false

  @OptionGroup var threading: ThreadsOption

  func validate() throws {
    if all, !options.tables.isEmpty || !options.figures.isEmpty {
      throw ValidationError("--all goes with neither --table nor --figure")
    }
  }

  func run() throws {
    let workspace = try all ? .everything(options.options()) : Workspace(options.options())
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
    let published = try PublishedRuns(reading: workspace.folder)
    let cost = try PlanCost(
      plan, states, workspace.store, published: published, measurements: options.costsFolder)
    let needs =
      resources
      ? PlanResources(
        plan,
        try ResourceReading(
          plan, states, workspace, published: published, measurements: options.costsFolder),
        threads: threading.threads ?? workspace.threads(jobs: 1)) : nil
    if options.json {
      Console.out(json(plan, states, cost, needs, provisional: unknown.map(\.dataset)))
      return
    }
    if let needs {
      Console.out(needs.text)
      Console.say(needs.totalText)
      return
    }
    Console.out(
      Console.columns(
        zip(plan.runs, states).map { run, state in
          [state.word, run.id.text, cost.usesText(run.id), cost.secondsText(run.id), run.inputsText]
        }))
    Console.say(
      "\(plan.runs.count) runs in \(cost.cells) cells and points, \(done) finished, \(cost.iterations) iterations in all"
    )
    Console.say(cost.totalText)
    if let text = cost.estimateText { Console.say(text) }
  }

  private func json(
    _ plan: Plan, _ states: [RunState], _ cost: PlanCost, _ needs: PlanResources?, provisional: [String]
  ) -> JSONValue {
    var members: [String: JSONValue] = [
      "totals": cost.json(finished: states.count { $0 == .done }),
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
            "seed": .int(run.spec.seed), "fold": run.spec.fold.map { .int($0) } ?? .null,
            "cells": .int(cost.uses(run.id)), "seconds": cost.seconds(run.id).map { .number($0) } ?? .null,
            "iterations": .int(run.spec.scale.iterations),
            "inputs": .object(
              Dictionary(uniqueKeysWithValues: run.spec.inputs.all.map { ($0.role, .string($0.run.text)) })),
            "spec": run.spec.json,
          ])
        }),
    ]
    if let needs { members["resources"] = needs.json }
    return .object(members)
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
