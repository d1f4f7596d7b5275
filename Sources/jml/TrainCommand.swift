import ArgumentParser
import Experiments
import Foundation
import MessagePassing
import Ranks
import Runner

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains one run in this process: the unit that jml run starts.",
    discussion: """
      RUN is an id of jml plan, or the beginning of one or of its hash. Give the options that the plan was made with.
      With --spec nothing is planned, and no other data set than the run's is looked at; the runs that it needs (a
      teacher, a backbone) must be finished in the same results folder. With --json, stdout is one JSON object a line:
      started, step with the loss by its terms, evaluating, done and so on.

      With --mpi, mpirun starts several processes of this command, which share every batch and compute what one process
      computes (docs/scaling.md); --threads are those of each. Rank 0 writes and prints.

      Examples: jml train 3f2a9c0d --table 4 --profile smoke
                jml train --spec frozen/<run id>.json --profile smoke
                mpirun -n 4 jml train --spec frozen/<run id>.json --threads 8 --mpi
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

  @Flag(help: "As one of the processes that mpirun has started: all train the run together.")
  var mpi = false

  @Flag(
    help: ArgumentHelp("As the child of a scheduler: --json, and stop when stdin ends.", visibility: .hidden))
  var supervised = false

  @Flag(
    help: ArgumentHelp(
      "Stop after the first step, and print as JSON when the process came how far, for jml bench start.",
      visibility: .hidden))
  var moments = false

  func validate() throws {
    if (name == nil) == (spec == nil) { throw ValidationError("either RUN or --spec FILE is needed") }
    if mpi && supervised { throw ValidationError("--supervised is for one process, and --mpi for several") }
  }

  func run() throws {
    StopRequest.listen(supervised: supervised)
    guard mpi else { return try train(nil) }
    let ranks = try MessagePassing.start()
    do {
      try train(ranks)
    } catch let code as ExitCode {
      MessagePassing.end()
      throw code
    } catch let failure as RankFailure where failure.isAgreed {
      // All ranks have it, and one says it.
      if failure.rank == ranks.rank { Console.error("\(failure)") }
      MessagePassing.end()
      throw ExitCode(failure.exitCode)
    } catch {
      let failure = error as? RankFailure
      Console.error("\(failure?.description ?? "rank \(ranks.rank): \(error)"); all \(ranks.size) ranks end")
      MessagePassing.abort(failure?.exitCode ?? ExitCodes.code(of: error))
    }
    MessagePassing.end()
  }

  /// - Parameter ranks: nil: this process alone.
  private func train(_ ranks: (any Communicator)?) throws {
    let isFollower = (ranks?.rank ?? 0) != 0
    let isQuiet = supervised || isFollower
    func prepare() throws -> (workspace: Workspace, run: PlannedRun, data: PreparedData) {
      let workspace = try Workspace(
        options.options(threads: threading.threads, strict: strictness.strict, recompute: recompute))
      let (planned, data) = try runAndData(workspace) { if !isQuiet { Console.reading($0, $1, $2) } }
      return (workspace, planned, data)
    }
    let (workspace, planned, data) = try ranks?.agreeInTurn(prepare) ?? prepare()
    StartMoments.note(.data)
    if !isQuiet, let notice = try workspace.store.lockingNotice() { Console.say(notice) }
    // A scheduler has said them.
    if !isQuiet { Console.sayWarnings([data.spec.name: data]) }
    let display = ProgressDisplay(
      runs: [planned], jobs: 1, isLive: Console.isLive, estimate: GridEstimate(), write: Console.raw)
    let asJSON = options.json || supervised
    if !asJSON && !isFollower { display.show(.launched(planned.id)) }
    let executor = RunExecutor(
      Assembly(planned.spec, data: data, recomputesActivations: workspace.recomputesActivations),
      store: workspace.store,
      threads: workspace.threads(jobs: ranks?.ranksHere ?? 1),
      checkpointEvery: workspace.profile.execution.checkpointEvery, ranks: ranks
    ) { event in
      if isFollower { return }
      if moments, case .step = event {
        Console.out(StartMoments.line + "\n")
        StopRequest.request()
      }
      if asJSON {
        if let line = event.line { Console.out(line + "\n") }
      } else {
        display.show(.run(planned.id, event))
      }
    }
    let end = try executor.execute(restart: restart)
    if !asJSON && !isFollower {
      display.show(.ended(planned.id, end))
      display.end()
    }
    let code = try exitCode(end, isQuiet: asJSON || isFollower, planned.id)
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

  private func exitCode(_ end: RunEnd, isQuiet: Bool, _ id: RunID) throws -> Int32 {
    switch end {
    case .done: return 0
    case .failed, .diverged: return 1
    case .interrupted: return StopRequest.exitCode
    case .taken(let holder):
      if !isQuiet { Console.say("\(id): another process has it (\(holder))") }
      return 75
    }
  }
}
