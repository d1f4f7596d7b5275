import ArgumentParser
// Acts before `main`.
import CStartup
import Foundation
import Kernels
import Platform
import Regression
import Results
import Runner

struct JML: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jml",
    abstract: "Regenerates the tables of \"Jaccard Metric Losses\" (NeurIPS 2023).",
    discussion: """
      Results go to stdout, everything else to stderr; --json makes the results JSON.

      Examples:
        jml run --table 4                     train the grid of Table 4 on embedded data
        jml table --table 4                   render it from what is finished
        jml run --table 4 --data /datasets    the same on real folders

      Exit codes:
        0    everything that was asked for is there
        1    a run failed or diverged, or something could not be written
        64   the command line is wrong
        65   an experiment file, the data or a stored result is wrong
        69   nothing to compare a night with (jml regress), or no Slurm (jml submit, cancel)
        71   the system has too little memory, or too few threads or processes
        75   another process has the run, the night or the submission (jml train, regress, submit)
        130  stopped; the same command goes on from the last checkpoint
      """,
    // Asking git takes a moment, which no other command should: `main` answers.
    version: "see jml --version",
    subcommands: [
      PlanCommand.self, RunCommand.self, TableCommand.self, StatusCommand.self, DoctorCommand.self,
      DataCommand.self, TrainCommand.self, BenchCommand.self, LossCommand.self, MetricsCommand.self,
      FigureCommand.self, ClaimsCommand.self, CompareCommand.self, PublishCommand.self, ExportCommand.self,
      RegressCommand.self, SiteCommand.self, ModelCommand.self, SubmitCommand.self, CancelCommand.self,
    ])
}

/// Entry point. ArgumentParser's own would print errors in several lines and another form.
@main
enum Main {
  static func main() {
    StartMoments.note(.main)
    OutOfMemory.watch()
    Subprocess.endWithParent()
    // No more than a queue lets this program have, for verbs that do not ask; those that train measure it.
    KernelRuntime.threads = min(KernelRuntime.threads, Machine.cores)
    // A reader that goes away is told of by write, not by the end of the process.
    signal(SIGPIPE, SIG_IGN)
    // Nor is a limit on file sizes: a full disk is none either.
    signal(SIGXFSZ, SIG_IGN)
    if CommandLine.arguments.dropFirst() == ["--version"] { say("jml of \(Doctor.version)") }
    var command: any ParsableCommand
    do {
      command = try JML.parseAsRoot()
    } catch {
      if JML.exitCode(for: error) == .success { help(error) }
      Console.error(JML.message(for: error) + "; see 'jml help'")
      JML.exit(withError: ExitCode(ExitCodes.usage))
    }
    do {
      try command.run()
      try checkOutput()
    } catch let code as ExitCode {
      if code.isSuccess, Console.outputFailure != nil { JML.exit(withError: ExitCode(ExitCodes.failed)) }
      JML.exit(withError: code)
    } catch {
      if JML.exitCode(for: error) == .success { help(error) }
      if let reason = OutOfMemory.reason(for: error) {
        Console.error(reason)
        JML.exit(withError: ExitCode(ExitCodes.system))
      }
      Console.error("\(error)")
      JML.exit(withError: ExitCode(error is ValidationError ? ExitCodes.usage : ExitCodes.code(of: error)))
    }
  }

  /// What was asked for in the place of a run of the program, as help was. Below some width the parser leaves out the
  /// second of its columns, so there the terminal wraps.
  private static func help(_ error: any Error) -> Never {
    let columns = max(60, Terminal.columns(of: STDOUT_FILENO))
    say(JML.fullMessage(for: error, columns: columns))
  }

  private static func say(_ text: String) -> Never {
    Console.out(text + "\n")
    do {
      try checkOutput()
    } catch {
      JML.exit(withError: ExitCode(1))
    }
    JML.exit()
  }

  /// Data that did not arrive is not there, whatever the command has done.
  private static func checkOutput() throws {
    guard let reason = Console.outputFailure else { return }
    Console.error("stdout: cannot be written: \(reason)")
    throw ExitCode(ExitCodes.failed)
  }
}
