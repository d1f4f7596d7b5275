import Experiments
import Foundation
import Regression
import Results
import Runner
import Tables

/// Trains a subset from nothing, and gives what its cells came to.
struct NightRun {
  let spec: RegressionSpec
  /// `results` is the night's own folder.
  let options: Workspace.Options
  let jobs: Int
  let date: String

  /// - Returns: nil when somebody stopped it.
  /// - Throws: what keeps all runs from starting. A run that fails is a problem of its cells.
  func night() throws -> Night? {
    let begin = ContinuousClock.now
    let workspace = try Workspace(options)
    let data = try workspace.prepare(progress: Console.reading)
    let whole = try workspace.plan(data)
    let cells = try spec.cells(of: whole)
    let plan = whole.only(cells)
    try workspace.checkLabelled(plan, data)
    for run in plan.runs { try FrozenSpec.write(run.spec, to: workspace.specs) }
    let summary = try train(plan, workspace, until: begin + .seconds(60 * spec.budgetMinutes))
    if StopRequest.isRequested { return nil }
    for (id, reason) in summary.failed { Console.say("failed: \(id): \(reason)") }
    for (id, reason) in summary.diverged { Console.say("diverged: \(id): \(reason)") }
    let store = workspace.store
    let summaries = try RunSummary.all(of: plan, in: store)
    let revision = SourceRevision.current
    return Night(
      name: spec.name, tier: spec.tier.rawValue, profile: spec.profile, date: date, ended: WorldClock.now,
      seconds: Int(begin.duration(to: .now).components.seconds), commit: revision.commit,
      dirty: revision.dirty, numerics: RunSpec.currentNumerics,
      machine: MachineClass(
        cpu: Machine.cpu, processor: Machine.processor, threads: spec.threads, versions: Machine.versions),
      overrides: plan.overrides.map(\.description), data: plan.dataFingerprints,
      cells: try cells.map { cell in
        try CellResult(
          cell, plan: plan, unfinished: "was not finished in the budget of \(spec.budgetMinutes) minutes",
          summary: { summaries[$0] ?? .pending }, checksums: { try store.record($0.text)?.checksums })
      })
  }

  private func train(
    _ plan: Plan, _ workspace: Workspace, until deadline: ContinuousClock.Instant
  ) throws -> ScheduleSummary {
    let display = ProgressDisplay(
      runs: plan.runs, jobs: jobs, isLive: Console.isLive, estimate: GridEstimate(), write: Console.raw)
    let (specs, options, threads) = (workspace.specs, options, spec.threads)
    let scheduler = Scheduler(
      plan: plan, store: workspace.store,
      configuration: Scheduler.Configuration(
        jobs: jobs, keepGoing: true, retry: false,
        command: {
          TrainingProcess.command($0, specs: specs, options: options, threads: threads, restart: $1)
        },
        isStopRequested: { StopRequest.isRequested || ContinuousClock.now >= deadline }),
      observe: display.show)
    defer { display.end() }
    return try scheduler.run()
  }
}
