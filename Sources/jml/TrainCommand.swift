import ArgumentParser
import Experiments
import Foundation
import Runner

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains one run in this process: the unit that jml run starts.",
    discussion: """
      RUN is an id of jml plan, or the beginning of one or of its hash. Give the options that the plan was made with.
      With --spec nothing is planned, and no other data set than the run's is looked at; the runs that it needs (a
      teacher, a backbone) must be finished in the same results folder. With --json, stdout is one JSON object a line:
      started, step with the loss by its terms, evaluating, done and so on.

      Examples: jml train 3f2a9c0d --table 4 --profile smoke
                jml train --spec frozen/<run id>.json --profile smoke
      """)

  @Argument(help: ArgumentHelp("The run.", valueName: "run"))
  var name: String?

  @Option(
    help: ArgumentHelp("A frozen run, as jml plan --freeze writes it, in place of RUN.", valueName: "file"))
  var spec: String?

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var threading: ThreadsOption
  @OptionGroup var strictness: StrictOption
  @OptionGroup var recompute: RecomputeOption

  @Flag(help: "Begin anew, whatever is stored of the run, unless it is finished and undamaged.")
  var restart = false

  @Flag(
    help: ArgumentHelp("As the child of a scheduler: --json, and stop when stdin ends.", visibility: .hidden))
  var supervised = false

  func validate() throws {
    if (name == nil) == (spec == nil) { throw ValidationError("either RUN or --spec FILE is needed") }
  }

  func run() throws {
    StopRequest.listen(supervised: supervised)
    let workspace = try Workspace(
      options.options(threads: threading.threads, strict: strictness.strict, recompute: recompute))
    let isQuiet = supervised
    let (planned, data) = try runAndData(workspace) { if !isQuiet { Console.reading($0, $1, $2) } }
    if !isQuiet, let notice = try workspace.store.lockingNotice() { Console.say(notice) }
    // A scheduler has said them.
    if !isQuiet { Console.sayWarnings([data.spec.name: data]) }
    let display = ProgressDisplay(
      runs: [planned], jobs: 1, isLive: Console.isLive, estimate: GridEstimate(), write: Console.raw)
    let asJSON = options.json || supervised
    if !asJSON { display.show(.launched(planned.id)) }
    let executor = RunExecutor(
      Assembly(planned.spec, data: data, recomputesActivations: workspace.recomputesActivations),
      store: workspace.store,
      threads: workspace.threads(jobs: 1), checkpointEvery: workspace.profile.execution.checkpointEvery
    ) { event in
      if asJSON {
        if let line = event.line { Console.out(line + "\n") }
      } else {
        display.show(.run(planned.id, event))
      }
    }
    let end = try executor.execute(restart: restart)
    if !asJSON {
      display.show(.ended(planned.id, end))
      display.end()
    }
    let code = try exitCode(end, asJSON: asJSON, planned.id)
    if code != 0 { throw ExitCode(code) }
  }

  private func runAndData(
    _ workspace: Workspace, progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> (run: PlannedRun, data: PreparedData) {
    if let name {
      let (_, run, data) = try workspace.planForTraining(name, progress: progress)
      return (run, data)
    }
    guard let spec else { throw ValidationError("name a run, or a file with --spec") }
    let frozen = try FrozenSpec(reading: URL(fileURLWithPath: spec))
    return (PlannedRun(frozen.spec), try workspace.data(of: frozen, progress: progress))
  }

  private func exitCode(_ end: RunEnd, asJSON: Bool, _ id: RunID) throws -> Int32 {
    switch end {
    case .done: return 0
    case .failed, .diverged: return 1
    case .interrupted: return StopRequest.exitCode
    case .taken(let holder):
      if !asJSON { Console.say("\(id): another process has it (\(holder))") }
      return 75
    }
  }
}
