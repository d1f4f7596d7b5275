import ArgumentParser
import Experiments
import Foundation
import JSON
import Results
import Runner

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Trains every run behind tables that is not finished yet.",
    discussion: """
      Each run is a process of its own. Finished runs are skipped, interrupted ones go on from their last checkpoint
      to the same bits. A run that fails says why; its students are not run, all others are. Ctrl-C saves
      checkpoints and stops; the same command goes on. Several runners may share a results folder. A result that
      was changed since it was written counts as failed, and is left as it is. With --published, runs that others have
      published are not trained, unless a run that is trained needs their weights.

      Example: jml run --table 4 --profile mini --jobs 2 --set recipe.optimizer.learning_rate=0.02
      """)

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var threading: ThreadsOption

  @Option(help: "Runs at a time.")
  var jobs = 1

  @Flag(inversion: .prefixedNo, help: "Whether other runs go on after one has failed.")
  var keepGoing = true

  @Flag(
    help:
      "Run diverged runs and damaged results again, from the start. Others that failed are always tried again."
  )
  var retry = false

  @OptionGroup var published: PublishedOption
  @OptionGroup var strictness: StrictOption
  @OptionGroup var recompute: RecomputeOption

  func validate() throws {
    guard (1...256).contains(jobs) else { throw ValidationError("--jobs \(jobs): 1 to 256 are allowed") }
  }

  func run() throws {
    let begin = ContinuousClock.now
    StopRequest.listenBeforeWork()
    let workspace = try Workspace(
      options.options(threads: threading.threads, strict: strictness.strict))
    let data = try workspace.prepare(progress: Console.reading)
    for name in data.keys.sorted() {
      guard let summary = data[name]?.summary else { continue }
      Console.say("data \(name): \(summary.description), fingerprint \(summary.fingerprint)")
    }
    Console.sayWarnings(data)
    let plan = try planned(workspace, data)
    // Here once, rather than by each of the runs.
    try ThreadTeam.adopt(workspace.threads(jobs: jobs))
    try workspace.checkLabelled(plan, data)
    for notice in try workspace.otherResultsNotices(plan) { Console.say(notice) }
    if let notice = try workspace.store.lockingNotice() { Console.say(notice) }
    StopRequest.listen()
    try workspace.store.removeLeftOvers()
    let display = ProgressDisplay(
      runs: plan.runs, jobs: jobs, isLive: Console.isLive, estimate: try estimate(plan, workspace),
      write: Console.raw)
    for run in plan.runs where try workspace.store.state(run.id.text) != .done {
      try FrozenSpec.write(run.spec, to: workspace.specs)
    }
    let scheduler = Scheduler(
      plan: plan, store: workspace.store,
      configuration: configuration(specs: workspace.specs, threads: workspace.threads(jobs: jobs)),
      observe: display.show)
    let summary = try scheduler.run()
    display.end()
    if summary.isComplete { try workspace.store.removeTeacherOutputs() }
    let seconds = begin.duration(to: .now).components.seconds
    report(summary, plan, seconds: Int(seconds))
    if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
  }

  private func planned(_ workspace: Workspace, _ data: [String: PreparedData]) throws -> Plan {
    let plan = try workspace.plan(data)
    guard let known = try published.runs(workspace) else { return plan }
    let rest = plan.without(Set(plan.runs.map(\.id).filter { known[$0] != nil }))
    Console.say("published: \(plan.runs.count - rest.runs.count) of \(plan.runs.count) runs are left out")
    return rest
  }

  private func configuration(specs: URL, threads: Int) -> Scheduler.Configuration {
    let places = options.options(recompute: recompute)
    return Scheduler.Configuration(jobs: jobs, keepGoing: keepGoing, retry: retry) { id, restart in
      TrainingProcess.command(id, specs: specs, options: places, threads: threads, restart: restart)
    }
  }

  private func estimate(_ plan: Plan, _ workspace: Workspace) throws -> GridEstimate {
    let store = workspace.store
    let published = try PublishedRuns(reading: store.root)
    var estimate = GridEstimate()
    for run in plan.runs {
      if let seconds = published[run.id]?.seconds { estimate.add(run.spec, publishedSeconds: seconds) }
      guard try store.state(run.id.text) == .done, let record = try store.record(run.id.text) else {
        continue
      }
      estimate.add(run.spec, seconds: record.wallSeconds)
    }
    return estimate
  }

  private func report(_ summary: ScheduleSummary, _ plan: Plan, seconds: Int) {
    for (id, reason) in summary.failed { Console.say("failed: \(id): \(reason)") }
    for (id, reason) in summary.diverged { Console.say("diverged: \(id): \(reason)") }
    for (id, teacher) in summary.blocked {
      Console.say("not run: \(id): its teacher \(teacher) gave no result")
    }
    var parts = ["\(summary.finished.count) runs finished now, \(summary.finishedBefore.count) before"]
    for (count, word) in [
      (summary.failed.count, "failed"), (summary.diverged.count, "diverged"),
      (summary.blocked.count, "not run"),
      (summary.unfinished.count, "unfinished"),
    ] where count > 0 { parts.append("\(count) \(word)") }
    Console.say(parts.joined(separator: ", ") + "; \(seconds) s")
    guard options.json else { return }
    func reasons(_ runs: [(id: RunID, reason: String)]) -> JSONValue {
      .array(runs.map { .object(["id": .string($0.id.text), "reason": .string($0.reason)]) })
    }
    Console.out(
      .object([
        "profile": .string(plan.profile.name), "stopped": .bool(summary.stopped), "seconds": .int(seconds),
        "finished": .array(summary.finished.map { .string($0.text) }),
        "finished_before": .array(summary.finishedBefore.map { .string($0.text) }),
        "failed": reasons(summary.failed), "diverged": reasons(summary.diverged),
        "blocked": .array(
          summary.blocked.map { .object(["id": .string($0.id.text), "teacher": .string($0.teacher.text)]) }),
        "unfinished": .array(summary.unfinished.map { .string($0.text) }),
      ]))
  }
}
