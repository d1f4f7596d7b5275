import ArgumentParser
import Cluster
import Experiments
import Foundation
import JSON
import Results
import Runner

struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Hands every run behind tables that is not finished to Slurm.",
    discussion: """
      Runs become job arrays, teachers before students; each task asks for the memory and the time that its runs take, as
      'jml plan --resources' lists them, and short runs share one. A task whose time ends, or that is preempted, writes a
      checkpoint and goes back to the queue. The same command again adds what is neither finished nor in the queue, such as
      runs that failed. The folder of results has to be seen by all nodes under the same path, and so have the data and this
      program. With --dry-run nothing is written and no Slurm is needed.

      Example: jml submit --tables 1,2,4 --profile paper --data /datasets --partition cpu --time 24:00:00 --cpus 32
      """)

  @OptionGroup var cluster: ClusterOptions

  @Option(help: "Processors, and threads, of each run. Another number may change last bits.")
  var cpus: Int

  @Option(
    help:
      "Most time of a task; what needs more goes on after it. Default: 24:00:00, or what the partition allows if that is less."
  )
  var time: SlurmTime?

  @Option(help: "Partition.")
  var partition: String?

  @Option(help: "Account that is charged.")
  var account: String?

  @Option(
    help: ArgumentHelp("Memory of each task, such as 24G. Default: what its runs take.", valueName: "size"))
  var memory: MemorySize?

  @Option(help: "Most tasks of an array at a time.")
  var arrayThrottle: Int?

  @Option(
    help: ArgumentHelp("Runs share a task up to this much time; 0 for one run a task.", valueName: "seconds"))
  var pack = 600

  @Option(help: ArgumentHelp("How long before its end a task is warned.", valueName: "seconds"))
  var warning = 120

  @Option(
    name: .customLong("sbatch"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Further option of sbatch, such as --constraint=avx512; may be repeated.", valueName: "option"))
  var others: [String] = []

  @Flag(help: "Run diverged runs and damaged results again, from the start.")
  var retry = false

  @Flag(help: "Print scripts and calls of sbatch, and do nothing.")
  var dryRun = false

  @OptionGroup var strictness: StrictOption
  @OptionGroup var recompute: RecomputeOption

  func validate() throws {
    for (name, value, range) in [
      ("--cpus", cpus, 1...1024), ("--array-throttle", arrayThrottle ?? 1, 1...1_000_000),
      ("--pack", pack, 0...86400), ("--warning", warning, 10...3600),
    ] where !range.contains(value) {
      throw ValidationError("\(name) \(value): \(range.lowerBound) to \(range.upperBound) are allowed")
    }
    if let time, warning >= time.minutes * 60 {
      throw ValidationError("--warning \(warning): less than --time \(time) is wanted")
    }
  }

  func run() throws {
    let workspace = try Workspace(cluster.options(threads: cpus, strict: strictness.strict))
    let plan = try planned(workspace)
    for notice in try workspace.otherResultsNotices(plan) { Console.say(notice) }
    let folder = workspace.clusterFolder
    // Of two at a time the second would not see what the first is about to submit.
    let lock = dryRun ? nil : try SubmitCommand.lock(folder)
    defer { withExtendedLifetime(lock) {} }

    let states = try plan.runs.map { try workspace.store.verifiedState($0.id.text) }
    let journal = try Journal(reading: folder)
    let (queue, tasks, longest) = try asked()
    let ids = plan.runs.map(\.id)
    let view = ClusterView(folder, journal: journal, queue: queue)
    let active = view.active(ids)
    let rest = RemainingRuns(plan, states: states, active: active, retry: retry)
    let resources = try ResourceReading(
      plan, states, workspace, published: try PublishedRuns(reading: workspace.folder),
      measurements: cluster.workspace.costsFolder)
    let arrays = SubmissionPlan(
      try rest.runs.map { run in
        PendingRun(
          run.id, inputs: run.dependencies,
          need: try resources.need(run, threads: cpus, memoryIsGiven: memory != nil),
          beginsAnew: rest.anew.contains(run.id))
      },
      queued: active,
      limits: SubmissionLimits(
        time: try taskTime(longest), tasks: tasks, packedSeconds: Double(pack), memoryMiB: memory?.mebibytes))
    let submission = try Submission(
      arrays, folder: folder, places: places(workspace), settings: settings, anew: rest.anew,
      profile: workspace.profile.name, journal: journal, time: Date())
    var jobs: [Int?] = submission.parts.map { _ in nil }
    if !dryRun {
      try cancel(view.stuck(ids))
      for run in rest.runs { try FrozenSpec.write(run.spec, to: workspace.specs) }
      var done = 0
      try submission.submit(SlurmProcess.slurm) { part, job in
        jobs[done] = job
        done += 1
        Console.say(
          "job \(job): level \(part.array.level), \(part.array.tasks.count) tasks, \(part.array.runs.count) runs, "
            + "\(part.array.request.memoryMiB) MiB, \(part.array.request.time)")
      }
      if rest.runs.isEmpty, rest.queued == 0, rest.finished == plan.runs.count {
        try workspace.store.removeTeacherOutputs()
      }
    }
    report(submission, jobs, rest)
  }

  // MARK: Before

  private func planned(_ workspace: Workspace) throws -> Plan {
    if dryRun {
      let (plan, unknown) = try workspace.planForReading()
      for data in unknown { Console.say(data.notice) }
      return plan
    }
    let data = try workspace.prepare(progress: Console.reading)
    Console.sayWarnings(data)
    let plan = try workspace.plan(data)
    try workspace.checkLabelled(plan, data)
    if let notice = try workspace.store.lockingNotice() { Console.say(notice) }
    return plan
  }

  private static func lock(_ folder: ClusterFolder) throws -> RunLock {
    try AtomicFile.make(folder: folder.root)
    switch try RunLock.attempt(folder.lock) {
    case .taken(let lock): return lock
    case .held(let holder): throw ClusterError.taken(folder: folder.root.path, holder: holder.description)
    }
  }

  /// What is in the queue, how many tasks an array may have and how long they may be; Slurm's default and no limit where there
  /// is no Slurm.
  private func asked() throws -> (queue: [QueuedTask], tasks: Int, longest: SlurmTime?) {
    do {
      let slurm = SlurmProcess.slurm
      return (try slurm.queue(), try slurm.tasksOfAnArray(), try slurm.longestTime(of: partition))
    } catch let error as ClusterError where dryRun {
      Console.say("as if nothing were in the queue, and with arrays of up to 1000 tasks: \(error)")
      return ([], 1000, nil)
    }
  }

  private func taskTime(_ longest: SlurmTime?) throws -> SlurmTime {
    guard let time else { return min(SlurmTime(minutes: 1440), longest ?? SlurmTime(minutes: 1440)) }
    if let longest, time > longest {
      throw ClusterError.tooLong(partition: partition, wanted: time, longest: longest)
    }
    return time
  }

  private func places(_ workspace: Workspace) -> BatchScript.Places {
    BatchScript.Places(
      workingFolder: FileManager.default.currentDirectoryPath, program: ProjectLocation.executable.path,
      specs: workspace.specs.path,
      arguments: cluster.options(recompute: recompute).placeArguments + ["--threads", String(cpus)]
        + (strictness.strict ? ["--strict"] : []))
  }

  private var settings: SbatchSettings {
    SbatchSettings(
      partition: partition, account: account, cpus: cpus, throttle: arrayThrottle, warningSeconds: warning,
      others: others)
  }

  /// Runs of tasks that will never start are submitted anew.
  private func cancel(_ tasks: [TaskAddress]) throws {
    guard !tasks.isEmpty else { return }
    try SlurmProcess.slurm.cancel(tasks)
    Console.say("cancelled \(tasks.count) tasks that wait for what did not end well")
  }

  // MARK: After

  private func report(_ submission: Submission, _ jobs: [Int?], _ rest: RemainingRuns) {
    for (id, reason) in rest.refused {
      Console.say("not submitted: \(id): \(reason); --retry begins it anew")
    }
    for (id, by) in rest.blocked { Console.say("not submitted: \(id): it needs \(by)") }
    let tasks = submission.parts.reduce(0) { $0 + $1.array.tasks.count }
    Console.say(
      "\(rest.runs.count) runs \(dryRun ? "would be " : "")submitted in \(tasks) tasks of \(submission.parts.count) arrays; "
        + "\(rest.finished) finished, \(rest.queued) in the queue")
    guard cluster.workspace.json else {
      if dryRun { Console.out(submission.shellText) }
      return
    }
    Console.out(
      .object([
        "submitted": .int(rest.runs.count), "finished": .int(rest.finished), "queued": .int(rest.queued),
        "refused": .array(rest.refused.map { .string($0.id.text) }),
        "blocked": .array(rest.blocked.map { .string($0.id.text) }),
        "arrays": .array(zip(submission.parts, jobs).enumerated().map { json($0, $1.0, job: $1.1) }),
      ]))
  }

  private func json(_ place: Int, _ part: Submission.Part, job: Int?) -> JSONValue {
    .object([
      "name": .string(part.name), "job": job.map { .int($0) } ?? .null, "level": .int(part.array.level),
      "memory_mib": .int(part.array.request.memoryMiB), "minutes": .int(part.array.request.time.minutes),
      "command": .string(part.command.line(place: place)), "script": .string(part.script.text),
      "tasks": .array(
        part.array.tasks.map {
          .object(["index": .int($0.index), "runs": .array($0.runs.map { .string($0.text) })])
        }),
    ])
  }
}

extension WorkspaceOptions {
  /// Where `jml model measure` writes to.
  var costsFolder: URL {
    URL(fileURLWithPath: places.results ?? "results").appendingPathComponent("costs")
  }
}
