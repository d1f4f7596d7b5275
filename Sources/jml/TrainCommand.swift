import ArgumentParser
import Experiments
import Foundation
import Runner

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains one run in this process: the unit that jml run starts.",
    discussion: """
      RUN is an id of jml plan, or the beginning of one or of its hash. Give the options that the plan was made with.
      With --json, stdout is one JSON object a line: started, step, evaluating, done and so on.

      Example: jml train 3f2a9c0d --table 4 --profile smoke
      """)

  @Argument(help: ArgumentHelp("The run.", valueName: "run"))
  var name: String

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Begin anew, whatever is stored of the run, unless it is finished and undamaged.")
  var restart = false

  @Flag(
    help: ArgumentHelp("As the child of a scheduler: --json, and stop when stdin ends.", visibility: .hidden))
  var supervised = false

  func run() throws {
    StopRequest.listen(supervised: supervised)
    let workspace = try Workspace(options.options(threads: threading.threads))
    let isQuiet = supervised
    let (_, planned, data) = try workspace.planForTraining(name) {
      if !isQuiet { Console.reading($0, $1, $2) }
    }
    let display = ProgressDisplay(
      runs: [planned], jobs: 1, isLive: Console.isLive, estimate: GridEstimate(), write: Console.raw)
    let asJSON = options.json || supervised
    if !asJSON { display.show(.launched(planned.id)) }
    let executor = RunExecutor(
      Assembly(planned.spec, data: data), store: workspace.store,
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
